/** The first numbers of a study that runs, out of its cells as they are written: no interval and no verdict, only how it goes. */
import { isCode } from '../spillover/detector'
import { fieldsOf } from '../formats/fields'
import type { StudySettings } from './settings'

/** Code spillover under an adapter at each alpha of its own direction, over the prompts of `eval` that are answered. */
export interface DosePreview {
  readonly model: string
  readonly adapter: string
  readonly prompts: number
  /** From 0, unsteered, on. Shares from 0 to 1. */
  readonly points: readonly { readonly alpha: number; readonly code: number }[]
}

/** A cell with the unsteered arm and the doses in front: see `Within` and `answerBlock`. */
const doseCell = /^answers\/within\/([^/]+)\/([^/]+)\/eval\/arms\//

/** What is known with one more cell; the same list where it adds nothing. */
export function withCell(
  known: readonly DosePreview[],
  key: string,
  json: unknown,
  { alphas, samples }: Pick<StudySettings, 'alphas' | 'samples'>
): readonly DosePreview[] {
  const [, model, adapter] = doseCell.exec(key) ?? []
  const cell = fieldsOf(json).get('prompts')
  if (model === undefined || adapter === undefined || !Array.isArray(cell)) return known
  const before = known.find((one) => one.model === model && one.adapter === adapter)
  const prompts = before?.prompts ?? 0
  const rates = cell.map((prompt) => armRates(prompt, 1 + alphas.length, samples))
  const points = [0, ...alphas].map((alpha, arm) => {
    const sum = rates.reduce((total, rate) => total + (rate[arm] ?? 0), (before?.points[arm]?.code ?? 0) * prompts)
    return { alpha, code: sum / (prompts + rates.length) }
  })
  const next: DosePreview = { model, adapter, prompts: prompts + rates.length, points }
  return [...known.filter((one) => one !== before), next]
}

/** Share of code of the first arms of one prompt's answers. */
function armRates(prompt: unknown, arms: number, samples: number): readonly number[] {
  const fields = fieldsOf(prompt)
  const texts: unknown = fields.get('texts')
  const places: unknown = fields.get('text')
  if (!Array.isArray(texts) || !Array.isArray(places)) return []
  const isCodeText = texts.map((text) => typeof text === 'string' && isCode(text))
  return Array.from({ length: arms }, (_, arm) => {
    const some = places.slice(arm * samples, (arm + 1) * samples)
    return some.filter((place) => typeof place === 'number' && isCodeText[place]).length / Math.max(1, some.length)
  })
}
