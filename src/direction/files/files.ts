/**
 * Directions as files, and back: safetensors, npy beside JSON, JSON, and GGUF control vectors. docs/formats.md has the
 * layouts. A file of Azimuth carries model, layers and counts; one of another program is taken with `adopt`.
 */
import { excerpt, LabError } from '../../errors'
import { readControlVector, writeControlVector, type ControlVector } from '../../formats/control-vector'
import { fieldsOf } from '../../formats/fields'
import { isGguf } from '../../formats/gguf'
import { isNpy, readNpy, writeNpy } from '../../formats/npy'
import { floats, isJson, isObject, list, number, object, orNull, parseJson, read } from '../../formats/schema'
import { shortName, utf8 } from '../../formats/text'
import {
  floatTensor,
  isSafetensors,
  readSafetensors,
  readSafetensorsMetadata,
  tensorFloats,
  writeSafetensors
} from '../../formats/safetensors'
import { length, unit } from '../../math/vector'
import { jsonArrays } from '../../formats/arrays/json-arrays'
import { layerNumber } from './layer-name'
import { vectorsOf } from './vectors'
import type { PlainVector } from './adopt'
import type { Direction } from '../direction'
import {
  decimals,
  directionsFormat,
  factsOf,
  factsSchema,
  formatVersion,
  fromTexts,
  modelDocument,
  modelSchema,
  readDirectionsDocument,
  toTexts,
  type DirectionFacts,
  type DirectionsDocument
} from './metadata'
import { isSameModel } from './model-ref'

export interface NamedFile {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

export type DirectionsFormat = 'safetensors' | 'npy' | 'json' | 'gguf'

export interface WriteOptions {
  readonly format: DirectionsFormat
  /** Name of the file without its ending. */
  readonly name: string
  /** GGUF only: the model's family, such as llama. Default: the model's id. */
  readonly modelHint?: string
}

/** What a file holds: directions with all that is known of them, or the plain vectors of another program. */
export type ReadDirections =
  | { readonly kind: 'directions'; readonly directions: readonly Direction[] }
  | { readonly kind: 'vectors'; readonly vectors: readonly PlainVector[]; readonly modelHint: string }

/**
 * One file, or two for npy, which holds no metadata. The same directions give the same bytes.
 * @throws LabError `shape` for directions that do not belong in one file, `format` for layer 0 in GGUF
 */
export function writeDirections(directions: readonly Direction[], options: WriteOptions): readonly NamedFile[] {
  const sorted = directions.toSorted((a, b) => a.layer - b.layer)
  const width = assertOneFile(sorted)
  const document = documentOf(sorted)
  const json = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`${JSON.stringify(value)}\n`)
  const named = (ending: string, bytes: Uint8Array<ArrayBuffer>): NamedFile => ({
    name: `${options.name}.${ending}`,
    bytes
  })
  switch (options.format) {
    case 'safetensors':
      return [named('safetensors', toSafetensors(sorted, document))]
    case 'json':
      return [named('json', json({ ...document, directions: sorted.map(withVector) }))]
    case 'npy': {
      const data = new Float32Array(sorted.length * width)
      sorted.forEach(({ vector }, i) => data.set(vector, i * width))
      return [named('npy', writeNpy({ shape: [sorted.length, width], data })), named('json', json(document))]
    }
    case 'gguf':
      return [named('gguf', toControlVector(sorted, document, options.modelHint))]
  }
}

/**
 * Reads what `writeDirections` writes, or vectors of another program, by what the file holds and not by its name.
 * @param given one file; for npy, optionally with its JSON
 * @throws LabError `format`
 */
export function readDirections(given: readonly NamedFile[]): ReadDirections {
  const files = given.map(({ name, bytes }) => ({ name: shortName(name), bytes }))
  const npy = files.find(({ bytes }) => isNpy(bytes))
  const [first, second] = files.filter((file) => file !== npy)
  if (second || (!npy && !first)) {
    throw new LabError(
      'format',
      `one file of directions was expected, or an npy file and its JSON, got ${files.length}`
    )
  }
  if (npy) return fromNpy(npy, first)
  const { name, bytes } = first ?? { name: '', bytes: new Uint8Array() }
  if (isGguf(bytes)) return fromControlVector(name, readControlVector(bytes))
  if (isSafetensors(bytes)) return fromSafetensors(name, bytes)
  if (isJson(bytes)) return fromJson(name, bytes)
  throw new LabError(
    'format',
    `${name} is none of safetensors, npy, npz, JSON, GGUF and PyTorch's .pt: is the file whole?`
  )
}

function documentOf(directions: readonly Direction[]): DirectionsDocument {
  const [first] = directions
  if (!first) throw new LabError('shape', 'there is no direction to write: fit one first')
  const model = modelDocument(first.model)
  return { format: directionsFormat, version: formatVersion, model, directions: directions.map(factsOf) }
}

/** Their width. @throws LabError `shape` */
function assertOneFile(sorted: readonly Direction[]): number {
  const width = sorted[0]?.vector.length ?? 0
  sorted.forEach((direction, i) => {
    const before = sorted[i - 1]
    if (before && !isSameModel(before.model, direction.model)) {
      throw new LabError('shape', `directions of ${before.model.id} and ${direction.model.id}: write one file a model`)
    }
    if (before?.layer === direction.layer) {
      throw new LabError('shape', `two directions for layer ${direction.layer}: write them to two files`)
    }
    if (direction.vector.length !== width || width === 0) {
      throw new LabError('shape', `directions of width ${width} and ${direction.vector.length}: write one file a model`)
    }
    if (!direction.vector.every(Number.isFinite)) {
      throw new LabError('shape', `the direction of layer ${direction.layer} holds NaN or infinity: fit it again`)
    }
  })
  return width
}

function toSafetensors(directions: readonly Direction[], document: DirectionsDocument): Uint8Array<ArrayBuffer> {
  const tensors = directions.map(
    ({ layer, vector }) => [tensorName(layer), floatTensor([vector.length], vector)] as const
  )
  return writeSafetensors(new Map(tensors), toTexts({ ...document }))
}

function fromSafetensors(name: string, bytes: Uint8Array): ReadDirections {
  const tensors = readSafetensors(bytes)
  const metadata = readSafetensorsMetadata(bytes)
  if (metadata.get('format')?.startsWith('azimuth.')) {
    const document = readDirectionsDocument(fromTexts(metadata, ['model', 'directions'], name), name)
    return whole(name, document, ({ layer }) => {
      const tensor = tensors.get(tensorName(layer))
      return tensor && tensorFloats(tensorName(layer), tensor)
    })
  }
  const arrays = [...tensors]
    .filter(([, { dtype }]) => /^B?F\d/.test(dtype))
    .map(([key, tensor]) => ({ path: [key], shape: tensor.shape, data: tensorFloats(key, tensor) }))
  return plain(name, vectorsOf({ arrays, layer: null }, name))
}

function fromJson(name: string, bytes: Uint8Array): ReadDirections {
  const value = parseJson(utf8(bytes, name), name)
  const fields = isObject(value) ? fieldsOf(value) : new Map<string, unknown>()
  if (fields.has('directions')) {
    const { directions } = read(object({ directions: list(withVectorSchema) }), value, name)
    return whole(name, readDirectionsDocument(value, name), (_, i) => directions[i]?.vector)
  }
  if (!fields.has('vector')) return plain(name, vectorsOf(jsonArrays(value, name), name))
  if (fields.has('model') && fields.has('method')) {
    const { model, vector } = read(object({ model: modelSchema, vector: floats }), value, name)
    const direction = assertUnit(name, { ...read(factsSchema, value, name), model, vector })
    return { kind: 'directions', directions: [direction] }
  }
  const { vector, norm, layer } = read(plainSchema, value, name)
  const scaled = vector.map((x) => x * (norm ?? 1))
  return plain(name, [{ layer: layer === null ? null : layerNumber(layer, name), vector: scaled }])
}

const withVectorSchema = object({ vector: floats })
const plainSchema = object({ vector: floats, norm: orNull(number), layer: orNull(number) })

function fromNpy({ name, bytes }: NamedFile, beside: NamedFile | undefined): ReadDirections {
  const { shape, data } = readNpy(bytes)
  const array = { path: [], shape, data: Float32Array.from(data) }
  if (!beside) return plain(name, vectorsOf({ arrays: [array], layer: null }, name))
  const width = shape.at(-1) ?? 0
  const document = readDirectionsDocument(parseJson(utf8(beside.bytes, beside.name), beside.name), beside.name)
  if (shape.length !== 2 || document.directions.length !== shape[0]) {
    const counts = `an array (${excerpt(shape.join(', '))}), ${beside.name} ${document.directions.length} directions`
    throw new LabError('format', `${name} holds ${counts}: the two files do not belong together`)
  }
  return whole(name, document, (_, i) => array.data.slice(i * width, (i + 1) * width))
}

/** What is written is gap x unit vector, so that llama.cpp's strength is alpha; the document goes along as one text. */
function toControlVector(
  directions: readonly Direction[],
  document: DirectionsDocument,
  modelHint = document.model.id
): Uint8Array<ArrayBuffer> {
  const flat = directions.find(({ norm }) => !(norm > 0))
  if (flat) throw new LabError('shape', `the gap of layer ${flat.layer} is ${flat.norm}: a control vector needs one`)
  const vectors = new Map(directions.map(({ layer, vector, norm }) => [layer, vector.map((x) => x * norm)]))
  return writeControlVector({ modelHint, vectors, extra: new Map([[directionsFormat, JSON.stringify(document)]]) })
}

function fromControlVector(name: string, { modelHint, vectors, extra }: ControlVector): ReadDirections {
  const text = extra.get(directionsFormat)
  if (text === undefined) {
    return plain(
      name,
      Array.from(vectors, ([layer, vector]) => ({ layer, vector })),
      modelHint
    )
  }
  const where = `${name}: ${directionsFormat}`
  const document = readDirectionsDocument(parseJson(text, where), where)
  return whole(name, document, ({ layer, norm }) => {
    const vector = vectors.get(layer)
    if (!vector || Math.abs(length(vector) - norm) <= 1e-3 * norm) return vector && unit(vector)
    throw new LabError(
      'format',
      `${name}: layer ${layer} has length ${length(vector).toPrecision(4)}, its document says ${norm}`
    )
  })
}

/** A document with its vectors. @throws LabError `format` for one that is missing or not of unit length, `shape` for a mixture */
function whole(
  name: string,
  { model, directions }: DirectionsDocument,
  vectorOf: (facts: DirectionFacts, index: number) => Float32Array | undefined
): ReadDirections {
  const found = directions.map((facts, i) => {
    const vector = vectorOf(facts, i)
    if (!vector)
      throw new LabError('format', `${name} tells of layer ${facts.layer} and lacks its vector: is it whole?`)
    return assertUnit(name, { ...facts, model, vector })
  })
  if (found.length === 0) throw new LabError('format', `${name} holds no directions: write it again`)
  assertOneFile(found.toSorted((a, b) => a.layer - b.layer))
  return { kind: 'directions', directions: found }
}

function assertUnit(name: string, direction: Direction): Direction {
  const size = length(direction.vector)
  if (Math.abs(size - 1) < 1e-3) return direction
  throw new LabError(
    'format',
    `${name}: the vector of layer ${direction.layer} should have length 1, it has ${size.toPrecision(4)}`
  )
}

/** Vectors of another program, all of one width. @throws LabError `format` */
export function plain(name: string, vectors: readonly PlainVector[], modelHint = ''): ReadDirections {
  const widths = new Set(vectors.map(({ vector }) => vector.length))
  if (widths.size !== 1 || widths.has(0)) {
    throw new LabError(
      'format',
      `${name} should hold vectors of one width, got ${excerpt([...widths].join(', ') || 'none')}`
    )
  }
  if (vectors.every(({ vector }) => vector.every(Number.isFinite))) return { kind: 'vectors', vectors, modelHint }
  throw new LabError('format', `${name} holds NaN or infinity: make it again`)
}

function withVector(direction: Direction): DirectionFacts & { readonly vector: readonly number[] } {
  return { ...factsOf(direction), vector: decimals(direction.vector) }
}

const tensorName = (layer: number): string => `direction.${layer}`
