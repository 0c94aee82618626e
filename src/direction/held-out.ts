/** Decisions about prompts that the direction was not fitted on, from Gram matrices. */
import { subMatrix, times } from '../math/gram'
import { weighBy, type Method, type Weigh } from './method'
import { subTask, type Labels, type Task } from './task'

export interface Folds {
  /** For each row, the fold it is held out in. */
  readonly fold: Int32Array
  readonly folds: number
}

/**
 * For each row, how far it projects beyond the midpoint of the training means, on the unit direction fitted without its
 * fold; positive rows should lie above 0. A function of the labels, since what does not depend on them is done once.
 */
export type Decide = (labels: Labels) => Float64Array

/** Decisions by a method; `gram` [row][row] is of the task's rows about any one origin. */
export function decideBy(method: Method, gram: Float64Array, task: Task, folds: Folds): Decide {
  return method === 'difference-in-means' ? decideByMeans(gram, folds) : decideByWeights(method, gram, task, folds)
}

/**
 * Difference-in-means without fitting anything: with p and q the training means, row x lies (p - q) . x - (|p|^2 - |q|^2) / 2
 * beyond the midpoint, times |p - q|. All of it follows from the sums, per fold, of the positive rows of the Gram matrix,
 * which is why 1,000 label swaps are cheap: n^2 / 2 additions each.
 */
function decideByMeans(gram: Float64Array, { fold, folds }: Folds): Decide {
  const n = fold.length
  const members = Array.from({ length: folds }, (_, held) =>
    Int32Array.from([...fold.keys()].filter((row) => fold[row] === held))
  )
  const every = members.map((rows) => sumRowsInto(new Float64Array(n), gram, rows, rows.length))
  const everyTotal = totalInto(new Float64Array(n), every)
  // One set of buffers for all the calls: 1,000 swaps would make a heap of garbage.
  const up = members.map(() => new Float64Array(n))
  const upTotal = new Float64Array(n)
  const chosen = new Int32Array(n)
  return (labels) => {
    members.forEach((rows, index) => {
      let count = 0
      for (const row of rows) if ((labels[row] ?? 0) > 0) chosen[count++] = row
      sumRowsInto(up[index] ?? upTotal, gram, chosen, count)
    })
    totalInto(upTotal, up)
    const decisions = new Float64Array(n)
    members.forEach((rows, held) => {
      const [own, all] = [up[held] ?? upTotal, every[held] ?? everyTotal]
      decideFoldInto(decisions, { own, upTotal, all, everyTotal }, labels, fold, held, rows)
    })
    return decisions
  }
}

/** Sums of rows of the Gram matrix, [row] each: positive rows and all rows, of one fold and of all folds. */
interface Sums {
  readonly own: Float64Array
  readonly upTotal: Float64Array
  readonly all: Float64Array
  readonly everyTotal: Float64Array
}

function decideFoldInto(
  decisions: Float64Array,
  { own, upTotal, all, everyTotal }: Sums,
  labels: Labels,
  fold: Int32Array,
  held: number,
  rows: Int32Array
): void {
  let [positive, negative, pp, qq, pq] = [0, 0, 0, 0, 0]
  for (let row = 0; row < labels.length; row++) {
    if (fold[row] === held) continue
    const above = (upTotal[row] ?? 0) - (own[row] ?? 0)
    const below = (everyTotal[row] ?? 0) - (all[row] ?? 0) - above
    if ((labels[row] ?? 0) > 0) {
      positive++
      pp += above
      pq += below
    } else {
      negative++
      qq += below
    }
  }
  pp /= positive * positive
  qq /= negative * negative
  pq /= positive * negative
  const distance = Math.sqrt(Math.max(pp + qq - 2 * pq, 0))
  for (const row of rows) {
    const above = (upTotal[row] ?? 0) - (own[row] ?? 0)
    const below = (everyTotal[row] ?? 0) - (all[row] ?? 0) - above
    decisions[row] = (above / positive - below / negative - (pp - qq) / 2) / distance
  }
}

/** The sum of `count` rows of an n x n matrix, four at a time: memory is what this waits for. */
function sumRowsInto(sum: Float64Array, matrix: Float64Array, rows: Int32Array, count: number): Float64Array {
  const n = sum.length
  sum.fill(0)
  let next = 0
  for (; next + 4 <= count; next += 4) {
    let a = (rows[next] ?? 0) * n
    let b = (rows[next + 1] ?? 0) * n
    let c = (rows[next + 2] ?? 0) * n
    let d = (rows[next + 3] ?? 0) * n
    for (let i = 0; i < n; i++) {
      sum[i] = (sum[i] ?? 0) + ((matrix[a++] ?? 0) + (matrix[b++] ?? 0) + ((matrix[c++] ?? 0) + (matrix[d++] ?? 0)))
    }
  }
  for (; next < count; next++) {
    let a = (rows[next] ?? 0) * n
    for (let i = 0; i < n; i++) sum[i] = (sum[i] ?? 0) + (matrix[a++] ?? 0)
  }
  return sum
}

function totalInto(total: Float64Array, parts: readonly Float64Array[]): Float64Array {
  total.fill(0)
  for (const part of parts) for (let i = 0; i < total.length; i++) total[i] = (total[i] ?? 0) + (part[i] ?? 0)
  return total
}

function decideByWeights(method: Method, gram: Float64Array, task: Task, { fold, folds }: Folds): Decide {
  const n = task.labels.length
  const rows = [...fold.keys()]
  const parts = Array.from({ length: folds }, (_, held) => {
    const train = rows.filter((row) => fold[row] !== held)
    const test = rows.filter((row) => fold[row] === held)
    const own = subMatrix(gram, n, train, train)
    const cross = subMatrix(gram, n, test, train)
    return { train, test, own, cross, weigh: weighBy(method, own, subTask(task, train)) }
  })
  return (labels) => {
    const decisions = new Float64Array(n)
    for (const { train, test, own, cross, weigh } of parts) {
      const some = Int8Array.from(train, (row) => labels[row] ?? 0)
      const { weights, midpoint, size } = fitted(weigh, own, some)
      times(cross, weights).forEach((value, place) => (decisions[test[place] ?? 0] = (value - midpoint) / size))
    }
    return decisions
  }
}

/** A direction by its weights, the middle of the two means along it, and its length. */
function fitted(
  weigh: Weigh,
  gram: Float64Array,
  labels: Labels
): { weights: Float64Array; midpoint: number; size: number } {
  const weights = weigh(labels)
  const projections = times(gram, weights)
  let [up, down, positive, square] = [0, 0, 0, 0]
  projections.forEach((value, row) => {
    square += value * (weights[row] ?? 0)
    if ((labels[row] ?? 0) > 0) {
      up += value
      positive += 1
    } else down += value
  })
  const midpoint = (up / positive + down / (labels.length - positive)) / 2
  return { weights, midpoint, size: Math.sqrt(Math.max(square, 0)) }
}
