/** A session as a file: what the browser keeps of it, with the prompt sets, saved directions and captures. */
import { readHiddenStates, writeHiddenStates } from '../../direction/files/hidden-files'
import { anything, choice, list, number, object, orNull, read, text } from '../../formats/schema'
import { readSessionFile, sessionPath, tensorsOf, writeSessionFile } from '../../formats/session-file'
import type { Capture } from '../capture/capture'
import type { DirectionSet } from '../directions/fits.svelte'
import { keptForm, savedSchema, withVector, type SavedDirection } from '../directions/saved-direction'
import { fromKept, keptSet, keptSetSchema, roles, type PromptSet } from '../prompts/prompt-set'
import type { Comparison } from '../steer/comparison'
import { keepComparison, readComparison } from './kept-answers'
import { keepDirections, readDirectionsKept } from './kept-directions'
import { circumstancesSchema } from './read-circumstances'
import { readSessionDocument, type SessionDocument } from './session-document'

/** All that a session file holds. Directions and comparisons have the ids of the document. */
export interface SessionContents {
  readonly document: SessionDocument
  readonly sets: ReadonlyMap<string, DirectionSet>
  readonly answers: ReadonlyMap<string, Comparison>
  readonly prompts: readonly PromptSet[]
  readonly saved: readonly SavedDirection[]
  readonly captures: readonly Capture[]
}

/** The bytes of the file. @throws LabError `shape` for numbers that no file can hold */
export function packSession(
  contents: SessionContents,
  idOf: (set: DirectionSet) => string
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = new Map<string, Uint8Array>()
  const directions = Array.from(contents.sets, ([id, set]) => {
    const { facts, directions: bytes, centers } = keepDirections(set)
    tensors.set(`directions-${id}`, bytes)
    if (centers) tensors.set(`centers-${id}`, centers)
    return { id, ...facts }
  })
  const answers = Array.from(contents.answers, ([id, one]) => ({ id, ...keepComparison(one, idOf) }))
  const saved = contents.saved.map((one) => {
    const { file, ...facts } = keptForm(one)
    tensors.set(`saved-${one.id}`, file)
    return facts
  })
  const captures = contents.captures.map(({ states, ...facts }) => {
    const [file] = writeHiddenStates(states, { format: 'safetensors', name: 'kept' })
    if (file) tensors.set(`capture-${facts.id}`, file.bytes)
    return facts
  })
  const { document, prompts } = contents
  const more = { sets: directions, comparisons: answers, promptSets: prompts.map(keptSet), saved, captures }
  return writeSessionFile({ ...document, changed: new Date().toISOString(), ...more }, tensors)
}

const capture = object({
  id: text,
  name: text,
  created: text,
  modelName: text,
  set: orNull(object({ name: text, role: choice(roles), sha256: text })),
  texts: list(text),
  tokens: orNull(list(text)),
  seconds: orNull(number),
  made: orNull(circumstancesSchema)
})
const withId = object({ id: text })
/** Beside the session's own document. Sets and comparisons are read in full by their own readers. */
const contentsSchema = object({
  sets: list(anything),
  comparisons: list(anything),
  promptSets: list(keptSetSchema),
  saved: list(savedSchema),
  captures: list(capture)
})

/** @throws LabError `format` that names what is wrong, and what reading a zip throws */
export async function unpackSession(file: Uint8Array | Blob): Promise<SessionContents> {
  const { document, tensors } = await readSessionFile(file)
  const at = (name: string): string => `${sessionPath}: ${name}`
  const known = read(contentsSchema, document, sessionPath)
  const sets = new Map(
    known.sets.map((one, i) => {
      const where = at(`sets[${i}]`)
      const { id } = read(withId, one, where)
      const parts = {
        directions: tensorsOf(tensors, `directions-${id}`),
        centers: tensors.get(`centers-${id}`) ?? null
      }
      return [id, readDirectionsKept(one, where, parts)] as const
    })
  )
  const answers = known.comparisons.map((one, i) => {
    const where = at(`comparisons[${i}]`)
    return [read(withId, one, where).id, readComparison(one, where, (set) => sets.get(set))] as const
  })
  return {
    document: readSessionDocument(document, sessionPath),
    sets,
    answers: new Map(answers),
    prompts: known.promptSets.map(fromKept),
    saved: known.saved.map((one, i) => withVector(one, tensorsOf(tensors, `saved-${one.id}`), at(`saved[${i}]`))),
    captures: known.captures.map((one, i) => {
      const bytes = tensorsOf(tensors, `capture-${one.id}`)
      return { ...one, states: readHiddenStates([{ name: at(`captures[${i}]`), bytes }]) }
    })
  }
}
