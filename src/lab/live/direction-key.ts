import type { Direction } from '../../direction/direction'
import { bytesOf } from '../../math/vector'

const keys = new WeakMap<Direction, string>()

/** A hash of directions by what they do: two equal keys write the same into a model at the same settings. */
export function directionsKey(directions: readonly Direction[]): string {
  return directions.map(directionKey).join()
}

function directionKey(direction: Direction): string {
  const known = keys.get(direction)
  if (known !== undefined) return known
  const { layer, norm, midpoint, vector } = direction
  const bytes = [bytesOf(Float64Array.of(layer, norm, midpoint)), bytesOf(vector)]
  const key = bytes.reduce(hashed, 0xcbf29ce484222325n).toString(16)
  keys.set(direction, key)
  return key
}

/** FNV-1a, 64 bits, of one more run of bytes. */
function hashed(seed: bigint, bytes: Uint8Array): bigint {
  let value = seed
  for (const byte of bytes) value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n)
  return value
}
