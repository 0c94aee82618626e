/** Held-out R2 of one fold of a ridge map, as a function of lambda0: in the dual form and in the primal. */
import { cholesky, solve } from './cholesky'
import { centredCross, centredGram, crossGram, gram, subMatrix, trace, transpose, transposed } from './gram'
import { meanRow, rowOf, shiftedRows, stackRows, type DoubleRows } from './rows'

/**
 * R2 of a held-out fold as a function of lambda0, from Gram matrices alone. With A = K_held,train (K_train + lambda I)^-1
 * the predictions are A Y_train, so |Y_held - A Y_train|^2 = tr(G_held) - 2 tr(A G_train,held) + tr(A G_train A').
 */
export function dualScorer(
  inputs: Float64Array,
  outputs: Float64Array,
  n: number,
  held: readonly number[]
): (lambda0: number) => number {
  const train = othersThan(held, n)
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

/**
 * The same from the rows themselves: the predictions of held-out rows H are H W with W = (T' T + lambda I)^-1 T' Y of the training
 * rows T, so |Y_held - H W|^2 = |Y_held|^2 - 2 sum(W o H' Y_held) + sum(W o (H' H) W), o element by element.
 */
export function primalScorer(x: DoubleRows, y: DoubleRows, held: readonly number[]): (lambda0: number) => number {
  const train = othersThan(held, x.rows)
  const [inputs, outputs] = [rowsAt(x, train), rowsAt(y, train)]
  const [inputMean, outputMean] = [meanRow(inputs), meanRow(outputs)]
  const columns = transposed(shiftedRows(inputs, inputMean))
  const answers = transposed(shiftedRows(outputs, outputMean))
  const kernel = gram(columns)
  // [target width][source width], as all that follows.
  const cross = crossGram(answers, columns)
  const heldInputs = transposed(shiftedRows(rowsAt(x, held), inputMean))
  const heldOutputs = shiftedRows(rowsAt(y, held), outputMean)
  const heldKernel = { data: gram(heldInputs), rows: x.width, width: x.width }
  const heldCross = crossGram(transposed(heldOutputs), heldInputs)
  const spread = squares(shiftedRows(heldOutputs, meanRow(heldOutputs)).data)
  const own = squares(heldOutputs.data)
  return (lambda0) => {
    const lambda = (lambda0 * trace(kernel, x.width)) / train.length
    const weights = solve(cholesky(kernel, x.width, lambda), x.width, cross)
    const images = crossGram({ data: weights, rows: y.width, width: x.width }, heldKernel)
    let error = own
    weights.forEach((weight, i) => (error += weight * ((images[i] ?? 0) - 2 * (heldCross[i] ?? 0))))
    return 1 - error / spread
  }
}

/** The rows of n that are not held out, ascending. */
function othersThan(held: readonly number[], n: number): readonly number[] {
  const out = new Set(held)
  return [...Array(n).keys()].filter((row) => !out.has(row))
}

function rowsAt(rows: DoubleRows, at: readonly number[]): DoubleRows {
  return stackRows(at.map((row) => rowOf(rows, row)))
}

function squares(values: Float64Array): number {
  return values.reduce((total, value) => total + value * value, 0)
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}
