/** A session as a file: what the browser keeps of it, with the prompt sets, saved directions and captures. */
import { readHiddenStates, writeHiddenStates } from '../../direction/files/hidden-files'
import type { Fields } from '../../formats/record'
import { readSessionFile, tensorsOf, writeSessionFile, type SessionTensors } from '../../formats/session-file'
import type { Capture } from '../capture/capture'
import type { DirectionSet } from '../directions/fits.svelte'
import { keptForm, readSaved, type SavedDirection } from '../directions/saved-direction'
import { keptSet, readSetFields, roleNames, type PromptSet } from '../prompts/prompt-set'
import type { Comparison } from '../steer/comparison'
import { keepComparison, readComparison } from './kept-answers'
import { keepDirections, readDirectionsKept } from './kept-directions'
import { readCircumstances } from './read-circumstances'
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

/** @throws LabError `format` that names what is wrong, and what reading a zip throws */
export async function unpackSession(file: Uint8Array | Blob): Promise<SessionContents> {
  const { document: fields, tensors } = await readSessionFile(file)
  const document = readSessionDocument(fields)
  const sets = new Map(
    fields.objects('sets', (one) => {
      const id = one.text('id')
      const centers = tensors.get(`centers-${id}`) ?? null
      return [id, readDirectionsKept(one, { directions: tensorsOf(tensors, `directions-${id}`), centers })] as const
    })
  )
  const answers = fields.objects(
    'comparisons',
    (one) => [one.text('id'), readComparison(one, (id) => sets.get(id))] as const
  )
  return {
    document,
    sets,
    answers: new Map(answers),
    prompts: fields.objects('promptSets', readSetFields),
    saved: fields.objects('saved', (one) => readSaved(one, tensorsOf(tensors, `saved-${one.text('id')}`))),
    captures: fields.objects('captures', (one) => readCapture(one, tensors))
  }
}

function readCapture(fields: Fields, tensors: SessionTensors): Capture {
  const id = fields.text('id')
  const set = fields.objectOrNull('set')
  const made = fields.objectOrNull('made')
  const bytes = tensorsOf(tensors, `capture-${id}`)
  return {
    ...{ id, name: fields.text('name'), created: fields.text('created'), modelName: fields.text('modelName') },
    set: set && { name: set.text('name'), role: set.choice('role', roleNames), sha256: set.text('sha256') },
    texts: fields.texts('texts'),
    tokens: fields.isNothing('tokens') ? null : fields.texts('tokens'),
    seconds: fields.numberOrNull('seconds'),
    made: made && readCircumstances(made),
    states: readHiddenStates([{ name: fields.where, bytes }])
  }
}
