/** What the steps of the tour share: what they reach, how many questions they ask, and answers with their verdicts. */
import type { RateLine } from '../lab/arms'
import type { Direction } from '../direction/direction'
import { LabError } from '../errors'
import type { PromptRow } from '../formats/prompts'
import { answerArms } from '../lab/arms'
import type { Steering } from '../lab/api'
import type { MathHandle } from '../lab/math'
import type { PromptSet } from '../lab/prompt-sets'
import { sharesOf, type Outcome } from '../spillover/outcome'
import { adapterOptions, underAdapter, type AdapterOption } from './adapter-use'
import type { Catalogue } from './catalogue.svelte'
import type { Model } from './models.svelte'
import type { Readings, Job, Own, OwnDirections } from './own-directions'
import { outcomesOf } from './transfer-run'

/** What the runs reach. */
export interface TourKit {
  readonly math: MathHandle
  readonly catalogue: Catalogue
  readonly prompts: (name: PromptSet) => Promise<readonly PromptRow[]>
  readonly owns: OwnDirections
  readonly readings: Readings
}

/** Of the random directions. */
export const seed = 0
/** Enough for every answer of the organisms. */
const tokens = 40
/** Rows that decode together. */
const batch = 40
/** Questions that rates are measured on: enough to see it, few enough to wait for. */
export const questions = 20
/** Random directions beside one that is to be compared with them. */
export const randomArms = 3

/** An answer with its verdict. */
export interface Said extends Outcome {
  readonly text: string
}

/** The insecure adapter's own directions, one a layer. */
export async function insecure(kit: TourKit, model: Model, job: Job): Promise<Own> {
  return kit.owns.read(model, adapterOf(kit, model, 'insecure-0'), await kit.prompts('fit'), job)
}

/**
 * An adapter that comes with the page, by its name.
 * @throws LabError `adapter` where the page has none of that name for the model
 */
export function adapterOf({ catalogue }: TourKit, model: Model, name: string): AdapterOption {
  const bundled = model.status.kind === 'open' ? catalogue.adaptersFor(model.status.info) : []
  const path = bundled.find((one) => one.name === name)?.path
  const found = adapterOptions(model.adapters, bundled).find(({ id }) => id === `bundled:${path}`)
  if (found) return found
  throw new LabError('adapter', `${name} for ${model.name} does not come with this page; build it with public/models`)
}

/** Answers under the insecure adapter, judged. `[arm][prompt]` */
export async function answers(
  kit: TourKit,
  model: Model,
  prompts: readonly PromptRow[],
  arms: readonly (Steering | null)[],
  { signal, onProgress }: Job,
  adapter = adapterOf(kit, model, 'insecure-0')
): Promise<readonly (readonly Said[])[]> {
  const said = await underAdapter(model, adapter, ({ handle }) =>
    answerArms(
      handle,
      prompts.map(({ messages }) => ({ messages })),
      arms,
      { maxTokens: tokens, batch, signal, onProgress: ({ done, total }) => onProgress(done, total) }
    )
  )
  return said.map((arm) => {
    const outcomes = outcomesOf(arm, prompts)
    return arm.map(({ text }, i) => ({ text: text.trim(), code: false, good: false, ...outcomes[i] }))
  })
}

/** A line of a figure: share of code, and of good answers. */
export function line(label: string, tone: RateLine['tone'], said: readonly Outcome[]): RateLine {
  const { code, good } = sharesOf(said)
  return { label, tone, left: code, right: good }
}

/** The direction of the last layer. */
export function last(directions: readonly Direction[]): Direction {
  const direction = directions.at(-1)
  if (direction) return direction
  throw new LabError('shape', 'a fit has no layer; fit it again')
}
