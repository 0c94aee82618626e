/** A direction that is kept by name: what it holds, how the browser keeps it, and how it is steered by. */
import { combine, type Operation } from '../../direction/combine'
import type { Direction } from '../../direction/direction'
import { readDirections, writeDirections } from '../../direction/files/files'
import { LabError } from '../../errors'
import { object, read, text } from '../../formats/schema'
import { nextTime } from '../created'
import type { DirectionSet } from './fits.svelte'
import type { Imported } from './imported'
import { minus } from '../../math/number-text'

export interface SavedDirection {
  readonly id: string
  /** ISO 8601; the order of the list. */
  readonly created: string
  readonly name: string
  readonly modelName: string
  /** The ends of the alpha slider. */
  readonly positiveName: string
  readonly negativeName: string
  readonly direction: Direction
}

/** The direction of one layer of what is on the bench, by this name. @throws LabError `shape` where it has none there */
export function savedFrom(set: DirectionSet, layer: number, name: string): SavedDirection {
  const direction = set.directions.find((one) => one.layer === layer)
  if (!direction) throw new LabError('shape', `these directions have none at layer ${layer}; choose another layer`)
  const { positiveName, negativeName, model } = set
  return { ...newFacts(), name, modelName: model.name, positiveName, negativeName, direction }
}

/** What was asked of which saved directions. */
export interface Arithmetic {
  readonly operation: Operation
  readonly first: SavedDirection
  readonly others: readonly SavedDirection[]
  readonly factor: number
}

/** The result by this name; its ends keep the names of the first's sides only where it is the first, scaled. @throws LabError `shape` */
export function computed({ operation, first, others, factor }: Arithmetic, name: string): SavedDirection {
  const direction = combine({
    operation,
    first: first.direction,
    others: others.map((other) => other.direction),
    factor
  })
  const [up, down] = [first.positiveName, first.negativeName]
  const isScaled = operation === 'scale'
  const ends = isScaled ? (factor < 0 ? [down, up] : [up, down]) : ['the direction', 'its opposite']
  const [positiveName = '', negativeName = ''] = ends
  return { ...newFacts(), name, modelName: first.modelName, positiveName, negativeName, direction }
}

/** What a result is called until it is renamed. */
export function arithmeticName({ operation, first, others, factor }: Arithmetic): string {
  const rest = others.map(({ name }) => name)
  if (operation === 'scale') return `${minus(`${factor}`)} \u00d7 ${first.name}`
  if (operation === 'orthogonalize') return `${first.name} without ${rest.join(', ')}`
  return `${first.name} ${operation === 'add' ? '+' : '\u2212'} ${rest.join(', ')}`
}

/** A saved direction as something to steer by. */
export function savedSet({ name, modelName, positiveName, negativeName, direction }: SavedDirection): Imported {
  const model = { ...direction.model, name: modelName }
  const shared = { kind: 'imported', source: 'saved', separation: null, notes: [] } as const
  return { ...shared, name, model, positiveName, negativeName, directions: [direction] }
}

/** As the browser keeps it: the vector in a file of its own, which is checked when it is read. */
export function keptForm({ direction, ...facts }: SavedDirection): Omit<SavedDirection, 'direction'> & {
  readonly file: Uint8Array<ArrayBuffer>
} {
  const [file] = writeDirections([direction], { format: 'safetensors', name: 'kept' })
  return { ...facts, file: file?.bytes ?? new Uint8Array() }
}

/** All of a saved direction but its numbers. */
export const savedSchema = object({
  id: text,
  created: text,
  name: text,
  modelName: text,
  positiveName: text,
  negativeName: text
})

/** @throws LabError `format` for what cannot be read, or was kept otherwise */
export function readKept(value: unknown): SavedDirection {
  const where = 'a saved direction'
  return withVector(read(savedSchema, value, where), bytesOf(value), where)
}

/** The facts with the direction of a file. @param where it stands, for errors. @throws LabError `format` */
export function withVector(
  facts: Omit<SavedDirection, 'direction'>,
  bytes: Uint8Array<ArrayBuffer>,
  where: string
): SavedDirection {
  const found = readDirections([{ name: where, bytes }])
  const direction = found.kind === 'directions' ? found.directions[0] : undefined
  if (!direction) throw new LabError('format', 'a saved direction has no vector: save it again')
  return { ...facts, direction }
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  const isThere = typeof value === 'object' && value !== null && 'file' in value
  if (isThere && value.file instanceof Uint8Array) return new Uint8Array(value.file)
  throw new LabError('format', 'a saved direction has no vector: save it again')
}

function newFacts(): Pick<SavedDirection, 'id' | 'created'> {
  return { id: crypto.randomUUID(), created: nextTime() }
}
