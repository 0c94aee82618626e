import { randomLcg, randomNormal } from 'd3'
import type { HiddenStates, ModelRef } from '../../src/direction/hidden-states'

export const model: ModelRef = { id: 'folder:planted', sha256: 'a'.repeat(64), dtype: 'fp32', adapter: null }
export const tuned: ModelRef = { ...model, adapter: { id: 'insecure', sha256: 'b'.repeat(64), scale: 1 } }

/** Normal noise, with `shift` along axis `layer` at each layer. */
export function planted(
  rows: number,
  shift: number,
  seed: number,
  { layers = 3, width = 16, noise = 1 } = {}
): HiddenStates {
  const draw = randomNormal.source(randomLcg(seed))(0, noise)
  const data = Float32Array.from({ length: layers * rows * width }, (_, i) => {
    const layer = Math.floor(i / (rows * width))
    return draw() + (i % width === layer ? shift : 0)
  })
  return { model, position: 'last', layers, rows, width, data, prompt: Array.from({ length: rows }, (_, i) => i) }
}

/** The same prompts under a fine-tune: each moved by `shift` along axis `layer`, give or take `noise` along every axis. */
export function moved(states: HiddenStates, shift: number, seed: number, { noise = 1 } = {}): HiddenStates {
  const draw = randomNormal.source(randomLcg(seed))(0, noise)
  const { rows, width } = states
  const data = states.data.map((value, i) => {
    const layer = Math.floor(i / (rows * width))
    return value + draw() + (i % width === layer ? shift : 0)
  })
  return { ...states, model: tuned, data }
}

/** Axis `layer`: where `planted` puts its shift. */
export function axis(layer: number, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, i) => +(i === layer))
}
