/**
 * How well a layer's hidden states tell the two sides apart, on prompts that the direction was not
 * fitted on. Separation is not control: steering with a well separated layer may do nothing.
 */
import { gram } from '../math/gram'
import { seeded } from '../math/random'
import { meanRow, type DoubleRows, type Rows } from '../math/rows'
import { auroc, cohenD, mean, wilson } from '../math/statistics'
import { finish } from '../math/steps'
import { byPrompt, type Contrast } from './contrast'
import { pool } from './extract'
import { decideBy, type Folds } from './held-out'
import { layerOf } from './hidden-states'
import type { Method } from './method'
import { assignFolds, makeTask, swapLabels, type Labels, type Task } from './task'

export interface SeparationOptions {
  /** Default `difference-in-means`. */
  readonly method?: Method
  /** Folds; where a side has fewer than 2 prompts a fold, one prompt of each side is held out at a time. Default 5. */
  readonly folds?: number
  /** Random label swaps for the null. Default: see `defaultSwaps`. */
  readonly swaps?: number
  /** Default 0. */
  readonly seed?: number
  /** Whether the projections of single prompts are kept, as `heldOut`. Default false. */
  readonly keepProjections?: boolean
}

/**
 * Label swaps for the null by default. A discriminant is fitted anew for each swap and fold; a probe moreover chooses its
 * penalty anew each time, about a second a swap and layer at 250 prompts, so its null has to be asked for.
 */
export const defaultSwaps: Readonly<Record<Method, number>> = {
  'difference-in-means': 1000,
  'pca-paired': 1000,
  'pca-pooled': 1000,
  'linear-discriminant': 100,
  logistic: 0
}

/** Dimensions that `withoutMassive` leaves out, and the least width at which enough is left of a state to ask. */
const massive = 3
const leastWidth = 16

/** Scores of one layer, all on held-out prompts. */
export interface LayerSeparation {
  readonly layer: number
  /** Share of prompts on their side of the midpoint, between 0 and 1. */
  readonly accuracy: number
  /** Wilson 95 % interval. */
  readonly low: number
  readonly high: number
  /** Chance that a positive prompt projects above a negative one. */
  readonly auroc: number
  /** Difference of the sides' mean projections on unit directions, in units of the hidden states. */
  readonly heldOutGap: number
  /** The same in pooled standard deviations. */
  readonly cohenD: number
  /** Accuracy with the 3 dimensions of largest |mean| set to 0: what massive activations do not explain. NaN below a width of 16. */
  readonly withoutMassive: number
  /** Accuracy with swapped labels: mean and 95th percentile over the swaps. NaN without swaps, as is `p`. */
  readonly nullMean: number
  readonly null95: number
  /** Share of swaps (the real labels among them) that do as well. */
  readonly p: number
}

/**
 * How far each prompt projects beyond the midpoint, in units of the hidden states, on the unit direction that was fitted
 * without it: one number a prompt, in the order of the sides.
 */
export interface HeldOutProjections {
  readonly positive: readonly number[]
  readonly negative: readonly number[]
}

export interface Separation {
  readonly method: Method
  readonly layers: readonly LayerSeparation[]
  /** [layer]; only where they were asked for. */
  readonly heldOut?: readonly HeldOutProjections[]
  /** Prompts tested: both sides. */
  readonly n: number
  readonly folds: number
  readonly swaps: number
  readonly seed: number
  /** 95th percentile of the best layer under swapped labels: what picking the best layer buys by chance. */
  readonly bestNull95: number
}

/** Held-out separation of every layer, with intervals and a label-swap null. */
export function separation(contrast: Contrast, options: SeparationOptions = {}): Separation {
  return finish(separationSteps(contrast, options))
}

/** The same, one layer a step; yields the share done. */
export function* separationSteps(
  contrast: Contrast,
  {
    method = 'difference-in-means',
    folds = 5,
    swaps = defaultSwaps[method],
    seed = 0,
    keepProjections = false
  }: SeparationOptions = {}
): Generator<number, Separation> {
  const prompts = byPrompt(contrast)
  const { positive, negative } = prompts
  const task = makeTask(prompts)
  const random = seeded(seed)
  const split = assignFolds(task, folds, random)
  const swapped = Array.from({ length: swaps }, () => swapLabels(task, split.fold, random))
  const best = new Float64Array(swaps)
  const layers: LayerSeparation[] = []
  const heldOut: HeldOutProjections[] = []
  for (let layer = 0; layer < positive.layers; layer++) {
    const sides = [layerOf(positive, layer), layerOf(negative, layer)] as const
    const { scores, projections, shuffled } = scoreLayer(sides, { task, split, swapped, method })
    shuffled.forEach((value, swap) => (best[swap] = Math.max(best[swap] ?? 0, value)))
    layers.push({ layer, ...scores, ...againstNull(scores.accuracy, shuffled) })
    heldOut.push(projections)
    yield (layer + 1) / positive.layers
  }
  const n = task.labels.length
  const found = { method, layers, n, folds: split.folds, swaps, seed, bestNull95: percentile95(best) }
  return keepProjections ? { ...found, heldOut } : found
}

interface Trial {
  readonly task: Task
  readonly split: Folds
  readonly swapped: readonly Labels[]
  readonly method: Method
}

type Scores = Omit<LayerSeparation, 'layer' | 'nullMean' | 'null95' | 'p'>

function scoreLayer(
  [positive, negative]: readonly [Rows, Rows],
  { task, split, swapped, method }: Trial
): { scores: Scores; projections: HeldOutProjections; shuffled: Float64Array } {
  const rows = pool(positive, negative)
  const products = gram(rows)
  const decide = decideBy(method, products, task, split)
  const decisions = decide(task.labels)
  const accuracy = accuracyOf(decisions, task.labels)
  const reduced = gramWithout(products, rows, largestDimensions(positive, negative))
  const withoutMassive =
    rows.width < leastWidth ? NaN : accuracyOf(decideBy(method, reduced, task, split)(task.labels), task.labels)
  const shuffled = Float64Array.from(swapped, (labels) => accuracyOf(decide(labels), labels))
  const side = (sign: number): number[] => [...decisions].filter((_, row) => task.labels[row] === sign)
  const [up, down] = [side(1), side(-1)]
  const scores = {
    accuracy,
    ...wilson(accuracy, task.labels.length),
    auroc: auroc(up, down),
    heldOutGap: mean(up) - mean(down),
    cohenD: cohenD(up, down),
    withoutMassive
  }
  return { scores, projections: { positive: up, negative: down }, shuffled }
}

function accuracyOf(decisions: Float64Array, labels: Labels): number {
  let correct = 0
  for (let row = 0; row < labels.length; row++) if ((decisions[row] ?? 0) * (labels[row] ?? 0) > 0) correct++
  return correct / labels.length
}

/** Dimensions of largest |mean| over both sides, which no label decides. */
function largestDimensions(positive: Rows, negative: Rows): readonly number[] {
  const [up, down] = [meanRow(positive), meanRow(negative)]
  const sums = up.map((value, i) => Math.abs(value * positive.rows + (down[i] ?? 0) * negative.rows))
  return [...sums.keys()].sort((a, b) => (sums[b] ?? 0) - (sums[a] ?? 0)).slice(0, massive)
}

/** The Gram matrix of the rows with some dimensions set to 0, from the one with all. */
function gramWithout(
  products: Float64Array,
  { data, rows: n, width }: DoubleRows,
  dimensions: readonly number[]
): Float64Array {
  const out = products.slice()
  for (const dimension of dimensions) {
    for (let i = 0; i < n; i++) {
      const own = data[i * width + dimension] ?? 0
      for (let j = 0; j < n; j++) out[i * n + j] = (out[i * n + j] ?? 0) - own * (data[j * width + dimension] ?? 0)
    }
  }
  return out
}

function againstNull(accuracy: number, shuffled: Float64Array): Pick<LayerSeparation, 'nullMean' | 'null95' | 'p'> {
  if (shuffled.length === 0) return { nullMean: NaN, null95: NaN, p: NaN }
  const asGood = shuffled.filter((value) => value >= accuracy - 1e-9).length
  return { nullMean: mean(shuffled), null95: percentile95(shuffled), p: (asGood + 1) / (shuffled.length + 1) }
}

/** The smallest value that 95 % of the values do not exceed; NaN for none. */
function percentile95(values: Float64Array): number {
  const sorted = values.toSorted()
  return sorted[Math.max(0, Math.ceil(0.95 * sorted.length) - 1)] ?? NaN
}
