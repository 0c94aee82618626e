/** Hidden states that a model file cuts off: steering that pushes them further does less than it says. */
import { hiddenState, type HiddenStates } from '../../direction/hidden-states'

/** Where hidden states end at what the file can hold. */
export interface CutOff {
  readonly layer: number
  /** Of the numbers of that layer, 0 to 1. */
  readonly share: number
  /** The magnitude at which they end. */
  readonly limit: number
}

/** The layer with the largest share of numbers at the limit; null where none is. */
export function cutOff(states: HiddenStates, limit: number): CutOff | null {
  const shares = Array.from({ length: states.layers }, (_, layer) => {
    let count = 0
    for (let row = 0; row < states.rows; row++)
      count += hiddenState(states, layer, row).reduce((sum, x) => sum + (Math.abs(x) >= limit ? 1 : 0), 0)
    return count / Math.max(1, states.rows * states.width)
  })
  const share = Math.max(0, ...shares)
  return share > 0 ? { layer: shares.indexOf(share), share, limit } : null
}
