/**
 * Gram matrices: all inner products of n rows. Where n is far below the width, everything that a linear
 * method learns from the rows is in these n x n numbers, and is cheaper to learn from them.
 */
import { addProductInto, whole } from './product'
import type { DoubleRows } from './rows'
import { mean } from './statistics'

/** Inner products of all rows with each other, symmetric. [row][row] */
export function gram({ data, rows: n, width }: DoubleRows): Float64Array {
  const out = new Float64Array(n * n)
  const all = whole(data, width)
  addProductInto(whole(out, n), all, all, [n, n, width], 1, true)
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) out[j * n + i] = out[i * n + j] ?? 0
  return out
}

/** Inner products of the rows of `a` with those of `b`. [row of a][row of b] */
export function crossGram(a: DoubleRows, b: DoubleRows): Float64Array {
  const out = new Float64Array(a.rows * b.rows)
  addProductInto(whole(out, b.rows), whole(a.data, a.width), whole(b.data, b.width), [a.rows, b.rows, a.width])
  return out
}

/** Some rows and columns of a matrix of n columns. [row][column] */
export function subMatrix(
  matrix: Float64Array,
  n: number,
  rows: readonly number[],
  columns: readonly number[]
): Float64Array {
  const out = new Float64Array(rows.length * columns.length)
  let at = 0
  for (const row of rows) for (const column of columns) out[at++] = matrix[row * n + column] ?? 0
  return out
}

/** What `gram` gives for rows less their mean, from the Gram matrix of the rows as they are. [n][n] */
export function centredGram(matrix: Float64Array, n: number): Float64Array {
  const means = rowMeans(matrix, n, n)
  const all = mean(means)
  return shift(matrix, n, means, means, all)
}

/**
 * The same for other rows, less the mean of the n rows that `matrix` is of. `cross` holds their inner products
 * with the n rows. [m][n]
 */
export function centredCross(cross: Float64Array, m: number, matrix: Float64Array, n: number): Float64Array {
  const means = rowMeans(matrix, n, n)
  return shift(cross, n, rowMeans(cross, m, n), means, mean(means))
}

/** matrix[i][j] - left[i] - right[j] + all */
function shift(matrix: Float64Array, n: number, left: Float64Array, right: Float64Array, all: number): Float64Array {
  const out = new Float64Array(matrix.length)
  for (let i = 0; i < left.length; i++) {
    const own = (left[i] ?? 0) - all
    for (let j = 0; j < n; j++) out[i * n + j] = (matrix[i * n + j] ?? 0) - own - (right[j] ?? 0)
  }
  return out
}

function rowMeans(matrix: Float64Array, m: number, n: number): Float64Array {
  return Float64Array.from({ length: m }, (_, i) => mean(matrix.subarray(i * n, (i + 1) * n)))
}

/** matrix v, for a matrix of `v.length` columns. */
export function times(matrix: Float64Array, v: ArrayLike<number>): Float64Array {
  const n = v.length
  return Float64Array.from({ length: matrix.length / n }, (_, i) => {
    let sum = 0
    for (let j = 0; j < n; j++) sum += (matrix[i * n + j] ?? 0) * (v[j] ?? 0)
    return sum
  })
}

/** The sum of the diagonal of an n x n matrix. */
export function trace(matrix: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += matrix[i * n + i] ?? 0
  return sum
}

/** [m][n] to [n][m]. */
export function transpose(matrix: Float64Array, m: number, n: number): Float64Array {
  const out = new Float64Array(m * n)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = matrix[i * n + j] ?? 0
  return out
}

/** Columns as rows. */
export function transposed({ data, rows, width }: DoubleRows): DoubleRows {
  return { data: transpose(data, rows, width), rows: width, width: rows }
}
