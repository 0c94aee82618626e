/**
 * Directions as values. What is added and scaled is the vector of one gap, `norm * vector`: twice a direction steers at
 * alpha 1 as the direction does at alpha 2. Results name what they came from, and mixing layers or models is refused.
 */
import { Matrix, solve } from 'ml-matrix'
import { LabError } from '../errors'
import { gram, times } from '../math/gram'
import { stackRows } from '../math/rows'
import * as math from '../math/vector'
import type { Direction } from './direction'
import { isSameBase, nameOf } from './files/model-ref'

/** a + b, each with its norm. A sum of 0 keeps the vector of `a`, at norm 0. */
export function add(a: Direction, b: Direction): Direction {
  assertSamePlace(a, b)
  return combine(a, [
    [a, a.norm],
    [b, b.norm]
  ])
}

/** The direction times a number; the vector stays a unit vector, and turns around where the number is negative. */
export function scale(direction: Direction, factor: number): Direction {
  const { vector, norm, midpoint } = direction
  if (factor >= 0) return { ...direction, norm: factor * norm }
  return { ...direction, vector: vector.map((value) => -value), norm: -factor * norm, midpoint: -midpoint }
}

/** Cosine of the angle between two directions of one layer. */
export function cosine(a: Direction, b: Direction): number {
  assertSamePlace(a, b)
  return math.cosine(a.vector, b.vector)
}

/**
 * A direction less its part in the span of others, at the norm that is left.
 * @throws LabError `shape` where nothing is left of it
 */
export function orthogonalize(direction: Direction, ...others: readonly Direction[]): Direction {
  if (others.length === 0) return direction
  for (const other of others) assertSamePlace(direction, other)
  const span = stackRows(others.map(({ vector }) => vector))
  const products = Matrix.columnVector([...times(span.data, direction.vector)])
  // By SVD, so that others which depend on each other do no harm.
  const shares = solve(Matrix.from1DArray(span.rows, span.rows, gram(span)), products, true).getColumn(0)
  const { norm } = direction
  const terms = others.map((other, i) => [other, -norm * (shares[i] ?? 0)] as const)
  const rest = combine(direction, [[direction, norm], ...terms])
  if (rest.norm > 1e-6 * norm) return rest
  throw new LabError('shape', 'direction lies in the span of the others; nothing is left of it')
}

function combine(first: Direction, terms: readonly (readonly [Direction, number])[]): Direction {
  const sum = new Float64Array(first.vector.length)
  for (const [{ vector }, weight] of terms) math.addInto(sum, vector, weight)
  const norm = math.length(sum)
  const midpoint = terms.reduce((total, [term, weight]) => total + weight * term.midpoint, 0) / norm
  const made = { ...first, method: 'combined' as const, sha256: hashes(...terms.map(([term]) => term)) }
  if (norm === 0) return { ...made, norm, midpoint: first.midpoint }
  return { ...made, vector: Float32Array.from(sum, (value) => value / norm), norm, midpoint }
}

/** The hashes of all that went in, each once. */
function hashes(...directions: readonly Direction[]): string {
  return [...new Set(directions.flatMap(({ sha256 }) => sha256.split('+')))].join('+')
}

function assertSamePlace(a: Direction, b: Direction): void {
  if (isSameBase(a.model, b.model) && a.layer === b.layer && a.vector.length === b.vector.length) return
  const [one, other] = [a, b].map(
    ({ model, layer, vector }) => `layer ${layer} of ${nameOf(model)}, width ${vector.length}`
  )
  throw new LabError('shape', `directions are for ${one} and for ${other}; combine directions of one layer`)
}
