/** A list of vectors as one array, and what is done to all of them at once. */
import { addInto, length, type Vector } from './vector'

/** `rows` vectors of length `width`. */
export interface Rows {
  /** [row][width] */
  readonly data: Vector
  readonly rows: number
  readonly width: number
}

/** The same in double precision, as the kernels take it. */
export interface DoubleRows extends Rows {
  readonly data: Float64Array
}

/** One row, as a view. */
export function rowOf<T extends Rows>({ data, width }: T, row: number): T['data'] {
  return data.subarray(row * width, (row + 1) * width)
}

/** Vectors as rows, copied. All have the length of the first. */
export function stackRows(vectors: readonly Vector[]): DoubleRows {
  const width = vectors[0]?.length ?? 0
  const data = new Float64Array(vectors.length * width)
  vectors.forEach((vector, row) => data.set(vector, row * width))
  return { data, rows: vectors.length, width }
}

/** The mean row; zeros where there is none. [width] */
export function meanRow(rows: Rows): Float64Array {
  const mean = new Float64Array(rows.width)
  for (let row = 0; row < rows.rows; row++) addInto(mean, rowOf(rows, row))
  return mean.map((value) => value / Math.max(1, rows.rows))
}

/** The rows less a vector, in double precision. */
export function shiftedRows(rows: Rows, origin: Vector): DoubleRows {
  const data = new Float64Array(rows.data)
  for (let row = 0; row < rows.rows; row++) addInto(data.subarray(row * rows.width, (row + 1) * rows.width), origin, -1)
  return { data, rows: rows.rows, width: rows.width }
}

/** Mean length of the rows. */
export function meanLength(rows: Rows): number {
  let sum = 0
  for (let row = 0; row < rows.rows; row++) sum += length(rowOf(rows, row))
  return sum / Math.max(1, rows.rows)
}

/** The sum of the rows, each times its weight: a vector of the rows' span from its dual coefficients. [width] */
export function weightedSum(rows: Rows, weights: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(rows.width)
  for (let row = 0; row < rows.rows; row++) {
    const weight = weights[row] ?? 0
    if (weight !== 0) addInto(sum, rowOf(rows, row), weight)
  }
  return sum
}
