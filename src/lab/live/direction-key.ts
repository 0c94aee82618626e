import type { Direction } from '../../direction/direction'
import { bytesOf } from '../../math/vector'
import { contentKey } from './content-key'

const keys = new WeakMap<Direction, string>()

/** A hash of directions by what they do: two equal keys write the same into a model at the same settings. */
export function directionsKey(directions: readonly Direction[]): string {
  return directions.map(directionKey).join()
}

function directionKey(direction: Direction): string {
  const known = keys.get(direction)
  if (known !== undefined) return known
  const { layer, norm, midpoint, vector } = direction
  const key = contentKey(bytesOf(Float64Array.of(layer, norm, midpoint)), bytesOf(vector))
  keys.set(direction, key)
  return key
}
