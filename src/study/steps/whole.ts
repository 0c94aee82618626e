/** Whether a cell that was read holds all that its step would have written: a file may have been cut, or be a stranger's. */
import { fieldsOf } from '../../formats/fields'
import type { Entry } from '../journal'

/** So many numbers beside the JSON. */
export const hasFloats = ({ floats }: Entry, count: number): boolean => floats?.length === count

/** Fields of the JSON that are of these types. `list` is an array. */
export function hasFields(
  json: unknown,
  types: Readonly<Record<string, 'number' | 'string' | 'list' | 'object'>>
): boolean {
  const fields = fieldsOf(json)
  return Object.entries(types).every(([name, type]) => {
    const value = fields.get(name)
    if (type === 'list') return Array.isArray(value)
    return typeof value === type && value !== null && !Array.isArray(value)
  })
}

/** A list of so many whole numbers from 0, each below `end`. */
export function isIndexes(value: unknown, count: number, end = Infinity): value is readonly number[] {
  const isIndex = (one: unknown): boolean => Number.isSafeInteger(one) && Number(one) >= 0 && Number(one) < end
  return Array.isArray(value) && value.length === count && value.every(isIndex)
}

/** A list, as fields of its elements; empty for anything else. */
export function listOf(value: unknown): readonly ReadonlyMap<string, unknown>[] {
  return Array.isArray(value) ? value.map(fieldsOf) : []
}
