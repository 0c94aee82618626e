/** One mean out of several runs of the same experiment, which differ among themselves more than each one's own error says. */
import type { Estimate } from './bootstrap'
import { mean, variance } from './statistics'

/** The 97.5th percentile of Student's t, by degrees of freedom from 1. Beyond the table the last one is used, which is a little too wide. */
const t975 = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788, 2.1604, 2.1448, 2.1314,
  2.1199, 2.1098, 2.1009, 2.093, 2.086
] as const

export interface PooledMean extends Estimate {
  readonly n: number
  /** Standard deviation between the runs beyond what each one's own error makes: DerSimonian and Laird's, at least 0. */
  readonly between: number
}

/**
 * The random-effects mean of estimates with their standard errors, with the 95 % interval of Hartung and Knapp: t with n - 1
 * degrees. For one estimate the interval is not known (NaN): a run by itself says nothing of others.
 */
export function randomEffects(estimates: readonly { readonly value: number; readonly error: number }[]): PooledMean {
  const n = estimates.length
  const between = Math.sqrt(betweenVariance(estimates))
  const weights = estimates.map(({ error }) => 1 / (error ** 2 + between ** 2))
  const isWeighted = weights.every((weight) => Number.isFinite(weight))
  const shares = isWeighted ? normalised(weights) : estimates.map(() => 1 / n)
  const estimate = estimates.reduce((sum, { value }, i) => sum + (shares[i] ?? 0) * value, 0)
  if (n < 2) return { estimate: n === 0 ? NaN : estimate, low: NaN, high: NaN, n, between: NaN }
  const spread = estimates.reduce((sum, { value }, i) => sum + (shares[i] ?? 0) * (value - estimate) ** 2, 0)
  const half = (t975[Math.min(n - 1, t975.length) - 1] ?? NaN) * Math.sqrt(spread / (n - 1))
  return { estimate, low: estimate - half, high: estimate + half, n, between }
}

function betweenVariance(estimates: readonly { readonly value: number; readonly error: number }[]): number {
  if (estimates.length < 2) return NaN
  const weights = estimates.map(({ error }) => 1 / error ** 2)
  // Estimates without an error of their own: all that differs lies between them.
  if (!weights.every((weight) => Number.isFinite(weight))) return variance(estimates.map(({ value }) => value))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const shares = normalised(weights)
  const centre = estimates.reduce((total, { value }, i) => total + (shares[i] ?? 0) * value, 0)
  const q = estimates.reduce((total, { value }, i) => total + (weights[i] ?? 0) * (value - centre) ** 2, 0)
  const scale = sum - weights.reduce((total, weight) => total + weight ** 2, 0) / sum
  return Math.max(0, (q - (estimates.length - 1)) / scale)
}

function normalised(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

/** Where the variance of a mean over prompts and directions comes from: parts of it, in the square of the values' unit. */
export interface CrossedVariance {
  readonly prompts: number
  readonly directions: number
  /** Of both together: what one prompt makes of one direction. */
  readonly both: number
}

/**
 * Variance parts of the grand mean of a crossed table, by the method of moments, none below 0. `table` is [direction][prompt].
 * NaN for fewer than 2 of either.
 */
export function crossedVariance(table: readonly ArrayLike<number>[]): CrossedVariance {
  const [rows, columns] = [table.length, table[0]?.length ?? 0]
  if (rows < 2 || columns < 2) return { prompts: NaN, directions: NaN, both: NaN }
  const rowMeans = table.map((row) => mean(row))
  const columnMeans = Array.from({ length: columns }, (_, i) => mean(table.map((row) => row[i] ?? NaN)))
  const grand = mean(rowMeans)
  let rest = 0
  table.forEach((row, r) => {
    for (let c = 0; c < columns; c++)
      rest += ((row[c] ?? NaN) - (rowMeans[r] ?? 0) - (columnMeans[c] ?? 0) + grand) ** 2
  })
  const residual = rest / ((rows - 1) * (columns - 1))
  return {
    prompts: Math.max(0, variance(columnMeans) - residual / rows) / columns,
    directions: Math.max(0, variance(rowMeans) - residual / columns) / rows,
    both: residual / (rows * columns)
  }
}
