/** Principal components, by ml-matrix on the Gram matrix: n x n numbers, whatever the width. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { gram } from './gram'
import { meanRow, shiftedRows, weightedSum, type Rows } from './rows'

/** An eigenvalue with its unit eigenvector. */
export interface Eigenpair {
  readonly value: number
  readonly vector: Float64Array
}

/** The eigenpairs of a symmetric n x n matrix, the largest value first. */
export function eigenpairs(matrix: Float64Array, n: number): readonly Eigenpair[] {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(Matrix.from1DArray(n, n, matrix), {
    assumeSymmetric: true
  })
  return realEigenvalues
    .map((value, column) => ({ value, vector: Float64Array.from(eigenvectorMatrix.getColumn(column)) }))
    .sort((a, b) => b.value - a.value)
}

/** Unit principal components of the rows less their mean, the largest variance first; fewer than `count` where the rows span less. */
export function principalComponents(rows: Rows, count: number): readonly Float64Array[] {
  const centred = shiftedRows(rows, meanRow(rows))
  const pairs = eigenpairs(gram(centred), rows.rows)
  const least = 1e-10 * (pairs[0]?.value ?? 0)
  return pairs
    .slice(0, count)
    .filter(({ value }) => value > least)
    .map(({ value, vector }) =>
      weightedSum(
        centred,
        vector.map((weight) => weight / Math.sqrt(value))
      )
    )
}
