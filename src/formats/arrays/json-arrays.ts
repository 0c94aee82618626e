/** Arrays of floats in JSON: lists of numbers, lists of such lists, and objects that hold them by name. */
import { LabError } from '../../errors'
import { arraysIn, type Arrays, type FloatArray, type Tree } from './arrays'
import { floats, isObject, read } from '../schema'

/** @param where the file, for messages. @throws LabError `format` for a list that begins with numbers and has others in it */
export function jsonArrays(value: unknown, where: string): Arrays {
  return arraysIn(value, (one) => readList(one, where))
}

function readList(value: unknown, where: string): FloatArray | Tree | undefined {
  if (isObject(value)) return new Map(Object.entries(value))
  if (!isList(value)) return undefined
  const [first] = value
  if (typeof first === 'number') return { shape: [value.length], data: read(floats, value, where) }
  if (!isList(first) || typeof first[0] !== 'number') return value
  const rows = value.map((row, i) => read(floats, row, `${where}: row ${i}`))
  const width = first.length
  const ragged = rows.findIndex((row) => row.length !== width)
  if (ragged >= 0) {
    const text = `row ${ragged} of ${rows[ragged]?.length ?? 0} numbers, the first has ${width}: write rows of one width`
    throw new LabError('format', `${where} has a ${text}`)
  }
  const data = new Float32Array(rows.length * width)
  rows.forEach((row, i) => data.set(row, i * width))
  return { shape: [rows.length, width], data }
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)
