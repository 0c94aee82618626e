/** What a file says about its vectors, as plain JSON: one document for directions, one for hidden states. */
import { excerpt, LabError } from '../../errors'
import { Fields } from '../../formats/record'
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

/** @throws LabError `format` that names the field */
export function readModel(fields: Fields): ModelRef {
  const adapter = fields.objectOrNull('adapter')
  return {
    id: fields.text('id'),
    sha256: fields.text('sha256'),
    dtype: fields.text('dtype'),
    adapter: adapter && { id: adapter.text('id'), sha256: adapter.text('sha256'), scale: adapter.number('scale') }
  }
}

/** @throws LabError `format` that names the field */
export function readFacts(fields: Fields): DirectionFacts {
  return {
    layer: fields.natural('layer'),
    method: fields.choice('method', methods),
    contrast: fields.choice('contrast', contrasts),
    against: readModel(fields.object('against')),
    norm: fields.number('norm'),
    midpoint: fields.number('midpoint'),
    meanNorm: fields.number('meanNorm'),
    positive: fields.natural('positive'),
    negative: fields.natural('negative'),
    sha256: fields.text('sha256')
  }
}

/** @throws LabError `format` for another format or version, or a field that is wrong */
export function readDirectionsDocument(fields: Fields): DirectionsDocument {
  assertVersion(fields, directionsFormat)
  const directions = fields
    .list('directions')
    .map((one, i) => readFacts(new Fields(one, `${fields.where}: directions[${i}]`)))
  return { format: directionsFormat, version: formatVersion, model: readModel(fields.object('model')), directions }
}

/** @throws LabError `format` for another format or version, or a field that is wrong */
export function readHiddenDocument(fields: Fields): HiddenDocument {
  assertVersion(fields, hiddenFormat)
  return {
    format: hiddenFormat,
    version: formatVersion,
    model: readModel(fields.object('model')),
    position: fields.choice('position', positions)
  }
}

/** A document as the texts that safetensors keeps: text as it is, anything else as JSON. */
export function toTexts(document: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])
  )
}

/** The same back; `json` names what was not text. @throws LabError `format` */
export function fromTexts(texts: ReadonlyMap<string, string>, json: readonly string[], where: string): Fields {
  const parsed = json.map((key) => {
    try {
      return [key, JSON.parse(texts.get(key) ?? 'null')] as const
    } catch (cause) {
      throw new LabError('format', `${where}: ${key} in its metadata is not JSON: is the file whole?`, { cause })
    }
  })
  return new Fields({ ...Object.fromEntries(texts), ...Object.fromEntries(parsed) }, where)
}

/** Floats for JSON: 9 digits, which tell any two of them apart. */
export function decimals(data: Float32Array): readonly number[] {
  return Array.from(data, (x) => Number(x.toPrecision(9)))
}

function assertVersion(fields: Fields, format: string): void {
  fields.choice('format', { [format]: true })
  const version = fields.text('version')
  if (version === formatVersion) return
  throw new LabError(
    'format',
    `${fields.where} has version ${excerpt(version)}, this Azimuth reads ${formatVersion}: use the Azimuth that wrote it`
  )
}
