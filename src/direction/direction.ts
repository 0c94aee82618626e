import { LabError } from '../errors'
import type { ModelRef } from './hidden-states'
import { isSameModel } from './join'

/** One direction in one layer of one model. Its vector has unit length. */
export interface Direction {
  /** [width], |vector| = 1, from the negative to the positive side. */
  readonly vector: Float32Array
  readonly model: ModelRef
  readonly layer: number
  /** `imported`: from a file of another program, which says nothing of how. */
  readonly method: 'difference-in-means' | 'imported'
  /** |mean(positive) - mean(negative)|, one gap: what alpha 1 adds. */
  readonly norm: number
  /** Projection halfway between the two means. */
  readonly midpoint: number
  /** Mean |h| over both sides: what a gap is to be compared with. */
  readonly meanNorm: number
  /** Prompts on each side. */
  readonly positive: number
  readonly negative: number
  /** SHA-256 of the hidden states it was extracted from, hex. */
  readonly sha256: string
}

/** Throws where the open model is not the one the direction was extracted from. */
export function assertFits(direction: Direction, model: ModelRef): void {
  if (isSameModel(direction.model, model)) return
  throw new LabError(
    'shape',
    `direction is for ${label(direction.model)}, open model is ${label(model)}; fit it again on this one`
  )
}

function label(model: ModelRef): string {
  return `${model.id} (${model.dtype}${model.adapter ? `, adapter ${model.adapter.id} x ${model.adapter.scale}` : ''})`
}
