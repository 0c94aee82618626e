/** The linear discriminant with Ledoit and Wolf's shrunk covariance, from Gram matrices. */
import { cholesky, solve } from '../math/cholesky'
import { times, trace } from '../math/gram'
import { meanWeights, type Labels } from './task'

/**
 * Weights of the rows in C^-1 (mean+ - mean-), where C = (1 - s) S + s m I, S the covariance within the sides and m its
 * mean variance. In the dual, with X the rows less the mean of their side, n of them, a = s m, b = (1 - s) / n and d the
 * difference of the means: C^-1 d = (d - b X' (a I + b X X')^-1 X d) / a.
 */
export function discriminantWeights(gram: Float64Array, labels: Labels, width: number): Float64Array {
  const n = labels.length
  const within = centredBySide(gram, labels)
  const { shrinkage, meanVariance } = ledoitWolf(within, n, width)
  const difference = meanWeights(labels)
  const a = shrinkage * meanVariance
  const b = (1 - shrinkage) / n
  if (!(a > 0)) return difference
  const products = lessSideMeans(times(gram, difference), labels)
  const factor = cholesky(
    within.map((value) => b * value),
    n,
    a
  )
  const inner = lessSideMeans(solve(factor, n, products), labels)
  return difference.map((value, i) => value - b * (inner[i] ?? 0))
}

/**
 * How far to shrink the covariance of n centred rows toward m I, from their Gram matrix.
 * Ledoit and Wolf 2004, A well-conditioned estimator for large-dimensional covariance matrices.
 */
export function ledoitWolf(
  gram: Float64Array,
  n: number,
  width: number
): { readonly shrinkage: number; readonly meanVariance: number } {
  const meanVariance = trace(gram, n) / n / width
  const squares = gram.reduce((sum, value) => sum + value * value, 0) / (n * n)
  let fourth = 0
  for (let i = 0; i < n; i++) fourth += (gram[i * n + i] ?? 0) ** 2
  const delta = squares / width - meanVariance * meanVariance
  const beta = (fourth / n - squares) / (width * n)
  return { shrinkage: delta > 0 ? Math.max(0, Math.min(beta, delta)) / delta : 1, meanVariance }
}

/** The Gram matrix of the rows less the mean of their side. */
function centredBySide(gram: Float64Array, labels: Labels): Float64Array {
  const n = labels.length
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) out.set(lessSideMeans(gram.subarray(i * n, (i + 1) * n), labels), i * n)
  for (let j = 0; j < n; j++) {
    const column = lessSideMeans(
      Float64Array.from({ length: n }, (_, i) => out[i * n + j] ?? 0),
      labels
    )
    column.forEach((value, i) => (out[i * n + j] = value))
  }
  return out
}

/** Values less the mean of their side. */
function lessSideMeans(values: Float64Array, labels: Labels): Float64Array {
  let [up, down, positive] = [0, 0, 0]
  values.forEach((value, i) => {
    if ((labels[i] ?? 0) > 0) {
      up += value
      positive += 1
    } else down += value
  })
  const [high, low] = [up / positive, down / (values.length - positive)]
  return values.map((value, i) => value - ((labels[i] ?? 0) > 0 ? high : low))
}
