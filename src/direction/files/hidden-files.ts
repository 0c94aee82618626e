/** Hidden states as files, and back: safetensors, npy beside JSON, JSON. The Python companion writes the first. */
import { excerpt, LabError } from '../../errors'
import { isNpy, readNpy, writeNpy } from '../../formats/npy'
import { floats, isJson, list, natural, object, orNull, parseJson, read } from '../../formats/schema'
import { shortName, utf8 } from '../../formats/text'
import {
  floatTensor,
  isSafetensors,
  naturalsTensor,
  readSafetensors,
  readSafetensorsMetadata,
  tensorFloats,
  tensorNaturals,
  writeSafetensors
} from '../../formats/safetensors'
import type { NamedFile } from './files'
import type { HiddenStates } from '../hidden-states'
import {
  decimals,
  formatVersion,
  fromTexts,
  hiddenFormat,
  modelDocument,
  readHiddenDocument,
  toTexts,
  type HiddenDocument
} from './metadata'

export interface HiddenWriteOptions {
  readonly format: 'safetensors' | 'npy' | 'json'
  /** Name of the file without its ending. */
  readonly name: string
}

/** One file, or two for npy, which holds no metadata. @throws LabError `shape` for numbers that are not finite */
export function writeHiddenStates(states: HiddenStates, { format, name }: HiddenWriteOptions): readonly NamedFile[] {
  const { layers, rows, width, data, prompt, model, position } = states
  if (!data.every(Number.isFinite)) throw new LabError('shape', 'the hidden states hold NaN or infinity: capture again')
  const document = { format: hiddenFormat, version: formatVersion, model: modelDocument(model), position }
  const json = (more: object): NamedFile => {
    const text = `${JSON.stringify({ ...document, layers, rows, width, prompt, ...more })}\n`
    return { name: `${name}.json`, bytes: new TextEncoder().encode(text) }
  }
  const shape = [layers, rows, width]
  if (format === 'json') return [json({ hidden: decimals(data) })]
  if (format === 'npy') return [{ name: `${name}.npy`, bytes: writeNpy({ shape, data }) }, json({})]
  const tensors = new Map([
    ['hidden', floatTensor(shape, data)],
    ['prompt', naturalsTensor(prompt)]
  ])
  return [{ name: `${name}.safetensors`, bytes: writeSafetensors(tensors, toTexts(document)) }]
}

/** @param given one file; for npy, with its JSON. @throws LabError `format` */
export function readHiddenStates(given: readonly NamedFile[]): HiddenStates {
  const files = given.map(({ name, bytes }) => ({ name: shortName(name), bytes }))
  const npy = files.find(({ bytes }) => isNpy(bytes))
  const [first, second] = files.filter((file) => file !== npy)
  if (!first || second) {
    throw new LabError('format', 'one file of hidden states was expected, or an npy file and its JSON')
  }
  const { name, bytes } = first
  if (npy) {
    const { shape, data } = readNpy(npy.bytes)
    const value = parseJson(utf8(bytes, name), name)
    const { prompt } = read(promptsSchema, value, name)
    return build(npy.name, readHiddenDocument(value, name), shape, Float32Array.from(data), prompt)
  }
  if (isSafetensors(bytes)) return fromSafetensors(name, bytes)
  if (isJson(bytes)) return fromJson(name, bytes)
  throw new LabError('format', `${name} is none of JSON, safetensors and npy: is the file whole?`)
}

const promptsSchema = object({ prompt: orNull(list(natural)) })
const statesSchema = object({
  layers: natural,
  rows: natural,
  width: natural,
  hidden: floats,
  prompt: orNull(list(natural))
})

function fromJson(name: string, bytes: Uint8Array): HiddenStates {
  const value = parseJson(utf8(bytes, name), name)
  const document = readHiddenDocument(value, name)
  const { layers, rows, width, hidden, prompt } = read(statesSchema, value, name)
  return build(name, document, [layers, rows, width], hidden, prompt)
}

function fromSafetensors(name: string, bytes: Uint8Array): HiddenStates {
  const tensors = readSafetensors(bytes)
  const [hidden, prompt] = [tensors.get('hidden'), tensors.get('prompt')]
  const document = readHiddenDocument(fromTexts(readSafetensorsMetadata(bytes), ['model'], name), name)
  if (!hidden) throw new LabError('format', `${name} lacks the tensor hidden [layers, rows, width]: write it again`)
  const data = tensorFloats('hidden', hidden)
  return build(name, document, hidden.shape, data, prompt ? tensorNaturals('prompt', prompt) : null)
}

/** @param prompt null: one row a prompt */
function build(
  name: string,
  { model, position }: HiddenDocument,
  shape: readonly number[],
  data: Float32Array,
  prompt: readonly number[] | null
): HiddenStates {
  const [layers = 0, rows = 0, width = 0] = shape
  if (shape.length !== 3 || data.length === 0 || layers * rows * width !== data.length) {
    throw new LabError(
      'format',
      `${name} should hold [layers, rows, width], got [${excerpt(shape.join(', '))}] of ${data.length}`
    )
  }
  if (!data.every(Number.isFinite)) throw new LabError('format', `${name} holds NaN or infinity: capture it again`)
  const prompts = prompt ?? Array.from({ length: rows }, (_, row) => row)
  if (prompts.length !== rows || prompts.some((one, row) => row > 0 && one < (prompts[row - 1] ?? 0))) {
    throw new LabError('format', `${name} should name the prompt of each of ${rows} rows, in ascending order`)
  }
  return { model, position, layers, rows, width, data, prompt: prompts }
}
