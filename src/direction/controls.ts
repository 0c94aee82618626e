/** Directions to compare a fitted one with: the same place and gap, another vector. */
import { gaussianUnits } from '../math/controls'
import { addInto, dot } from '../math/vector'
import { hiddenState, type HiddenStates } from './hidden-states'
import type { Direction, Origin } from './direction'

/** Uniform on the unit sphere. */
export function gaussianControls(direction: Direction, count: number, seed: number): readonly Direction[] {
  return gaussianUnits(count, direction.vector.length, seed).map((vector) => like(direction, vector, 'gaussian'))
}

/**
 * One Gaussian direction beside each of a set, with its layer and gap. The layer and the seed alone choose the vector, so
 * that it is the same whether one layer is steered or all are.
 * @param centers what `centersOf` gave, for midpoints to clamp from; without them a midpoint is 0
 */
export function gaussianBeside(
  directions: readonly Direction[],
  seed: number,
  centers: Float32Array | null
): readonly Direction[] {
  const count = 1 + Math.max(-1, ...directions.map(({ layer }) => layer))
  const width = directions[0]?.vector.length ?? 0
  const units = gaussianUnits(count, width, seed)
  return directions.map((direction) => {
    const vector = units[direction.layer] ?? direction.vector
    const center = centers?.subarray(direction.layer * width, (direction.layer + 1) * width)
    return { ...like(direction, vector, 'gaussian'), midpoint: center ? dot(center, vector) : 0 }
  })
}

/** [layer][width]: halfway between the means of two captures of one shape, each row counted once. */
export function centersOf(positive: HiddenStates, negative: HiddenStates): Float32Array {
  const { layers, width } = positive
  const centers = new Float64Array(layers * width)
  for (const side of [positive, negative]) {
    for (let layer = 0; layer < layers; layer++) {
      const center = centers.subarray(layer * width, (layer + 1) * width)
      for (let row = 0; row < side.rows; row++) addInto(center, hiddenState(side, layer, row), 0.5 / side.rows)
    }
  }
  return Float32Array.from(centers)
}

/** Another vector with the gap of a direction. Its midpoint means nothing, since nothing was fitted: NaN. */
function like(direction: Direction, vector: Float32Array, method: Origin): Direction {
  return { ...direction, vector, method, midpoint: NaN }
}
