import { LabError } from '../errors'
import type { Contrast } from './contrast'
import type { ModelRef } from './hidden-states'
import type { Method } from './method'
import { isOtherDtype, isSameBase, isSameModel, nameOf } from './files/model-ref'

/**
 * How a direction came to be: extracted from hidden states, made from other directions or at random, or taken from a
 * file of another program, which says nothing of how.
 */
export type Origin = Method | 'combined' | 'carried' | 'gaussian' | 'orthogonal' | 'in-subspace' | 'imported'

/** One direction in one layer of one model. Its vector has unit length. */
export interface Direction {
  /** [width], |vector| = 1, from the negative to the positive side. */
  readonly vector: Float32Array
  /** The model of the contrast's positive side: where the direction lives. */
  readonly model: ModelRef
  /** The model of the negative side: the same, or the same base under another adapter. */
  readonly against: ModelRef
  readonly layer: number
  readonly method: Origin
  readonly contrast: Contrast['kind'] | 'unknown'
  /**
   * One gap, what alpha 1 adds: how far the mean of the positive side projects beyond that of the negative side. For
   * difference-in-means this is the whole |mean(positive) - mean(negative)|.
   */
  readonly norm: number
  /** Projection halfway between the two means. */
  readonly midpoint: number
  /** Mean |h| over both sides: what a gap is to be compared with. */
  readonly meanNorm: number
  /** Prompts on each side. */
  readonly positive: number
  readonly negative: number
  /** SHA-256 of the hidden states it was extracted from, hex; several joined by `+` where several captures went in. */
  readonly sha256: string
}

/** Where a direction is to be used. */
export interface Place {
  readonly model: ModelRef
  /** Of its hidden states. */
  readonly width: number
  readonly layer: number
}

/**
 * Whether a direction may be used at a place. `note` is a sentence to show where it may, though the place is not quite
 * the one it came from: the same model in another dtype, or under another adapter (a control may want that).
 * @throws LabError `shape` with both names for another model, layer or width
 */
export function assertFits(direction: Direction, { model, width, layer }: Place): { readonly note: string | null } {
  const own = nameOf(direction.model)
  const other = nameOf(model)
  if (direction.vector.length !== width) {
    const widths = `width ${direction.vector.length}, open model is ${other} of width ${width}`
    throw new LabError('shape', `direction is for ${own} of ${widths}; fit it again on this one`)
  }
  const isBase = isSameBase(direction.model, model)
  if (!isBase && !isOtherDtype(direction.model, model)) {
    throw new LabError('shape', `direction is for ${own}, open model is ${other}; fit it again on this one`)
  }
  if (direction.layer !== layer) {
    const layers = `layer ${direction.layer} of ${own}, asked for at layer ${layer} of ${other}`
    throw new LabError('shape', `direction is for ${layers}; take the one of layer ${layer}`)
  }
  if (!isBase) return { note: `direction is for ${own}, open model is ${other}: the same model in another dtype` }
  if (isSameModel(direction.model, model) || isSameModel(direction.against, model)) return { note: null }
  return { note: `direction is for ${own}, open model is ${other}: the same base under another adapter` }
}
