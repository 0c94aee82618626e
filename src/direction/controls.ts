/** Directions to compare a fitted one with: the same place and gap, another vector. */
import { principalComponents } from '../math/components'
import { gaussianUnits, orthogonalUnits, subspaceUnits } from '../math/controls'
import { layerOf } from './hidden-states'
import { byPrompt, type Contrast } from './contrast'
import type { Direction, Origin } from './direction'
import { pool } from './extract'

/** Uniform on the unit sphere. */
export function gaussianControls(direction: Direction, count: number, seed: number): readonly Direction[] {
  return gaussianUnits(count, direction.vector.length, seed).map((vector) => like(direction, vector, 'gaussian'))
}

/** Orthogonal to the direction. */
export function orthogonalControls(direction: Direction, count: number, seed: number): readonly Direction[] {
  const { vector } = direction
  return orthogonalUnits(count, vector.length, [vector], seed).map((unit) => like(direction, unit, 'orthogonal'))
}

/** Orthogonal to the direction, in the span of the first principal components of its layer's hidden states. */
export function subspaceControls(
  direction: Direction,
  contrast: Contrast,
  count: number,
  { components = 10, seed }: { readonly components?: number; readonly seed: number }
): readonly Direction[] {
  const { positive, negative } = byPrompt(contrast)
  const span = principalComponents(
    pool(layerOf(positive, direction.layer), layerOf(negative, direction.layer)),
    components
  )
  return subspaceUnits(count, span, direction.vector, seed).map((unit) => like(direction, unit, 'in-subspace'))
}

/** Another vector with the gap of a direction. Its midpoint means nothing, since nothing was fitted: NaN. */
function like(direction: Direction, vector: Float32Array, method: Origin): Direction {
  return { ...direction, vector, method, midpoint: NaN }
}
