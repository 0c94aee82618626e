/**
 * Ridge maps between two spaces, Y = X W, in the form that is smaller. Dual, W = X' (X X' + lambda I)^-1 Y, for a few hundred rows
 * of thousands of numbers; primal, W = (X' X + lambda I)^-1 X' Y, for more rows than numbers. W is never made: R2 needs inner
 * products only, and a carried direction one solve. Both sides are centred and divided by their mean row length, so lambda0
 * means the same for any pair.
 */
import { LabError } from '../errors'
import { cholesky, solve } from './cholesky'
import { crossGram, gram, trace, transposed } from './gram'
import { permutation, seeded } from './random'
import { dualScorer, primalScorer } from './ridge-folds'
import { meanLength, meanRow, shiftedRows, stackRows, weightedSum, type DoubleRows, type Rows } from './rows'

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
  /** Default: the smaller one. Both give the same map. */
  readonly form?: 'primal' | 'dual'
}

/** A map from rows of `source.mean.length` numbers to rows of `target.mean.length`. */
export interface RidgeMap {
  readonly source: Frame
  readonly target: Frame
  /** How many rows it was fitted on. */
  readonly n: number
  /** Dual: X, [N][source width]. Null in the primal form. */
  readonly inputs: DoubleRows | null
  /** Dual: Y, [N][target width]. Primal: X' Y, [source width][target width]. */
  readonly outputs: DoubleRows
  /** Lower factor of X X' + lambda I, [N][N], or of X' X + lambda I, [source width][source width]. */
  readonly factor: Float64Array
  readonly lambda0: number
  /** In the units of the scaled rows. */
  readonly lambda: number
  /** Cross-validated R2 of each lambda0, mean over folds; all outputs together, weighted by their variance. */
  readonly curve: readonly { readonly lambda0: number; readonly r2: number }[]
  /** Of the chosen lambda0: on held-out rows, though lambda0 was chosen on them. */
  readonly r2: number
}

/** A row h of one side becomes (h - mean) / scale. */
export interface Frame {
  readonly mean: Float64Array
  /** Mean length of the centred rows. */
  readonly scale: number
}

/** What cross-validation asks of one form, and how the map is made in the end. */
interface Form {
  /** Held-out R2 of one fold as a function of lambda0. */
  readonly scorer: (held: readonly number[]) => (lambda0: number) => number
  /** X X' or X' X, whose traces are one. [size][size] */
  readonly products: Float64Array
  readonly size: number
  readonly inputs: DoubleRows | null
  readonly outputs: DoubleRows
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
  { lambdas = lambdaGrid, folds = 5, seed, order = permutation(x.rows, seeded(seed)), form }: RidgeOptions
): Generator<number, RidgeMap> {
  if (x.rows !== y.rows) throw new LabError('shape', `${x.rows} rows against ${y.rows}; capture the same texts`)
  if (x.rows < 2 * folds) throw new LabError('shape', `${x.rows} rows for ${folds} folds; capture more texts`)
  const [source, target] = [frameOf(x), frameOf(y)]
  const sides = [framed(x, source), framed(y, target)] as const
  yield 0.02
  const isPrimal = (form ?? (x.width < x.rows ? 'primal' : 'dual')) === 'primal'
  const { scorer, products, size, inputs, outputs } = yield* isPrimal ? primalSteps(...sides) : dualSteps(...sides)
  const sums = lambdas.map(() => 0)
  for (let fold = 0; fold < folds; fold++) {
    const score = scorer(order.filter((_, place) => place % folds === fold))
    for (const [i, lambda0] of lambdas.entries()) {
      sums[i] = (sums[i] ?? 0) + score(lambda0) / folds
      yield 0.35 + (0.6 * (fold * lambdas.length + i + 1)) / (folds * lambdas.length)
    }
  }
  const curve = lambdas.map((lambda0, i) => ({ lambda0, r2: sums[i] ?? NaN }))
  const best = curve.reduce((a, b) => (b.r2 > a.r2 ? b : a))
  const lambda = (best.lambda0 * trace(products, size)) / x.rows
  const factor = cholesky(products, size, lambda)
  return { source, target, n: x.rows, inputs, outputs, factor, lambda, curve, ...best }
}

function frameOf(rows: Rows): Frame {
  const mean = meanRow(rows)
  const scale = meanLength(shiftedRows(rows, mean))
  if (scale > 0 && scale < Infinity) return { mean, scale }
  throw new LabError('shape', `mean length of the centred rows is ${scale}; capture texts that differ`)
}

/** Rows centred and scaled. */
function framed(rows: Rows, { mean, scale }: Frame): DoubleRows {
  const centred = shiftedRows(rows, mean)
  return { ...centred, data: centred.data.map((value) => value / scale) }
}

function* dualSteps(x: DoubleRows, y: DoubleRows): Generator<number, Form> {
  const products = gram(x)
  yield 0.2
  const answers = gram(y)
  yield 0.35
  return {
    scorer: (held) => dualScorer(products, answers, x.rows, held),
    ...{ products, size: x.rows, inputs: x, outputs: y }
  }
}

function* primalSteps(x: DoubleRows, y: DoubleRows): Generator<number, Form> {
  const [columns, answers] = [transposed(x), transposed(y)]
  const products = gram(columns)
  yield 0.2
  const outputs = { data: crossGram(columns, answers), rows: x.width, width: y.width }
  yield 0.35
  return { scorer: (held) => primalScorer(x, y, held), products, size: x.width, inputs: null, outputs }
}

/** Images of rows under the map, in the target's own units. [row][target width] */
export function mapRows(map: RidgeMap, rows: Rows): DoubleRows {
  const { source, target } = map
  const images = imagesOf(map, framed(rows, source))
  const { width } = images
  const data = images.data.map((value, i) => value * target.scale + (target.mean[i % width] ?? 0))
  return { ...images, data }
}

/**
 * W' u in the target's own units: where the map moves a row that moves by u. Not normalised. [target width]
 * @throws LabError `shape` for a direction of another width than the source's
 */
export function carry(map: RidgeMap, direction: ArrayLike<number>): Float64Array {
  const { length: width } = map.source.mean
  if (direction.length !== width) {
    const got = `a direction of ${direction.length} numbers`
    throw new LabError('shape', `${got} for a map from ${width}: carry one of the map's own source`)
  }
  const row = { data: Float64Array.from(direction), rows: 1, width: direction.length }
  return imagesOf(map, row).data.map((value) => (value * map.target.scale) / map.source.scale)
}

/** Rows of the source's frame times W. [row][target width] */
function imagesOf({ inputs, outputs, factor }: RidgeMap, rows: DoubleRows): DoubleRows {
  const right = inputs ? crossGram(rows, inputs) : rows.data
  const weights = solve(factor, outputs.rows, right)
  const images = Array.from({ length: rows.rows }, (_, row) =>
    weightedSum(outputs, weights.subarray(row * outputs.rows, (row + 1) * outputs.rows))
  )
  return images.length > 0 ? stackRows(images) : { data: new Float64Array(), rows: 0, width: outputs.width }
}
