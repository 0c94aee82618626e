/** Statistics of single samples: order, rates, ranks, two groups. */
import { LabError } from '../errors'

/** The value below which a share of the values lies, between neighbours in a straight line: numpy's default. NaN for none. */
export function quantile(values: Iterable<number>, share: number): number {
  return sortedQuantile(Float64Array.from(values).sort(), share)
}

/** The same for values that are sorted. */
export function sortedQuantile(sorted: ArrayLike<number>, share: number): number {
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? NaN
  const high = sorted[Math.ceil(place)] ?? NaN
  return low + (high - low) * (place - Math.floor(place))
}

/** NaN for none. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0
  return sum / values.length
}

/** The unbiased variance. NaN for fewer than two. */
export function variance(values: ArrayLike<number>): number {
  const middle = mean(values)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += ((values[i] ?? 0) - middle) ** 2
  return values.length < 2 ? NaN : sum / (values.length - 1)
}

export interface Interval {
  readonly low: number
  readonly high: number
}

/** The Wilson 95 % interval of a share of n: right also near 0 and 1, and for few trials. */
export function wilson(share: number, n: number): Interval {
  const z = 1.959963984540054
  const middle = share + (z * z) / (2 * n)
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  const scale = 1 + (z * z) / n
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) }
}

/** Holm's adjusted p values, in the order given: below .05 means significant with all of them tested. */
export function holm(p: readonly number[]): readonly number[] {
  const order = [...p.keys()].sort((a, b) => (p[a] ?? 0) - (p[b] ?? 0))
  const adjusted = new Array<number>(p.length)
  let largest = 0
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (p.length - rank) * (p[index] ?? NaN)))
    adjusted[index] = largest
  })
  return adjusted
}

/** Ranks from 1; equal values share the mean of their ranks. */
export function ranks(values: readonly number[]): readonly number[] {
  const order = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
  const out = new Array<number>(values.length)
  for (let from = 0; from < order.length;) {
    let to = from + 1
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to++
    for (const index of order.slice(from, to)) out[index] = (from + 1 + to) / 2
    from = to
  }
  return out
}

/** Spearman's rank correlation; NaN where one side is constant or a value is. @throws LabError `shape` for sides of unequal length */
export function spearman(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) {
    throw new LabError('shape', `${a.length} values against ${b.length}: give one of each side for every pair`)
  }
  if ([...a, ...b].some(Number.isNaN)) return NaN
  const [x, y] = [ranks(a), ranks(b)]
  const [mx, my] = [mean(x), mean(y)]
  let [xy, xx, yy] = [0, 0, 0]
  x.forEach((value, i) => {
    const other = (y[i] ?? 0) - my
    xy += (value - mx) * other
    xx += (value - mx) ** 2
    yy += other ** 2
  })
  return xy / Math.sqrt(xx * yy)
}

/**
 * How rare a value is among its controls, itself counted: (1 + number of controls that reach it) / (1 + number of controls).
 * NaN for a value that is not known; a control that is not known counts as one that reaches it.
 */
export function rankP(value: number, controls: readonly number[]): number {
  if (Number.isNaN(value)) return NaN
  return (1 + controls.filter((control) => !(control < value)).length) / (1 + controls.length)
}

/** Chance that a positive value exceeds a negative one, ties half: the area under the ROC curve. */
export function auroc(positive: readonly number[], negative: readonly number[]): number {
  const all = ranks([...positive, ...negative])
  const sum = all.slice(0, positive.length).reduce((total, rank) => total + rank, 0)
  return (sum - (positive.length * (positive.length + 1)) / 2) / (positive.length * negative.length)
}

/** Difference of the means in pooled standard deviations. */
export function cohenD(positive: readonly number[], negative: readonly number[]): number {
  const [n, m] = [positive.length - 1, negative.length - 1]
  const pooled = (n * variance(positive) + m * variance(negative)) / (n + m)
  return (mean(positive) - mean(negative)) / Math.sqrt(pooled)
}
