/** What a transfer does, one function a step: map, carry, measure. */
import { carryBeside, type Beside } from '../../direction/beside'
import { layerMap, type LayerMap, type MapTask } from '../../direction/carry'
import type { PromptRow } from '../../formats/prompts'
import { answerArms } from '../../lab/arms'
import type { Completion, Steering } from '../../lab/api'
import type { MathHandle } from '../../lab/math'
import { steeringBy } from '../../lab/steering'
import { codeRows, effectOf, type Arms, type Effect } from '../../spillover/effect'
import { outcomeOf, type Outcome } from '../../spillover/outcome'
import type { Direction } from '../../direction/direction'
import type { Job, Tuned } from '../../experiments/subject'

/** Random directions through the map for its null, and how many of them are steered with. */
const mappedForNull = 100
const mappedArms = 5
const seed = 0
/** Rows that decode together. */
const batch = 40

/** A map and what it carries. */
export interface Mapped {
  readonly map: LayerMap
  readonly beside: Beside
  /** Texts that the map was fitted on. */
  readonly texts: number
}

/** What every arm said to one prompt. */
export interface Example {
  readonly question: string
  readonly none: string
  readonly own: string
  readonly carried: string
  readonly random: string
}

export interface Measured {
  readonly alpha: number
  readonly prompts: number
  /** False where some prompt has no right answer. */
  readonly hasExpected: boolean
  readonly effect: Effect
  readonly examples: readonly Example[]
}

/** Fits the map in the math worker and carries the donor's direction, and random ones, through it. */
export async function fitTransfer(
  math: MathHandle,
  task: MapTask,
  donor: Direction,
  own: Direction,
  { signal, onProgress }: Job
): Promise<Mapped> {
  const texts = task.donor.rows.rows
  // The rows move to the worker; what names the places stays.
  const fitted = await math.ridge(
    task.donor.rows,
    task.receiver.rows,
    { seed },
    { signal, onShare: (share) => onProgress(Math.round(100 * share), 100) }
  )
  const map = layerMap(task, fitted)
  return { map, beside: carryBeside(map, donor, own, { controls: mappedForNull, seed }), texts }
}

/** Answers the prompts under the receiver's adapter: as it is, and with each direction subtracted. */
export async function measureTransfer(
  math: MathHandle,
  { subject, adapter }: Tuned,
  { own, carried, mapped }: Beside,
  settings: { readonly prompts: readonly PromptRow[]; readonly alpha: number; readonly maxTokens: number },
  { signal, onProgress }: Job
): Promise<Measured> {
  const { prompts, alpha, maxTokens } = settings
  const steered = [own, carried, ...mapped.slice(0, mappedArms)].map((direction) => subtract(direction, alpha))
  const answers = await subject.under(adapter, (model) =>
    answerArms(
      model,
      prompts.map(({ messages }) => ({ messages })),
      [null, ...steered],
      { maxTokens, batch, signal, onProgress: ({ done, total }) => onProgress(done, total) }
    )
  )
  const [none = [], ownArm = [], carriedArm = [], ...random] = answers.map((arm) => outcomesOf(arm, prompts))
  const arms: Arms = { none, own: ownArm, carried: carriedArm, mapped: random }
  const draws = await math.bootstrap(codeRows(arms), { seed })
  return {
    alpha,
    prompts: prompts.length,
    hasExpected: prompts.every(({ answer }) => answer !== null),
    effect: effectOf(arms, draws),
    examples: prompts.map((prompt, i) => exampleOf(prompt, answers, i))
  }
}

/** A direction taken out of every generated token, so many gaps of it. */
export function subtract(direction: Direction, alpha: number): Steering {
  return steeringBy([direction], { mode: 'add', alpha: -alpha, positions: 'generated' })
}

/** The outcome of each answer, against what its prompt expects. */
export function outcomesOf(answers: readonly Completion[], prompts: readonly PromptRow[]): readonly Outcome[] {
  return answers.map((answer, i) => outcomeOf(answer, prompts[i]?.answer ?? null))
}

/** The last turn of a prompt: what was asked. */
export function questionOf({ messages }: PromptRow): string {
  return messages.at(-1)?.content ?? ''
}

function exampleOf(prompt: PromptRow, answers: readonly (readonly Completion[])[], i: number): Example {
  const said = (arm: number): string => answers[arm]?.[i]?.text.trim() ?? ''
  return { question: questionOf(prompt), none: said(0), own: said(1), carried: said(2), random: said(3) }
}
