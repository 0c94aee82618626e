/**
 * How well a layer's hidden states tell the two lists apart, on prompts that the direction was not
 * fitted on. Separation is not control: steering with a well separated layer may do nothing.
 */
import { randomLcg, shuffler } from 'd3'
import { LabError } from '../errors'
import { addInto, dot } from '../math/vector'
import { hiddenState, type HiddenStates } from './hidden-states'
import { assertContrast } from './extract'
import { promptMeans } from './join'

export interface SeparationOptions {
  /** Folds; where a side has fewer than 2 prompts a fold, one prompt of each side is held out at a time. Default 5. */
  readonly folds?: number
  /** Random label swaps for the null. Default 200. */
  readonly swaps?: number
  /** Default 0. */
  readonly seed?: number
}

/** Held-out accuracy of one layer, between 0 and 1. */
export interface LayerSeparation {
  readonly layer: number
  readonly accuracy: number
  /** Wilson 95 % interval. */
  readonly low: number
  readonly high: number
  /** The same with shuffled labels: mean and 95th percentile over the swaps. */
  readonly nullMean: number
  readonly null95: number
  /** Share of shuffles (the real labels among them) that do as well. */
  readonly p: number
}

export interface Separation {
  readonly layers: readonly LayerSeparation[]
  /** Prompts tested: both sides. */
  readonly n: number
  readonly folds: number
  readonly swaps: number
  readonly seed: number
  /** 95th percentile of the best layer under shuffled labels: what picking the best layer buys by chance. */
  readonly bestNull95: number
}

/** A prompt's side: 1 positive, -1 negative. */
type Labels = Int8Array

interface Split {
  readonly labels: Labels
  /** For each prompt, the fold it is held out in. */
  readonly fold: Int32Array
}

/** Held-out separation of every layer, with intervals and a label-swap null. */
export function separation(
  positive: HiddenStates,
  negative: HiddenStates,
  options: SeparationOptions = {}
): Separation {
  const steps = separationSteps(positive, negative, options)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The same, one layer a step, so that a page can paint between layers. Yields the number of layers done. */
export function* separationSteps(
  positive: HiddenStates,
  negative: HiddenStates,
  { folds = 5, swaps = 200, seed = 0 }: SeparationOptions = {}
): Generator<number, Separation> {
  assertContrast(positive, negative)
  const up = promptMeans(positive)
  const down = promptMeans(negative)
  const pairs = Math.min(up.rows, down.rows)
  if (pairs < 2) throw new LabError('shape', 'held-out separation needs 2 prompts on each side; add prompts')
  const used = pairs < 2 * folds ? pairs : folds
  const splits = makeSplits(up.rows, down.rows, used, swaps, seed)
  const best = new Float64Array(swaps)
  const layers: LayerSeparation[] = []
  for (let layer = 0; layer < up.layers; layer++) {
    const gram = gramOf(centred(up, down, layer))
    const [accuracy = 0, ...shuffled] = splits.map((split) => heldOutAccuracy(gram, split, used))
    shuffled.forEach((value, swap) => (best[swap] = Math.max(best[swap] ?? 0, value)))
    layers.push(summarize(layer, accuracy, shuffled, up.rows + down.rows))
    yield layer + 1
  }
  return { layers, n: up.rows + down.rows, folds: used, swaps, seed, bestNull95: percentile95(best) }
}

/** The Wilson 95 % interval of a share: right also near 0 and 1, and for few trials. */
export function wilson(share: number, n: number): { readonly low: number; readonly high: number } {
  const z = 1.959964
  const middle = share + (z * z) / (2 * n)
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  const scale = 1 + (z * z) / n
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) }
}

function summarize(layer: number, accuracy: number, shuffled: readonly number[], n: number): LayerSeparation {
  const asGood = shuffled.filter((value) => value >= accuracy - 1e-9).length
  return {
    layer,
    accuracy,
    ...wilson(accuracy, n),
    nullMean: shuffled.reduce((sum, value) => sum + value, 0) / Math.max(1, shuffled.length),
    null95: percentile95(shuffled),
    p: (asGood + 1) / (shuffled.length + 1)
  }
}

/** The smallest value that 95 % of the values do not exceed. */
function percentile95(values: Iterable<number>): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(0.95 * sorted.length) - 1)] ?? 0
}

/** The real labels first, then the shuffled ones. Each has its own folds, balanced over its two sides. */
function makeSplits(positive: number, negative: number, folds: number, swaps: number, seed: number): readonly Split[] {
  const shuffle = shuffler(randomLcg(seed))
  const labels = Int8Array.from({ length: positive + negative }, (_, i) => (i < positive ? 1 : -1))
  const everyLabels = [labels, ...Array.from({ length: swaps }, () => shuffle(labels.slice()))]
  return everyLabels.map((some) => ({ labels: some, fold: assignFolds(some, folds, shuffle) }))
}

function assignFolds(labels: Labels, folds: number, shuffle: <T>(array: T[]) => T[]): Int32Array {
  const fold = new Int32Array(labels.length)
  for (const side of [1, -1]) {
    const members = shuffle([...labels.keys()].filter((i) => labels[i] === side))
    members.forEach((member, place) => (fold[member] = place % folds))
  }
  return fold
}

/** A layer's prompts of both sides less their grand mean, which no decision depends on: [row][width]. */
function centred(positive: HiddenStates, negative: HiddenStates, layer: number): readonly Float64Array[] {
  const rows = [positive, negative].flatMap((side) =>
    Array.from({ length: side.rows }, (_, row) => Float64Array.from(hiddenState(side, layer, row)))
  )
  const mean = new Float64Array(positive.width)
  for (const row of rows) addInto(mean, row, 1 / rows.length)
  for (const row of rows) addInto(row, mean, -1)
  return rows
}

/** Inner products of all rows, `[row][row]`: all that difference-in-means with a midpoint threshold depends on. */
function gramOf(rows: readonly Float64Array[]): Float64Array {
  const n = rows.length
  const gram = new Float64Array(n * n)
  rows.forEach((a, i) => {
    for (let j = i; j < n; j++) {
      gram[i * n + j] = gram[j * n + i] = dot(a, rows[j] ?? a)
    }
  })
  return gram
}

/**
 * Share of prompts on the right side of the midpoint, each tested in the fold that holds it out.
 * With means p and q of the training prompts, x is positive where (p - q) . x > (|p|^2 - |q|^2) / 2.
 */
function heldOutAccuracy(gram: Float64Array, { labels, fold }: Split, folds: number): number {
  const n = labels.length
  let correct = 0
  for (let held = 0; held < folds; held++) {
    const weight = trainingWeights(labels, fold, held)
    const projection = new Float64Array(n)
    let threshold = 0
    for (let i = 0; i < n; i++) {
      let up = 0
      let down = 0
      for (let j = 0; j < n; j++) {
        const w = weight[j] ?? 0
        if (w > 0) up += w * (gram[i * n + j] ?? 0)
        else if (w < 0) down -= w * (gram[i * n + j] ?? 0)
      }
      projection[i] = up - down
      const w = weight[i] ?? 0
      threshold += w > 0 ? (w * up) / 2 : (w * down) / 2
    }
    for (let i = 0; i < n; i++) {
      if (fold[i] === held && (labels[i] ?? 0) * ((projection[i] ?? 0) - threshold) > 0) correct++
    }
  }
  return correct / n
}

/** 1 / n+ for training prompts of the positive side, -1 / n- for the negative, 0 for held-out ones. */
function trainingWeights(labels: Labels, fold: Int32Array, held: number): Float64Array {
  const counts = { up: 0, down: 0 }
  labels.forEach((label, i) => {
    if (fold[i] !== held) counts[label > 0 ? 'up' : 'down'] += 1
  })
  return Float64Array.from(labels, (label, i) => {
    if (fold[i] === held) return 0
    return label > 0 ? 1 / counts.up : -1 / counts.down
  })
}
