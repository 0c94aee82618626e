/** How far tokens lie along directions: what the page colours them by. */
import { dot } from '../math/vector'
import type { Direction } from './direction'
import { hiddenState, type HiddenStates } from './hidden-states'

/** Projections of some tokens, h . d of the hidden state that is there once a token is read, each layer on its own direction. */
export interface Projections {
  /** Ascending, those of the directions. */
  readonly layers: readonly number[]
  /** [layer][token], in the order of `layers`. */
  readonly values: readonly Float32Array[]
}

/** The last `count` rows of a capture at `every` on each direction. */
export function project(states: HiddenStates, directions: readonly Direction[], count: number): Projections {
  const from = states.rows - count
  return {
    layers: directions.map(({ layer }) => layer),
    values: directions.map(({ layer, vector }) =>
      Float32Array.from({ length: count }, (_, token) => dot(hiddenState(states, layer, from + token), vector))
    )
  }
}
