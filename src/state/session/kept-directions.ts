/** What stands on the bench to steer by, as the browser and a session file keep it: facts as JSON, numbers as safetensors. */
import { readDirections, writeDirections } from '../../direction/files/files'
import { modelFields } from '../../direction/files/metadata'
import { separationFields } from '../../direction/files/separation-schema'
import type { Separation } from '../../direction/separation'
import { LabError } from '../../errors'
import {
  choice,
  ifThere,
  list,
  number,
  object,
  ofKind,
  oneOf,
  read,
  text,
  type Read,
  type Schema
} from '../../formats/schema'
import { floatTensor, readSafetensors, tensorFloats, writeSafetensors } from '../../formats/safetensors'
import type { DirectionSet } from '../directions/fits.svelte'
import { modelInfoSchema } from './read-model'

/** A set in two parts. */
export interface KeptDirections {
  /** JSON. */
  readonly facts: Readonly<Record<string, unknown>>
  /** safetensors: a tensor a layer, as a file of directions has them. */
  readonly directions: Uint8Array<ArrayBuffer>
  /** safetensors with `centers`, `[layers][width]`; null where the set has none. */
  readonly centers: Uint8Array<ArrayBuffer> | null
}

export function keepDirections(set: DirectionSet): KeptDirections {
  const [file] = writeDirections(set.directions, { format: 'safetensors', name: 'kept' })
  if (!file) throw new LabError('shape', 'there is no direction to keep: fit one first')
  const { directions: _directions, ...facts } = set
  if (facts.kind === 'imported') return { facts, directions: file.bytes, centers: null }
  const { centers, ...plain } = facts
  const width = set.directions[0]?.vector.length ?? 1
  const tensor = floatTensor([centers.length / width, width], centers)
  return { facts: plain, directions: file.bytes, centers: writeSafetensors(new Map([['centers', tensor]])) }
}

const separation: Schema<Separation> = object({
  ...separationFields,
  heldOut: ifThere(list(object({ positive: list(number), negative: list(number) })))
})
const sides = { positiveName: text, negativeName: text } as const
const imported = ofKind('imported', {
  source: choice({ file: true, saved: true, link: true }),
  name: text,
  model: object({ ...modelFields, name: text }),
  ...sides,
  notes: list(text)
})
const fitted = ofKind('fitted', {
  contrast: choice({ lists: true, adapter: true }),
  model: modelInfoSchema,
  ...sides,
  positive: list(text),
  negative: list(text),
  separation
})
const factsSchema = oneOf([imported, fitted])

/** @param where they stand, for errors. @throws LabError `format` that names what is wrong */
export function readDirectionsKept(
  facts: unknown,
  where: string,
  { directions: bytes, centers }: Pick<KeptDirections, 'directions' | 'centers'>
): DirectionSet {
  const found = readDirections([{ name: where, bytes }])
  if (found.kind !== 'directions') throw new LabError('format', `${where} does not say which model it is of`)
  const { directions } = found
  const known = read(factsSchema, facts, where)
  return known.kind === 'imported'
    ? { ...known, directions, separation: null }
    : { ...known, directions, centers: centersOf(known, where, directions.length, centers) }
}

/** `[layers][width]`. @throws LabError `format` where they do not fit the model, or directions or scores of a layer are missing */
function centersOf(
  { model: { layers, width }, separation: { layers: scores } }: Read<typeof fitted>,
  where: string,
  directions: number,
  bytes: KeptDirections['centers']
): Float32Array {
  const tensor = bytes && readSafetensors(bytes).get('centers')
  if (!tensor) throw new LabError('format', `${where} lacks its centers: is the file whole?`)
  const centers = tensorFloats('centers', tensor)
  if (centers.length === layers * width && directions === layers && scores.length === layers) return centers
  throw new LabError('format', `${where} is of ${layers} layers, and does not have one of each: is it whole?`)
}
