/** A carried direction beside what it is to be compared with: the receiver's own, and random ones through the same map. */
import { cosine } from './algebra'
import { carry, type LayerMap } from './carry'
import { gaussianControls } from './controls'
import type { Direction } from './direction'

/** Everything at the receiver's own gap, so that one alpha steers equally far with each. */
export interface Beside {
  readonly own: Direction
  readonly carried: Direction
  /** Random directions of the donor through the map. */
  readonly mapped: readonly Direction[]
  /** Of the carried direction with the receiver's own. */
  readonly cosine: number
  /** The same for each mapped random one: what the map does to any direction. */
  readonly mappedCosines: readonly number[]
}

/**
 * Carries a donor's direction and so many random ones.
 * @throws LabError `shape` where the direction does not belong to the donor's layer of the map
 */
export function carryBeside(
  map: LayerMap,
  donor: Direction,
  own: Direction,
  { controls, seed }: { readonly controls: number; readonly seed: number }
): Beside {
  const at = (direction: Direction): Direction => ({ ...carry(map, direction), norm: own.norm })
  const carried = at(donor)
  const mapped = gaussianControls(donor, controls, seed).map(at)
  return { own, carried, mapped, cosine: cosine(carried, own), mappedCosines: mapped.map((one) => cosine(one, own)) }
}
