/** How long hidden states are at each layer, and which few dimensions that length comes from. */
import { meanRow, rowOf } from '../math/rows'
import { mean, quantile } from '../math/statistics'
import { length } from '../math/vector'
import { layerOf, type HiddenStates } from './hidden-states'

/** A dimension of large mean: massive activations sit in the same few dimensions whatever the prompt. */
export interface LargeDimension {
  readonly dimension: number
  /** Mean over the rows. */
  readonly mean: number
  /** |mean| over the median |mean| of all dimensions; Infinity where that is 0. */
  readonly ratio: number
}

export interface LayerNorms {
  readonly layer: number
  /** |h| over the rows: mean and quartiles. */
  readonly mean: number
  readonly low: number
  readonly median: number
  readonly high: number
  /** The three of largest |mean|, the largest first. */
  readonly largest: readonly LargeDimension[]
}

const count = 3

/** One entry a layer. */
export function layerNorms(states: HiddenStates): readonly LayerNorms[] {
  return Array.from({ length: states.layers }, (_, layer) => {
    const rows = layerOf(states, layer)
    const norms = Float64Array.from({ length: rows.rows }, (_, row) => length(rowOf(rows, row))).sort()
    const means = meanRow(rows)
    const usual = quantile(means.map(Math.abs), 0.5)
    const order = [...means.keys()].sort((a, b) => Math.abs(means[b] ?? 0) - Math.abs(means[a] ?? 0))
    return {
      layer,
      mean: mean(norms),
      low: quantile(norms, 0.25),
      median: quantile(norms, 0.5),
      high: quantile(norms, 0.75),
      largest: order.slice(0, count).map((dimension) => {
        const value = means[dimension] ?? 0
        return { dimension, mean: value, ratio: Math.abs(value) / usual }
      })
    }
  })
}
