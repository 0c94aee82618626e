import { expect, it } from 'vitest'
import { decideBy } from '../../src/direction/held-out'
import type { Task } from '../../src/direction/task'
import { gram } from '../../src/math/gram'
import { gaussian, seeded } from '../../src/math/random'
import { meanRow, rowOf, stackRows, type DoubleRows } from '../../src/math/rows'
import { addInto, dot, length } from '../../src/math/vector'

const width = 7
const fold = Int32Array.from([0, 1, 2, 0, 1, 2, 0, 1, 0, 1, 2, 0])
const rows: DoubleRows = {
  data: Float64Array.from({ length: fold.length * width }, gaussian(seeded(1))),
  rows: fold.length,
  width
}

it('decides as means of the training rows do, however the labels are swapped', () => {
  for (const seed of [1, 2, 3]) {
    const random = seeded(seed)
    // Both labels in every fold, in unequal numbers.
    const labels = Int8Array.from(fold, (_, row) => (row < 3 ? 1 : row < 6 ? -1 : random() < 0.5 ? 1 : -1))
    const task: Task = { labels, pairs: [], singles: [...labels.keys()], width }
    const decisions = decideBy('difference-in-means', gram(rows), task, { fold, folds: 3 })(labels)
    decisions.forEach((decision, row) => expect(decision).toBeCloseTo(primal(row, labels), 10))
  }
})

/** Projection of a row beyond the midpoint, from the means of the rows in other folds. */
function primal(row: number, labels: Int8Array): number {
  const meanOf = (sign: number): Float64Array => {
    const members = [...labels.keys()].filter((other) => fold[other] !== fold[row] && labels[other] === sign)
    return meanRow(stackRows(members.map((member) => rowOf(rows, member))))
  }
  const [p, q] = [meanOf(1), meanOf(-1)]
  const difference = p.slice()
  addInto(difference, q, -1)
  const middle = p.map((value, i) => (value + (q[i] ?? 0)) / 2)
  return (dot(difference, rowOf(rows, row)) - dot(difference, middle)) / length(difference)
}
