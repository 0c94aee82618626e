/** A square table of transfers, from each of k models to each other; the diagonal is not used. */
import { Matrix, solve } from 'ml-matrix'
import { LabError } from '../errors'

/** mean + sending[s] + receiving[t], each of the two adding up to 0. */
export interface AdditiveFit {
  readonly mean: number
  readonly sending: readonly number[]
  readonly receiving: readonly number[]
}

/**
 * The least-squares fit of T[s, t] = mean + a_s + b_t to the cells off the diagonal. `table` is [from][to].
 * @throws LabError `shape` for fewer than 3 models, whose 2 cells cannot tell the parts apart
 */
export function additiveFit(table: ArrayLike<number>, models: number): AdditiveFit {
  if (models < 3) throw new LabError('shape', `an additive fit of ${models} models; it takes at least 3`)
  const design: number[][] = []
  const cells: number[] = []
  for (let from = 0; from < models; from++) {
    for (let to = 0; to < models; to++) {
      if (from === to) continue
      design.push([1, ...effects(from, models), ...effects(to, models)])
      cells.push(table[from * models + to] ?? NaN)
    }
  }
  const [mean = NaN, ...parts] = solve(new Matrix(design), Matrix.columnVector(cells)).getColumn(0)
  return { mean, sending: withLast(parts.slice(0, models - 1)), receiving: withLast(parts.slice(models - 1)) }
}

/** The last model's effect is minus the sum of the others', so that all add up to 0. */
function effects(model: number, models: number): number[] {
  return Array.from({ length: models - 1 }, (_, i) => (model === models - 1 ? -1 : Number(model === i)))
}

function withLast(parts: readonly number[]): readonly number[] {
  return [...parts, -parts.reduce((sum, value) => sum + value, 0)]
}
