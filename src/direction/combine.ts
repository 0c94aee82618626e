/** One step of arithmetic on directions, as it is asked for: checked before, so that no result is empty or infinite. */
import { LabError } from '../errors'
import { add, orthogonalize, scale } from './algebra'
import type { Direction } from './direction'

export type Operation = 'add' | 'subtract' | 'scale' | 'orthogonalize'

export interface Combination {
  readonly operation: Operation
  readonly first: Direction
  /** One for a sum or a difference, one or more to be orthogonal to, none to scale. */
  readonly others: readonly Direction[]
  /** Used to scale. */
  readonly factor: number
}

/** Below this share of what went in, a result is rounding. */
const nothing = 1e-6

/**
 * The result, at the norm that the arithmetic gives it.
 * @throws LabError `shape` for directions of different layers, widths or models, and where nothing is left
 */
export function combine({ operation, first, others, factor }: Combination): Direction {
  if (operation === 'scale') return scaled(first, factor)
  const [second] = others
  if (!second) throw new LabError('shape', 'one direction was chosen, this takes two; choose another one')
  if (operation === 'orthogonalize') return orthogonalize(first, ...others)
  const result = add(first, operation === 'add' ? second : scale(second, -1))
  if (result.norm > nothing * Math.max(first.norm, second.norm)) return result
  throw new LabError('shape', 'the two cancel each other, nothing is left; choose two that differ')
}

function scaled(direction: Direction, factor: number): Direction {
  if (Number.isFinite(factor) && factor !== 0) return { ...scale(direction, factor), method: 'combined' }
  const given = Number.isFinite(factor) ? '0' : 'no number'
  throw new LabError('shape', `the factor is ${given}, nothing would be left; give a number other than 0`)
}

/** Whether two directions can be compared and combined: one base, layer and width. */
export function placeKey({ model, layer, vector }: Direction): string {
  return JSON.stringify([model.sha256, model.dtype, layer, vector.length])
}
