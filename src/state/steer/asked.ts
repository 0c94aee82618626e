/** A question as it stood when it was put: its columns, and what the engine gets. */
import type { AdapterChoice, GenerateOptions, GenerateRow, Prompt, Steering } from '../../lab/api'
import type { Circumstances, MadeWith } from '../../lab/live/circumstances'
import type { LiveModel } from '../../lab/live/live-model'
import { presets } from '../presets'
import type { Answer, Arm, Setting } from './comparison'

/** A steering and how the page writes it: "alpha +1.50", "layer 12". */
export interface NamedSteering {
  readonly steering: Steering
  readonly made: MadeWith
  readonly label: string
  readonly where: string
}

/** One column that is asked for. */
export interface AskedArm {
  readonly arm: Arm
  readonly title: string
  readonly steering: NamedSteering | null
  readonly made: Circumstances
}

/** All that an answer needs, as it stood when the question was put. */
export interface Asked {
  readonly live: Pick<LiveModel, 'under'>
  /** In use for all arms but the one without it. */
  readonly adapter: AdapterChoice | null
  readonly question: string
  readonly arms: readonly AskedArm[]
  readonly setting: Setting
  readonly link: string
}

/** How many of the likeliest tokens are named for each one drawn. */
const alternatives = 5

/** The question as the model gets it. */
export function promptOf({ question, setting }: Asked): Prompt {
  if (setting.form === 'text') return { text: question }
  return { messages: [{ role: 'user', content: question }] }
}

/** A column as a row of the batch. */
export function rowOf(asked: Asked, { steering, made }: AskedArm): GenerateRow {
  return { prompt: promptOf(asked), seed: made.sampling?.seed ?? 0, ...(steering && { steering: steering.steering }) }
}

/** Of columns of one question, which are drawn alike. */
export function optionsOf([one]: readonly AskedArm[]): GenerateOptions {
  const { maxTokens = presets.lists.maxTokens, temperature = 0, topP = 1 } = one?.made.sampling ?? {}
  return { maxTokens, sampling: { temperature, topP }, alternatives }
}

/** Whether controls belong to what runs: the same model under the same adapter, whatever its scale. */
export function isSameRun({ model: one }: Circumstances, { model: other }: Circumstances): boolean {
  return one.sha256 === other.sha256 && one.dtype === other.dtype && one.adapter?.sha256 === other.adapter?.sha256
}

/** A column before its first token. */
export function emptyAnswer({ arm, title, steering, made }: AskedArm): Answer {
  const note = steering ? `${steering.label}, ${steering.where}` : ''
  return { arm, title, note, made: [{ from: 0, circumstances: made }], tokens: [], finish: null, projections: null }
}
