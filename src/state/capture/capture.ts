/** A capture: the hidden states of a prompt set, and what they were read from. */
import { readHiddenStates, writeHiddenStates, type HiddenWriteOptions } from '../../direction/files/hidden-files'
import type { NamedFile } from '../../direction/files/files'
import type { HiddenStates } from '../../direction/hidden-states'
import { isSameBase } from '../../direction/files/model-ref'
import { LabError } from '../../errors'
import type { CaptureRow, Position } from '../../lab/api'
import type { Circumstances } from '../../lab/live/circumstances'
import type { PromptRow } from '../../formats/prompts'
import { nextTime } from '../created'
import { askedText, type PromptSet } from '../prompts/prompt-set'

export interface Capture {
  readonly id: string
  readonly name: string
  /** ISO 8601. */
  readonly created: string
  /** Where the prompts came from; null for a file, which does not say. */
  readonly set: { readonly name: string; readonly role: PromptSet['role']; readonly sha256: string } | null
  /** The model as a person would call it. */
  readonly modelName: string
  /** What each prompt says, by its index; empty for a file, which does not hold them. */
  readonly texts: readonly string[]
  /** The token of each row where every token was read, else null. */
  readonly tokens: readonly string[] | null
  /** How long the reading took; null for a file. */
  readonly seconds: number | null
  /** What it was made under; null for a file of hidden states, and where an earlier version of the page did not keep it. */
  readonly made: Circumstances | null
  readonly states: HiddenStates
}

/** Bytes of the hidden states. */
export function sizeOf({ states }: Pick<Capture, 'states'>): number {
  return states.data.byteLength
}

/** Whether two captures may share a figure: the same base model, whatever adapter it had. */
export function isComparable(a: Capture, b: Capture): boolean {
  const isSameShape = a.states.layers === b.states.layers && a.states.width === b.states.width
  return isSameShape && isSameBase(a.states.model, b.states.model)
}

/** The adapter that the model had, as its last name and scale; null for the base. */
export function adapterName({ states }: Pick<Capture, 'states'>): string | null {
  const { adapter } = states.model
  if (!adapter || adapter.scale === 0) return null
  const name = adapter.id.replace(/^.*[:/]/, '')
  return adapter.scale === 1 ? name : `${name} at ${adapter.scale.toFixed(2)}`
}

/** The prompts of a set that can be read at a position: the mean over an answer needs one. */
export function readable(prompts: readonly PromptRow[], position: Position): readonly PromptRow[] {
  return position === 'answer-mean' ? prompts.filter(({ answer }) => (answer ?? '').trim() !== '') : prompts
}

/** The same as the model takes them. */
export function captureRows(prompts: readonly PromptRow[], position: Position): readonly CaptureRow[] {
  return prompts.map(({ messages, answer }) =>
    position === 'answer-mean' && answer !== null ? { prompt: { messages }, answer } : { prompt: { messages } }
  )
}

/** What a prompt says, for a reader: the system prompt in front where there is one. */
export function shownText(row: PromptRow): string {
  return row.system === null ? askedText(row) : `[${row.system}] ${askedText(row)}`
}

/** Characters of a row: what its reading time goes by. */
export function weightOf({ prompt, answer = '' }: CaptureRow): number {
  const texts = 'messages' in prompt ? prompt.messages.map(({ content }) => content) : []
  // The template around a message takes time, too.
  return texts.reduce((sum, text) => sum + text.length + 24, answer.length)
}

/** As files to save: one, or two for npy. @throws LabError `shape` for numbers that are not finite */
export function exportCapture({ name, states }: Capture, format: HiddenWriteOptions['format']): readonly NamedFile[] {
  const plain = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^-+|-+$/g, '')
  return writeHiddenStates(states, { format, name: `${plain || 'capture'}-hidden` })
}

/** A capture from one file, or an npy file and its JSON. @throws LabError `format` */
export function importCapture(files: readonly NamedFile[]): Capture {
  const states = readHiddenStates(files)
  const name = (files[0]?.name ?? '').replace(/(-hidden)?\.[^.]*$/, '')
  const modelName = states.model.id.replace(/@[^@/]*$/, '').replace(/^.*[:/]/, '')
  return { ...newFacts(), name, set: null, modelName, texts: [], tokens: null, seconds: null, made: null, states }
}

/** An id and the time. */
export function newFacts(): Pick<Capture, 'id' | 'created'> {
  return { id: crypto.randomUUID(), created: nextTime() }
}

/** What a row is, for a reader: its prompt, and its token where every token was read. */
export function rowName({ texts, tokens, states }: Capture, row: number): string {
  const prompt = states.prompt[row] ?? row
  const text = texts[prompt] ?? `prompt ${prompt + 1} (the file holds no texts)`
  if (states.position !== 'every') return text
  const place = row - states.prompt.indexOf(prompt) + 1
  return `token ${place}${tokens ? ` \u201c${tokens[row] ?? ''}\u201d` : ''} of: ${text}`
}

/** What a kept capture must hold. @throws LabError `format` for what an older version of the page kept otherwise */
export function readKeptCapture(value: unknown): Capture {
  if (isCapture(value)) return { ...value, made: value.made ?? null }
  throw new LabError('format', 'a kept capture is not one that this version can read: capture it again')
}

function isCapture(value: unknown): value is Capture {
  if (typeof value !== 'object' || value === null) return false
  if (!('id' in value && 'name' in value && 'texts' in value && 'states' in value)) return false
  const { id, name, texts, states } = value
  if (typeof id !== 'string' || typeof name !== 'string' || !Array.isArray(texts)) return false
  if (typeof states !== 'object' || states === null || !('data' in states && 'prompt' in states)) return false
  return states.data instanceof Float32Array && Array.isArray(states.prompt)
}
