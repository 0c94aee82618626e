/** Hidden states of a model on a set, under the base or an adapter: captured once, then from the journal. */
import { layerOf, type HiddenStates } from '../../direction/hidden-states'
import { numberedByText } from '../../direction/join'
import { captureAll } from '../../lab/loops'
import type { CaptureRow, Position } from '../../lab/api'
import type { Lease } from './lease'
import type { StudyPrompt } from '../run'
import type { SetName } from '../settings'
import type { Study } from '../study'
import { choice, list, natural, object, readOrNull, type Read } from '../../formats/schema'
import type { Entry } from '../journal'
import { hasFloats, whole } from './whole'

const factsSchema = object({
  layers: natural,
  rows: natural,
  width: natural,
  prompt: list(natural),
  position: choice<Position>({ last: true, 'answer-mean': true, every: true })
})
type Facts = Read<typeof factsSchema>

/** Last-token states at every layer; of anchors only the last layer is kept, as layer 0 of the result. */
export async function setStates(study: Study, lease: Lease, adapter: string, set: SetName): Promise<HiddenStates> {
  const rows = study.prompts[set].map(({ messages }) => ({ prompt: { messages } }))
  const task = { key: set, rows, position: 'last', lastOnly: set.startsWith('anchors') } as const
  return numberedByText(await states(study, lease, adapter, task), study.prompts[set].map(textOf))
}

/** What two prompts share that ask the same. */
function textOf({ messages }: StudyPrompt): string {
  return JSON.stringify(messages)
}

/** States of answers, mean over each one's tokens: one row an answer, numbered by its prompt. */
export async function answerStates(
  study: Study,
  lease: Lease,
  adapter: string,
  answers: readonly { readonly prompt: StudyPrompt; readonly text: string }[]
): Promise<HiddenStates> {
  const rows = answers.map(({ prompt, text }) => ({ prompt: { messages: prompt.messages }, answer: text }))
  const captured = await states(study, lease, adapter, {
    key: 'answers',
    rows,
    position: 'answer-mean',
    lastOnly: false
  })
  return numberedByText(
    captured,
    answers.map(({ prompt }) => textOf(prompt))
  )
}

interface Task {
  readonly key: string
  readonly rows: readonly CaptureRow[]
  readonly position: Position
  readonly lastOnly: boolean
}

async function states(study: Study, lease: Lease, adapter: string, task: Task): Promise<HiddenStates> {
  const { key } = lease.model
  // Anchors are read for the maps alone, when all else about the model is finished.
  const stage = task.lastOnly ? 'maps' : 'capture'
  const place = { stage, model: key, adapter, text: `reading ${task.key}` } as const
  const entry = await study.cell(
    place,
    `states/${key}/${adapter}/${task.key}`,
    0,
    async () => {
      const batch = Math.min(32, study.settings.batch)
      const options = { batch, ...(study.signal && { signal: study.signal }) }
      const captured = await lease.call(adapter, (handle) => captureAll(handle, task.rows, task.position, options))
      const kept = task.lastOnly ? lastLayer(captured) : captured
      const { layers, rows, width, prompt, position } = kept
      return {
        json: { layers, rows, width, prompt, position } satisfies Readonly<Record<keyof Facts, unknown>>,
        floats: kept.data
      }
    },
    (known) => readFacts(known, task) !== null
  )
  const facts = whole(readFacts(entry, task), `states/${key}/${adapter}/${task.key}`)
  return { ...facts, data: entry.floats ?? new Float32Array(), model: await lease.ref(adapter) }
}

/** What a cell says of its states, where it has one of each row at each layer. */
function readFacts(entry: Entry, { rows, position, lastOnly }: Task): Facts | null {
  const facts = readOrNull(factsSchema, entry.json)
  if (!facts) return null
  const { layers, rows: count, width, prompt } = facts
  const isAsked = count === rows.length && prompt.length === count && facts.position === position
  const isWhole = isAsked && width > 0 && (lastOnly ? layers === 1 : layers > 0)
  return isWhole && hasFloats(entry, layers * count * width) ? facts : null
}

function lastLayer(states: HiddenStates): HiddenStates {
  return { ...states, layers: 1, data: Float32Array.from(layerOf(states, states.layers - 1).data) }
}
