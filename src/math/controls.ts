/**
 * Random directions to compare a fitted one with. All have unit length, explicitly: a bare Gaussian vector is about
 * sqrt(width) long, and a control that is so much longer proves nothing.
 */
import { LabError } from '../errors'
import { gaussian, seeded } from './random'
import { addInto, dot, length, type Vector } from './vector'

/** Uniform on the unit sphere. */
export function gaussianUnits(count: number, width: number, seed: number): readonly Float32Array[] {
  return orthogonalUnits(count, width, [], seed)
}

/**
 * Uniform among the unit vectors orthogonal to every one of `against`, which need not be orthogonal to each other.
 * @throws LabError `shape` where nothing is orthogonal to all of them
 */
export function orthogonalUnits(
  count: number,
  width: number,
  against: readonly Vector[],
  seed: number
): readonly Float32Array[] {
  const basis = orthonormal(against)
  if (basis.length >= width) {
    throw new LabError('shape', `nothing of width ${width} is orthogonal to ${basis.length} vectors; name fewer`)
  }
  const draw = gaussian(seeded(seed))
  return Array.from({ length: count }, () => {
    const vector = Float64Array.from({ length: width }, draw)
    return Float32Array.from(unit(without(vector, basis)))
  })
}

/**
 * Uniform among the unit vectors of a span that are orthogonal to `against`: as much a part of what the hidden states
 * do as the fitted direction is.
 * @throws LabError `shape` where the span holds nothing but the direction of `against`
 */
export function subspaceUnits(
  count: number,
  span: readonly Vector[],
  against: Vector,
  seed: number
): readonly Float32Array[] {
  const basis = orthonormal(span)
  if (basis.length < 2) throw new LabError('shape', `the span has ${basis.length} dimension; it takes at least 2`)
  const shadow = new Float64Array(against.length)
  for (const axis of basis) addInto(shadow, axis, dot(axis, against))
  const avoid = orthonormal([shadow])
  const draw = gaussian(seeded(seed))
  return Array.from({ length: count }, () => {
    const vector = new Float64Array(against.length)
    for (const axis of basis) addInto(vector, axis, draw())
    return Float32Array.from(unit(without(vector, avoid)))
  })
}

/** An orthonormal basis of what the vectors span: Gram-Schmidt, twice for the rounding. */
export function orthonormal(vectors: readonly Vector[]): readonly Float64Array[] {
  const basis: Float64Array[] = []
  for (const vector of vectors) {
    const rest = without(vector, basis)
    if (length(rest) > 1e-9 * length(vector)) basis.push(unit(rest))
  }
  return basis
}

/** A vector less its part in the span of an orthonormal basis. */
export function without(vector: Vector, basis: readonly Float64Array[]): Float64Array {
  const rest = Float64Array.from(vector)
  for (const axis of [...basis, ...basis]) addInto(rest, axis, -dot(axis, rest))
  return rest
}

function unit(vector: Float64Array): Float64Array {
  const size = length(vector)
  return vector.map((value) => value / size)
}
