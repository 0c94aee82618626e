/** What the steps of the tour share: what they reach, how many questions they ask, and answers with their verdicts. */
import type { RateLine } from '../../lab/arms'
import type { Direction } from '../../direction/direction'
import { layerOf, type HiddenStates } from '../../direction/hidden-states'
import { LabError } from '../../errors'
import type { PromptRow } from '../../formats/prompts'
import { answerArms } from '../../lab/arms'
import type { CaptureRow, Steering } from '../../lab/api'
import { captureAll } from '../../lab/loops'
import type { MathHandle } from '../../lab/math'
import type { PromptSet } from '../../lab/prompt-sets'
import { rowOf } from '../../math/rows'
import { dot } from '../../math/vector'
import { sharesOf, type Outcome } from '../../spillover/outcome'
import type { Job, Tuned } from '../../experiments/subject'
import type { Readings, Own, OwnDirections } from '../directions/own-directions'
import { outcomesOf } from '../transfer/transfer-run'

/** What the runs reach. */
export interface TourKit {
  readonly math: MathHandle
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
  /** Its tokens, as they were generated. */
  readonly ids: readonly number[]
}

/** The adapter's own directions, one a layer. */
export async function ownOf(kit: TourKit, tuned: Tuned, job: Job): Promise<Own> {
  return kit.owns.read(tuned, await kit.prompts('fit'), job)
}

/** Answers under the adapter, judged. `[arm][prompt]` */
export async function answers(
  { subject, adapter }: Tuned,
  prompts: readonly PromptRow[],
  arms: readonly (Steering | null)[],
  { signal, onProgress }: Job
): Promise<readonly (readonly Said[])[]> {
  const said = await subject.under(adapter, (model) =>
    answerArms(
      model,
      prompts.map(({ messages }) => ({ messages })),
      arms,
      { maxTokens: tokens, batch, signal, onProgress: ({ done, total }) => onProgress(done, total) }
    )
  )
  return said.map((arm) => {
    const outcomes = outcomesOf(arm, prompts)
    return arm.map(({ text, ids }, i) => ({ text: text.trim(), ids, code: false, good: false, ...outcomes[i] }))
  })
}

/**
 * Where answers lie along a direction, read again as they were steered: mean over each answer's tokens, in gaps from the
 * middle; NaN for an answer without tokens. `[arm][prompt]`
 */
export async function placesOf(
  { subject, adapter }: Tuned,
  direction: Direction,
  { prompts, arms, said }: Answered,
  { signal }: Job
): Promise<readonly (readonly number[])[]> {
  const rows = said.flatMap((arm, a) =>
    arm.map(({ ids }, i): CaptureRow => {
      const steering = arms[a]
      return { prompt: { messages: prompts[i]?.messages ?? [] }, answer: ids, ...(steering && { steering }) }
    })
  )
  const isRead = ({ answer = [] }: CaptureRow): boolean => answer.length > 0
  const states = await subject.under(adapter, (model) =>
    captureAll(model, rows.filter(isRead), 'answer-mean', { signal })
  )
  const places = gapsOf(states, direction).values()
  const all = rows.map((row) => (isRead(row) ? (places.next().value ?? NaN) : NaN))
  return said.map((arm, a) => arm.map((_, i) => all[a * prompts.length + i] ?? NaN))
}

/** What was asked, how it was steered, and what came of it: `said[arm][prompt]`. */
interface Answered {
  readonly prompts: readonly PromptRow[]
  readonly arms: readonly (Steering | null)[]
  readonly said: readonly (readonly Said[])[]
}

/** The projection of every hidden state at the direction's layer, in gaps from the middle between its two sides. */
export function gapsOf(states: HiddenStates, { vector, midpoint, norm, layer }: Direction): readonly number[] {
  const rows = layerOf(states, layer)
  return Array.from({ length: rows.rows }, (_, row) => (dot(vector, rowOf(rows, row)) - midpoint) / norm)
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
