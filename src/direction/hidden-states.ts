import type { Rows } from '../math/rows'

/** Which numbers a value came from, so that a direction is never applied to the wrong model in silence. */
export interface ModelRef {
  /** Where it was opened from: `hub:owner/name@revision`, `url:...`, `folder:name`. */
  readonly id: string
  /** SHA-256 of the model's graph and weight files, hex. */
  readonly sha256: string
  readonly dtype: string
  /** The active adapter and its scale, or null. */
  readonly adapter: { readonly id: string; readonly sha256: string; readonly scale: number } | null
}

/** Residual stream after each block, before the final norm. */
export interface HiddenStates {
  readonly model: ModelRef
  readonly position: 'last' | 'answer-mean' | 'every'
  readonly layers: number
  /** Captured vectors: one a prompt, or one a token for `every`. */
  readonly rows: number
  readonly width: number
  /** [layer][row][width] */
  readonly data: Float32Array
  /** For each row, the index of its prompt. Ascending. */
  readonly prompt: readonly number[]
}

/** The vector of one layer and row, as a view. */
export function hiddenState(states: HiddenStates, layer: number, row: number): Float32Array {
  const start = (layer * states.rows + row) * states.width
  return states.data.subarray(start, start + states.width)
}

/** All rows of one layer, as a view. */
export function layerOf({ data, rows, width }: HiddenStates, layer: number): Rows {
  return { data: data.subarray(layer * rows * width, (layer + 1) * rows * width), rows, width }
}

/** Some rows of every layer, copied, in the order asked. */
export function selectRows(states: HiddenStates, rows: readonly number[]): HiddenStates {
  const { layers, width } = states
  const data = new Float32Array(layers * rows.length * width)
  for (let layer = 0; layer < layers; layer++) {
    rows.forEach((row, place) => data.set(hiddenState(states, layer, row), (layer * rows.length + place) * width))
  }
  return { ...states, rows: rows.length, data, prompt: rows.map((row) => states.prompt[row] ?? row) }
}

/** The same with a buffer of its own: a worker takes along those that it is given. */
export function copyOf(states: HiddenStates): HiddenStates {
  return { ...states, data: states.data.slice() }
}
