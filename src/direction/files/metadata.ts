/** What a file says about its vectors, as plain JSON: one document for directions, one for hidden states. */
import { excerpt, LabError } from '../../errors'
import { choice, list, natural, number, object, orNull, read, text, type Schema } from '../../formats/schema'
import type { Direction } from '../direction'
import type { HiddenStates, ModelRef } from '../hidden-states'

export const directionsFormat = 'azimuth.directions'
export const hiddenFormat = 'azimuth.hidden-states'
/** A file of another version is refused. */
export const formatVersion = '1'

const methods: Readonly<Record<Direction['method'], true>> = {
  'difference-in-means': true,
  'pca-paired': true,
  'pca-pooled': true,
  logistic: true,
  'linear-discriminant': true,
  combined: true,
  carried: true,
  gaussian: true,
  orthogonal: true,
  'in-subspace': true,
  imported: true
}
const contrasts: Readonly<Record<Direction['contrast'], true>> = {
  lists: true,
  adapter: true,
  response: true,
  secure: true,
  unknown: true
}
const positions: Readonly<Record<HiddenStates['position'], true>> = { last: true, 'answer-mean': true, every: true }

/** A direction without what all of a file's directions share, and without its vector. */
export type DirectionFacts = Omit<Direction, 'vector' | 'model'>

export interface DirectionsDocument {
  readonly format: typeof directionsFormat
  readonly version: typeof formatVersion
  readonly model: ModelRef
  /** In ascending order of layers; one a layer. */
  readonly directions: readonly DirectionFacts[]
}

export interface HiddenDocument {
  readonly format: typeof hiddenFormat
  readonly version: typeof formatVersion
  readonly model: ModelRef
  readonly position: HiddenStates['position']
}

/** The fields that name a model, and no more: an open model's card has many others. */
export function modelDocument({ id, sha256, dtype, adapter }: ModelRef): ModelRef {
  const active = adapter && { id: adapter.id, sha256: adapter.sha256, scale: adapter.scale }
  return { id, sha256, dtype, adapter: active }
}

/** Every plain field of a direction is written, so that new ones need no change here. */
export function factsOf({ vector: _vector, model: _model, ...facts }: Direction): DirectionFacts {
  return { ...facts, against: modelDocument(facts.against) }
}

/** The fields of a `ModelRef`, for schemas of more than that. */
export const modelFields = {
  id: text,
  sha256: text,
  dtype: text,
  adapter: orNull(object({ id: text, sha256: text, scale: number }))
} as const

/** The model of a direction as files hold it. A reader with it throws LabError `format`. */
export const modelSchema: Schema<ModelRef> = object(modelFields)
/** The fields of a direction but its model and vector. */
export const factFields = {
  layer: natural,
  method: choice(methods),
  contrast: choice(contrasts),
  against: modelSchema,
  norm: number,
  midpoint: number,
  meanNorm: number,
  positive: natural,
  negative: natural,
  sha256: text
} as const

/** A direction but its model and vector as files hold it. A reader with it throws LabError `format`. */
export const factsSchema: Schema<DirectionFacts> = object(factFields)
const directionsSchema = object({ model: modelSchema, directions: list(factsSchema) })
const hiddenSchema = object({ model: modelSchema, position: choice(positions) })

/** @param where the document stands, for errors. @throws LabError `format` for another format or version, or a field that is wrong */
export function readDirectionsDocument(value: unknown, where: string): DirectionsDocument {
  assertVersion(value, where, directionsFormat)
  return { format: directionsFormat, version: formatVersion, ...read(directionsSchema, value, where) }
}

/** @param where the document stands, for errors. @throws LabError `format` for another format or version, or a field that is wrong */
export function readHiddenDocument(value: unknown, where: string): HiddenDocument {
  assertVersion(value, where, hiddenFormat)
  return { format: hiddenFormat, version: formatVersion, ...read(hiddenSchema, value, where) }
}

/** A document as the texts that safetensors keeps: text as it is, anything else as JSON. */
export function toTexts(document: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])
  )
}

/** The same back; `json` names what was not text. @throws LabError `format` */
export function fromTexts(texts: ReadonlyMap<string, string>, json: readonly string[], where: string): unknown {
  const parsed = json.map((key) => {
    try {
      return [key, JSON.parse(texts.get(key) ?? 'null')] as const
    } catch (cause) {
      throw new LabError('format', `${where}: ${key} in its metadata is not JSON: is the file whole?`, { cause })
    }
  })
  return { ...Object.fromEntries(texts), ...Object.fromEntries(parsed) }
}

/** Floats for JSON: 9 digits, which tell any two of them apart. */
export function decimals(data: Float32Array): readonly number[] {
  return Array.from(data, (x) => Number(x.toPrecision(9)))
}

function assertVersion(value: unknown, where: string, format: string): void {
  const { version } = read(object({ format: choice([format]), version: text }), value, where)
  if (version === formatVersion) return
  throw new LabError(
    'format',
    `${where} has version ${excerpt(version)}, this Azimuth reads ${formatVersion}: use the Azimuth that wrote it`
  )
}
