/** Logistic regression with an L2 penalty, in the dual, the penalty chosen by cross-validation. */
import { cholesky, solve } from '../math/cholesky'
import { centredGram, centredCross, subMatrix, times, trace } from '../math/gram'
import { seeded } from '../math/random'
import { assignFolds, subTask, type Labels, type Task } from './task'

/** Penalties over the mean squared length of the centred rows. Only their order of magnitude matters. Descending: each fit starts from the one before. */
export const penaltyGrid: readonly number[] = [100, 10, 1, 1e-1, 1e-2, 1e-3]

const folds = 5
const foldSeed = 0

interface Probe {
  /** One weight a row, adding up to 0. */
  readonly weights: Float64Array
  readonly bias: number
}

/** Weights of the rows in the probe of least held-out loss. Folds keep prompts together. */
export function logisticWeights(gram: Float64Array, task: Task): Float64Array {
  const n = task.labels.length
  const centred = centredGram(gram, n)
  const penalty = choosePenalty(gram, task) * (trace(centred, n) / n)
  return fitLogistic(centred, task.labels, penalty).weights
}

/** The entry of `penaltyGrid` with the least held-out log loss. */
export function choosePenalty(gram: Float64Array, task: Task): number {
  const n = task.labels.length
  const { fold, folds: used } = assignFolds(task, folds, seeded(foldSeed))
  const losses = penaltyGrid.map(() => 0)
  for (let held = 0; held < used; held++) {
    const rows = [...task.labels.keys()]
    const train = rows.filter((row) => fold[row] !== held)
    const test = rows.filter((row) => fold[row] === held)
    const { labels } = subTask(task, train)
    const own = subMatrix(gram, n, train, train)
    const kernel = centredGram(own, train.length)
    const cross = centredCross(subMatrix(gram, n, test, train), test.length, own, train.length)
    const unit = trace(kernel, train.length) / train.length
    let probe: Probe | undefined
    penaltyGrid.forEach((penalty, i) => {
      const { weights, bias } = (probe = fitLogistic(kernel, labels, penalty * unit, { from: probe, precision: 1e-5 }))
      times(cross, weights).forEach((value, place) => {
        const label = task.labels[test[place] ?? 0] ?? 0
        losses[i] = (losses[i] ?? 0) + softplus(-label * (value + bias))
      })
    })
  }
  return penaltyGrid[losses.indexOf(Math.min(...losses))] ?? NaN
}

/**
 * Minimises sum log(1 + exp(-y (w . x + bias))) + penalty |w|^2 / 2 over w = sum of weights times rows, by Newton steps
 * (Rasmussen and Williams 2006, algorithm 3.1, with a bias that is not penalised). `kernel` is a Gram matrix.
 */
export function fitLogistic(
  kernel: Float64Array,
  labels: Labels,
  penalty: number,
  { from, precision = 1e-12 }: { readonly from?: Probe | undefined; readonly precision?: number } = {}
): Probe {
  let probe: Probe = from ?? { weights: new Float64Array(labels.length), bias: 0 }
  let loss = from ? lossOf(kernel, labels, penalty, from) : Infinity
  for (let step = 0; step < 100; step++) {
    const { next, loss: found } = descend(kernel, labels, penalty, probe, loss)
    const gain = loss - found
    if (!(gain > 0)) break
    probe = next
    loss = found
    if (gain < precision * loss) break
  }
  return probe
}

/** One Newton step, halved while it does not lower the loss. */
function descend(
  kernel: Float64Array,
  labels: Labels,
  penalty: number,
  from: Probe,
  loss: number
): { next: Probe; loss: number } {
  const target = newtonTarget(kernel, labels, penalty, from)
  const at = (share: number): Probe => ({
    weights: from.weights.map((weight, i) => weight + share * ((target.weights[i] ?? 0) - weight)),
    bias: from.bias + share * (target.bias - from.bias)
  })
  let share = 1
  let next = target
  let found = lossOf(kernel, labels, penalty, next)
  while (!(found < loss) && share > 1e-6) {
    share /= 2
    next = at(share)
    found = lossOf(kernel, labels, penalty, next)
  }
  return { next, loss: found }
}

/** Solves [K + penalty / W, 1; 1', 0] [weights; bias] = [z; 0] for the working response z = f + (y - p) / W, W = p (1 - p). */
function newtonTarget(kernel: Float64Array, labels: Labels, penalty: number, { weights, bias }: Probe): Probe {
  const n = labels.length
  const f = times(kernel, weights).map((value) => value + bias)
  const p = f.map((value) => 1 / (1 + Math.exp(-value)))
  const root = p.map((value) => Math.sqrt(Math.max(value * (1 - value), 1e-14)))
  const scaled = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const row = (root[i] ?? 0) / penalty
    for (let j = 0; j < n; j++) scaled[i * n + j] = row * (kernel[i * n + j] ?? 0) * (root[j] ?? 0)
  }
  const right = new Float64Array(2 * n)
  f.forEach((value, i) => {
    const r = root[i] ?? 1
    right[i] = r * value + (((labels[i] ?? 0) > 0 ? 1 : 0) - (p[i] ?? 0)) / r
    right[n + i] = r
  })
  const solved = solve(cholesky(scaled, n, 1), n, right)
  const inverse = (start: number): Float64Array => root.map((r, i) => (r * (solved[start + i] ?? 0)) / penalty)
  const [ofResponse, ofOnes] = [inverse(0), inverse(n)]
  const next = sum(ofResponse) / sum(ofOnes)
  return { weights: ofResponse.map((value, i) => value - next * (ofOnes[i] ?? 0)), bias: next }
}

function lossOf(kernel: Float64Array, labels: Labels, penalty: number, { weights, bias }: Probe): number {
  const values = times(kernel, weights)
  let loss = 0
  values.forEach((value, i) => {
    loss += softplus(-(labels[i] ?? 0) * (value + bias)) + (penalty / 2) * value * (weights[i] ?? 0)
  })
  return loss
}

/** log(1 + exp(x)), also for large x. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}
