/** What dropped files are, by what they hold: a name's ending only decides where contents alike could be two things. */
import type { NamedFile } from '../../direction/files/files'
import { LabError } from '../../errors'
import { fieldsOf } from '../../formats/fields'
import { isPickle } from '../../formats/arrays/pickle'
import { isGguf } from '../../formats/gguf'
import { isNpy, readNpy } from '../../formats/npy'
import { isParquet } from '../../formats/prompts/file'
import { isJson } from '../../formats/schema'
import { quoted } from '../../formats/text'
import { isSafetensors, readSafetensors, readSafetensorsMetadata } from '../../formats/safetensors'
import { sessionPath } from '../../formats/session-file'
import { readZip } from '../../formats/zip'
import type { AdapterSource, LocalFile, ModelSource } from '../../lab/api'

/** What was dropped: one folder, or files that count as one. */
export interface DroppedFiles {
  readonly name: string
  readonly files: readonly LocalFile[]
}

export type FileKind =
  | { readonly kind: 'model'; readonly source: ModelSource }
  | { readonly kind: 'adapter'; readonly source: AdapterSource; readonly name: string }
  | { readonly kind: 'session' | 'run' | 'study'; readonly name: string; readonly blob: Blob }
  | { readonly kind: 'directions' | 'capture'; readonly files: readonly NamedFile[] }
  | { readonly kind: 'prompts'; readonly files: readonly NamedFile[] }

/** Bytes of a single file that is read whole, and of the zips that are looked into. */
const largest = 128e6
const largestZip = 2 ** 31

/** @throws LabError `format` that says what was seen and what would fit, `memory` for a file that is too large */
export async function kindOf({ name, files }: DroppedFiles): Promise<FileKind> {
  const paths = files.map(({ path }) => path)
  const [first] = files
  if (!first) throw unfit(name, 'empty, or nothing that this browser hands over')
  const isLone = files.length === 1
  if (paths.some((path) => /\.onnx$/i.test(path)) && !isLone)
    return { kind: 'model', source: { kind: 'files', name, files } }
  if (isLone && (await startsWith(first.blob, [0x50, 0x4b, 3, 4]))) return zipKind(first)
  if (paths.some((path) => /(^|\/)adapter_config\.json$/.test(path))) {
    return { kind: 'adapter', name, source: { kind: 'files', name, files } }
  }
  if (files.length > 20)
    throw unfit(name, `a folder of ${files.length} files, none of them a graph or an adapter's config`)
  return namedKind(await Promise.all(files.map(read)))
}

/** A zip by its paths. */
async function zipKind({ path: name, blob }: LocalFile): Promise<FileKind> {
  if (blob.size > largestZip) throw tooLarge(name, blob.size)
  const { paths } = await readZip(new Uint8Array(await blob.arrayBuffer()), () => undefined)
  const has = (wanted: string): boolean => paths.some((path) => path === wanted || path.endsWith(`/${wanted}`))
  if (paths.includes(sessionPath)) return { kind: 'session', name, blob }
  if (paths.includes('run.json')) return { kind: 'run', name, blob }
  if (paths.includes('journal.jsonl')) return { kind: 'study', name, blob }
  if (has('adapter_config.json')) return { kind: 'adapter', name, source: { kind: 'zip', name, blob } }
  // PyTorch's .pt and NumPy's .npz are zips, too.
  if (has('data.pkl') || (paths.length > 0 && paths.every((path) => path.endsWith('.npy')))) {
    return { kind: 'directions', files: [await read({ path: name, blob })] }
  }
  if (paths.some((path) => path.endsWith('.onnx'))) throw unfit(name, 'a zip of a model: unpack it and drop its folder')
  throw unfit(
    name,
    `a zip with ${quoted(paths[0] ?? 'nothing')}${paths.length > 1 ? ` and ${paths.length - 1} more` : ''}`
  )
}

function namedKind(files: readonly NamedFile[]): FileKind {
  const npy = files.find(({ bytes }) => isNpy(bytes))
  if (npy) return { kind: readNpy(npy.bytes).shape.length === 3 ? 'capture' : 'directions', files }
  const kinds = files.map(loneKind)
  const [kind = 'prompts'] = kinds
  if (kinds.some((one) => one !== kind)) {
    throw unfit(files[0]?.name ?? '', `${files.length} files of several kinds: drop them one kind at a time`)
  }
  if (kind !== 'prompts' && files.length > 1)
    throw unfit(files[0]?.name ?? '', `one of ${files.length}: drop one at a time`)
  return { kind, files: kind === 'prompts' ? files.map(named) : files }
}

/** One file by its first bytes, then by what it says of itself. */
function loneKind({ name, bytes }: NamedFile): 'directions' | 'capture' | 'prompts' {
  if (/(adapter|pytorch)_model.*\.bin$/.test(name))
    throw unfit(name, 'the weights of an adapter or a model as a pickle, which is never read: save them as safetensors')
  if (isGguf(bytes) || isPickle(bytes)) return 'directions'
  if (isParquet(bytes)) return 'prompts'
  if (isSafetensors(bytes)) return tensorsKind(name, bytes)
  const known = magics.find(([magic]) => magic.every((byte, i) => bytes[i] === byte))
  if (known) throw unfit(name, known[1])
  if (isJson(bytes)) return jsonKind(name, bytes)
  if (bytes.subarray(0, 65_536).includes(0)) throw unfit(name, 'a binary file of an unknown kind')
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? 'txt'
  if (promptEndings.includes(ending)) return 'prompts'
  throw unfit(name, `a text file (.${ending.slice(0, 12)}): name it .txt if each line is a prompt`)
}

function tensorsKind(name: string, bytes: Uint8Array): 'directions' | 'capture' {
  const format = readSafetensorsMetadata(bytes).get('format')
  if (format === 'azimuth.hidden-states') return 'capture'
  const names = [...readSafetensors(bytes).keys()]
  if (names.some((one) => /lora_[AB]/.test(one))) {
    throw unfit(name, "an adapter's weights without adapter_config.json: drop the whole folder, or both files")
  }
  if (format === 'azimuth.directions') return 'directions'
  const sizes = [...readSafetensors(bytes).values()].map(({ shape }) => shape.filter((n) => n !== 1).length)
  // One array of rows is a vector for each layer.
  if (sizes.every((size) => size <= 1) || (sizes.length === 1 && sizes[0] === 2)) return 'directions'
  throw unfit(name, `safetensors with ${quoted(names[0] ?? 'nothing')}, which are neither directions nor hidden states`)
}

function jsonKind(name: string, bytes: Uint8Array): 'directions' | 'capture' | 'prompts' {
  const text = new TextDecoder().decode(bytes)
  const value = parsed(text)
  if (Array.isArray(value) && typeof [value[0]].flat()[0] === 'number') return 'directions'
  const fields = fieldsOf(value)
  const format = fields.get('format')
  if (format === 'azimuth.hidden-states') return 'capture'
  if (format === 'azimuth.directions' || fields.has('vector')) return 'directions'
  if (typeof format === 'string' && format.startsWith('azimuth.')) {
    throw unfit(name, `a part of ${quoted(format)} alone: drop the whole file that it came in`)
  }
  if (fields.has('model_type') || fields.has('peft_type'))
    throw unfit(name, "a model's or adapter's config alone: drop its folder")
  if (fields.has('preset') && fields.has('models'))
    throw unfit(name, 'the settings of a study: choose them in the Study panel')
  return 'prompts'
}

/** A prompt file under a name that tells its format, for the reader of prompts. */
function named({ name, bytes }: NamedFile): NamedFile {
  if (isParquet(bytes)) return { name, bytes }
  if (promptEndings.some((ending) => name.toLowerCase().endsWith(`.${ending}`))) return { name, bytes }
  const text = new TextDecoder().decode(bytes.subarray(0, 65_536)).trimStart()
  const isList = text.startsWith('[') || (text.startsWith('{') && parsed(new TextDecoder().decode(bytes)) !== null)
  return { name: `${name}.${isList ? 'json' : text.startsWith('{') ? 'jsonl' : 'txt'}`, bytes }
}

const promptEndings: readonly string[] = [
  'parquet',
  'txt',
  'md',
  'jsonl',
  'ndjson',
  'json',
  'csv',
  'tsv',
  'yaml',
  'yml'
]

/** Files that people have beside those that fit. */
const magics: readonly (readonly [readonly number[], string])[] = [
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  [[0x47, 0x49, 0x46, 0x38], 'a GIF image'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF'],
  [[0x1f, 0x8b], 'packed by gzip: unpack it first'],
  [[0x50, 0x4b, 0x05, 0x06], 'an empty zip'],
  [[0x3c, 0x21], 'a web page']
]

async function read({ path, blob }: LocalFile): Promise<NamedFile> {
  if (/\.onnx$/i.test(path)) throw unfit(path, "a graph without its model: drop the model's folder")
  if (blob.size > largest) throw tooLarge(path, blob.size)
  try {
    return { name: path, bytes: new Uint8Array(await blob.arrayBuffer()) }
  } catch (cause) {
    throw new LabError('format', `${quoted(path)} could not be read: drop it again`, { cause })
  }
}

async function startsWith(blob: Blob, magic: readonly number[]): Promise<boolean> {
  const head = new Uint8Array(await blob.slice(0, magic.length).arrayBuffer())
  return magic.every((byte, i) => head[i] === byte)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const fits =
  'Azimuth takes prompts (txt, jsonl, json, csv, yaml, parquet), directions and captures (safetensors, npy, npz, json, gguf, pt), adapters, model folders, runs, studies and sessions'

const unfit = (name: string, what: string): LabError => new LabError('format', `${quoted(name)} is ${what}. ${fits}.`)

const tooLarge = (name: string, size: number): LabError =>
  new LabError(
    'memory',
    `${quoted(name)} has ${Math.round(size / 1e6)} MB, more than any file that fits here. ${fits}.`
  )
