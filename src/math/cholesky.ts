/** K = L L' for symmetric positive definite K, and what is solved with it. In blocks, so that `product.ts` does the work. */
import { LabError } from '../errors'
import { transpose } from './gram'
import { addProductInto, type Block } from './product'

const block = 32

/**
 * The lower factor of K + ridge * I. [n][n], zeros above the diagonal. Reads the lower triangle of `matrix` only.
 * @throws LabError `shape` where the sum is not positive definite
 */
export function cholesky(matrix: Float64Array, n: number, ridge = 0): Float64Array {
  const factor = matrix.slice()
  for (let i = 0; i < n; i++) {
    factor[i * n + i] = (factor[i * n + i] ?? 0) + ridge
    factor.fill(0, i * n + i + 1, (i + 1) * n)
  }
  const part = (row: number, column: number): Block => ({ data: factor, at: row * n + column, stride: n })
  for (let from = 0; from < n; from += block) {
    const size = Math.min(block, n - from)
    addProductInto(part(from, from), part(from, 0), part(from, 0), [n - from, size, from], -1)
    factorInto(factor, n, from, size)
    forwardBlockInto(part(from + size, from), n - from - size, part(from, from), size)
  }
  return factor
}

/** The diagonal block, which the blocks left of it were taken from. Clears what lies above its diagonal. */
function factorInto(factor: Float64Array, n: number, from: number, size: number): void {
  for (let i = from; i < from + size; i++) {
    for (let j = from; j <= i; j++) {
      let sum = factor[i * n + j] ?? 0
      for (let k = from; k < j; k++) sum -= (factor[i * n + k] ?? 0) * (factor[j * n + k] ?? 0)
      if (i > j) factor[i * n + j] = sum / (factor[j * n + j] ?? 0)
      else if (sum > 0) factor[i * n + i] = Math.sqrt(sum)
      else throw new LabError('shape', `matrix is not positive definite at row ${i} of ${n}; use a larger ridge`)
    }
    factor.fill(0, i * n + i + 1, i * n + from + size)
  }
}

/** Solves y L' = rows in place, for one diagonal block of L. */
function forwardBlockInto({ data, at, stride }: Block, rows: number, lower: Block, size: number): void {
  for (let row = 0; row < rows; row++) {
    const start = at + row * stride
    for (let i = 0; i < size; i++) {
      const own = lower.at + i * lower.stride
      let sum = data[start + i] ?? 0
      for (let k = 0; k < i; k++) sum -= (data[start + k] ?? 0) * (lower.data[own + k] ?? 0)
      data[start + i] = sum / (lower.data[own + i] ?? 0)
    }
  }
}

/** Solves L y = r for each row r of `rows` [m][n]. [m][n] */
export function forwardSolve(factor: Float64Array, n: number, rows: Float64Array): Float64Array {
  const out = rows.slice()
  const m = rows.length / n
  for (let from = 0; from < n; from += block) {
    const size = Math.min(block, n - from)
    const own: Block = { data: out, at: from, stride: n }
    const lower: Block = { data: factor, at: from * n, stride: n }
    addProductInto(own, { ...own, at: 0 }, lower, [m, size, from], -1)
    forwardBlockInto(own, m, { ...lower, at: from * n + from }, size)
  }
  return out
}

/** Solves K x = r for each row r of `rows` [m][n], with K = L L'. [m][n] */
export function solve(factor: Float64Array, n: number, rows: Float64Array): Float64Array {
  const out = forwardSolve(factor, n, rows)
  const upper = transpose(factor, n, n)
  const m = rows.length / n
  for (let from = Math.floor((n - 1) / block) * block; from >= 0; from -= block) {
    const size = Math.min(block, n - from)
    const after = from + size
    const own: Block = { data: out, at: from, stride: n }
    const right: Block = { data: upper, at: from * n + after, stride: n }
    addProductInto(own, { ...own, at: after }, right, [m, size, n - after], -1)
    backBlockInto(out, m, upper, n, from, size)
  }
  return out
}

function backBlockInto(out: Float64Array, m: number, upper: Float64Array, n: number, from: number, size: number): void {
  for (let row = 0; row < m; row++) {
    for (let i = from + size - 1; i >= from; i--) {
      let sum = out[row * n + i] ?? 0
      for (let k = i + 1; k < from + size; k++) sum -= (out[row * n + k] ?? 0) * (upper[i * n + k] ?? 0)
      out[row * n + i] = sum / (upper[i * n + i] ?? 0)
    }
  }
}
