/**
 * Ridge maps between two spaces in the dual form: W = X' (X X' + lambda I)^-1 Y with a few hundred rows and
 * thousands of columns on both sides. W is never made: R2 needs the two Gram matrices only, and a carried direction
 * one solve. Both sides are centred and divided by their mean row length, so lambda0 means the same for any pair.
 */
import { LabError } from '../errors'
import { cholesky, solve } from './cholesky'
import { centredCross, centredGram, crossGram, gram, subMatrix, times, trace, transpose } from './gram'
import { permutation, seeded } from './random'
import { meanLength, meanRow, shiftedRows, weightedSum, type DoubleRows, type Rows } from './rows'

/** 10^-4 to 10^2. */
export const lambdaGrid: readonly number[] = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100]

export interface RidgeOptions {
  /** Values of lambda0 = lambda N / trace(X X'). Default 10^-4 to 10^2. */
  readonly lambdas?: readonly number[]
  /** Default 5. */
  readonly folds?: number
  /** Of the folds: row order[i] is held out in fold i % folds, and `seed` shuffles the order. */
  readonly seed: number
  /** In place of a shuffled one. */
  readonly order?: readonly number[]
}

/** A map from rows of `source.mean.length` numbers to rows of `target.mean.length`. */
export interface RidgeMap {
  readonly source: Side
  readonly target: Side
  /** Lower factor of X X' + lambda I. [N][N] */
  readonly factor: Float64Array
  readonly lambda0: number
  /** In the units of the scaled rows. */
  readonly lambda: number
  /** Cross-validated R2 of each lambda0, mean over folds; all outputs together, weighted by their variance. */
  readonly curve: readonly { readonly lambda0: number; readonly r2: number }[]
  /** Of the chosen lambda0: on held-out rows, though lambda0 was chosen on them. */
  readonly r2: number
}

/** One side's rows, centred and scaled. A row h becomes (h - mean) / scale. */
export interface Side {
  readonly rows: DoubleRows
  readonly mean: Float64Array
  /** Mean length of the centred rows. */
  readonly scale: number
}

/** Fits the map; see `ridgeSteps`. */
export function fitRidge(x: Rows, y: Rows, options: RidgeOptions): RidgeMap {
  const steps = ridgeSteps(x, y, options)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/**
 * The same in short steps; yields the share done. Row i of `x` and row i of `y` belong together.
 * @throws LabError `shape` where the two have different numbers of rows, too few for the folds, or rows that are all the same
 */
export function* ridgeSteps(
  x: Rows,
  y: Rows,
  { lambdas = lambdaGrid, folds = 5, seed, order = permutation(x.rows, seeded(seed)) }: RidgeOptions
): Generator<number, RidgeMap> {
  if (x.rows !== y.rows) throw new LabError('shape', `${x.rows} rows against ${y.rows}; capture the same texts`)
  if (x.rows < 2 * folds) throw new LabError('shape', `${x.rows} rows for ${folds} folds; capture more texts`)
  const [source, target] = [prepare(x), prepare(y)]
  yield 0.02
  const inputs = gram(source.rows)
  yield 0.2
  const outputs = gram(target.rows)
  yield 0.35
  const sums = lambdas.map(() => 0)
  for (let fold = 0; fold < folds; fold++) {
    const held = order.filter((_, place) => place % folds === fold)
    const score = foldScorer(inputs, outputs, x.rows, held)
    for (const [i, lambda0] of lambdas.entries()) {
      sums[i] = (sums[i] ?? 0) + score(lambda0) / folds
      yield 0.35 + (0.6 * (fold * lambdas.length + i + 1)) / (folds * lambdas.length)
    }
  }
  const curve = lambdas.map((lambda0, i) => ({ lambda0, r2: sums[i] ?? NaN }))
  const best = curve.reduce((a, b) => (b.r2 > a.r2 ? b : a))
  const lambda = (best.lambda0 * trace(inputs, x.rows)) / x.rows
  return { source, target, factor: cholesky(inputs, x.rows, lambda), lambda, curve, ...best }
}

function prepare(rows: Rows): Side {
  const mean = meanRow(rows)
  const centred = shiftedRows(rows, mean)
  const scale = meanLength(centred)
  if (!(scale > 0 && scale < Infinity)) {
    throw new LabError('shape', `mean length of the centred rows is ${scale}; capture texts that differ`)
  }
  const data = centred.data.map((value) => value / scale)
  return { rows: { ...centred, data }, mean, scale }
}

/**
 * R2 of a held-out fold as a function of lambda0, from Gram matrices alone. With A = K_held,train (K_train + lambda I)^-1
 * the predictions are A Y_train, so |Y_held - A Y_train|^2 = tr(G_held) - 2 tr(A G_train,held) + tr(A G_train A').
 */
function foldScorer(
  inputs: Float64Array,
  outputs: Float64Array,
  n: number,
  held: readonly number[]
): (lambda0: number) => number {
  const train = [...Array(n).keys()].filter((row) => !held.includes(row))
  const [m, k] = [held.length, train.length]
  const trainInputs = subMatrix(inputs, n, train, train)
  const trainOutputs = subMatrix(outputs, n, train, train)
  const crossOutputs = subMatrix(outputs, n, held, train)
  const heldOutputs = subMatrix(outputs, n, held, held)
  const kernel = centredGram(trainInputs, k)
  const cross = centredCross(subMatrix(inputs, n, held, train), m, trainInputs, k)
  const answers = centredGram(trainOutputs, k)
  const answersCross = centredCross(crossOutputs, m, trainOutputs, k)
  // Held-out rows less the training mean: |y|^2 - 2 y . mean + |mean|^2.
  const own = trace(heldOutputs, m) - (2 * sum(crossOutputs)) / k + (m * sum(trainOutputs)) / (k * k)
  const spread = trace(centredGram(heldOutputs, m), m)
  return (lambda0) => {
    const weights = solve(cholesky(kernel, k, (lambda0 * trace(kernel, k)) / k), k, cross)
    // tr(A G A') = tr((A' A) G) takes half the work of A G: A' A is symmetric.
    const square = gram({ data: transpose(weights, m, k), rows: k, width: m })
    let error = own
    weights.forEach((weight, i) => (error -= 2 * weight * (answersCross[i] ?? 0)))
    square.forEach((value, i) => (error += value * (answers[i] ?? 0)))
    return 1 - error / spread
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Images of rows under the map, in the target's own units. [row][target width] */
export function mapRows({ source, target, factor }: RidgeMap, rows: Rows): DoubleRows {
  const n = source.rows.rows
  const scaled = shiftedRows(rows, source.mean)
  const cross = crossGram({ ...scaled, data: scaled.data.map((value) => value / source.scale) }, source.rows)
  const weights = solve(factor, n, cross)
  const width = target.mean.length
  const data = new Float64Array(rows.rows * width)
  for (let row = 0; row < rows.rows; row++) {
    const image = weightedSum(target.rows, weights.subarray(row * n, (row + 1) * n))
    image.forEach((value, i) => (data[row * width + i] = value * target.scale + (target.mean[i] ?? 0)))
  }
  return { data, rows: rows.rows, width }
}

/** W' u in the target's own units: where the map moves a row that moves by u. Not normalised. [target width] */
export function carry({ source, target, factor }: RidgeMap, direction: ArrayLike<number>): Float64Array {
  const weights = solve(factor, source.rows.rows, times(source.rows.data, direction))
  return weightedSum(target.rows, weights).map((value) => (value * target.scale) / source.scale)
}

/** R2 of the map on rows it has not seen: all outputs together, weighted by their variance. */
export function mapR2(map: RidgeMap, x: Rows, y: Rows): number {
  const images = mapRows(map, x)
  const centre = meanRow(y)
  let [error, spread] = [0, 0]
  for (const [i, value] of y.data.entries()) {
    error += (value - (images.data[i] ?? 0)) ** 2
    spread += (value - (centre[i % y.width] ?? 0)) ** 2
  }
  return 1 - error / spread
}
