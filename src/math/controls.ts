/**
 * Random directions to compare a fitted one with. All have unit length, explicitly: a bare Gaussian vector is about
 * sqrt(width) long, and a control that is so much longer proves nothing.
 */
import { LabError } from '../errors'
import { gaussian, seeded } from './random'
import { addInto, cosine, dot, length, type Vector } from './vector'

/** Uniform on the unit sphere. */
export function gaussianUnits(count: number, width: number, seed: number): readonly Float32Array[] {
  return orthogonalUnits(count, width, [], seed)
}

/**
 * Uniform among the unit vectors whose |cosine| with a direction is at most `most`: in a narrow space one of eight random vectors
 * overlaps with any direction, and is no control of it then. [count][width]
 * @throws LabError `shape` where hardly any vector is so far from the direction
 */
export function gaussianUnitsApart(
  count: number,
  direction: Vector,
  most: number,
  seed: number
): readonly Float32Array[] {
  const draw = gaussian(seeded(seed))
  const chosen: Float32Array[] = []
  for (let tries = 0; chosen.length < count; tries++) {
    if (tries > 100 * (count + 10)) {
      const asked = `${count} directions with |cosine| up to ${most}`
      throw new LabError(
        'shape',
        `${asked} were not found at width ${direction.length}; ask for fewer, or allow more overlap`
      )
    }
    const vector = Float32Array.from(unit(Float64Array.from({ length: direction.length }, draw)))
    if (Math.abs(cosine(vector, direction)) <= most) chosen.push(vector)
  }
  return chosen
}

/** What is left of a vector when its part along a direction is taken out, of unit length; null where nothing is. */
export function apartFrom(vector: Vector, direction: Vector): Float32Array | null {
  const rest = without(vector, orthonormal([direction]))
  return length(rest) > 1e-6 * length(vector) ? Float32Array.from(unit(rest)) : null
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
