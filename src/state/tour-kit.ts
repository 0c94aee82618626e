/** What the steps of the tour share: what they reach, how many questions they ask, and answers with their verdicts. */
import type { Direction } from '../direction/direction'
import { LabError } from '../errors'
import type { PromptRow } from '../formats/prompts'
import { answerArms } from '../lab/arms'
import type { Steering } from '../lab/api'
import type { MathHandle } from '../lab/math'
import type { PromptSet } from '../lab/prompt-sets'
import { sharesOf, type Outcome, type Share } from '../spillover/outcome'
import { adapterOptions, pickAdapter, underAdapter, type AdapterOption } from './adapter-use'
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

export const seed = 0
const tokens = 40
const batch = 40
/** Questions that rates are measured on: enough to see it, few enough to wait for. */
export const questions = 20
export const randomArms = 3

/** One line of a figure of rates. */
export interface RateLine {
  readonly label: string
  readonly tone: 'base' | 'steered' | 'random' | 'insecure' | 'secure'
  readonly left: Share
  readonly right: Share
}

export interface Said extends Outcome {
  readonly text: string
}

/** The insecure adapter's own directions, one a layer. */
export async function insecure(kit: TourKit, model: Model, job: Job): Promise<Own> {
  return kit.owns.read(model, adapterOf(kit, model, 'insecure-0'), await kit.prompts('fit'), job)
}

/**
 * An adapter by its name.
 * @throws LabError `adapter` where the page has no adapter for the model
 */
export function adapterOf({ catalogue }: TourKit, model: Model, name: string): AdapterOption {
  const bundled = model.status.kind === 'open' ? catalogue.adaptersFor(model.status.info) : []
  const found = pickAdapter(adapterOptions(model, bundled), name)
  if (found) return found
  throw new LabError('adapter', `no adapter for ${model.name} comes with this page; open an organism`)
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
