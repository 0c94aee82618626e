/** Whether a cell that was read holds all that its step would have written: a file may have been cut, or be a stranger's. */
import type { Entry } from '../journal'

/** So many numbers beside the JSON. */
export const hasFloats = ({ floats }: Entry, count: number): boolean => floats?.length === count

/** What was read of a cell that was found whole before. @throws RangeError for one that is not whole after all */
export function whole<T>(read: T | null, key: string): T {
  if (read === null) throw new RangeError(`the cell ${key} is not whole`)
  return read
}
