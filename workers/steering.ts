/** Steering as tensors: each row's interventions composed into one affine map a layer, r' = r + b + (r U) W. */
import { LabError } from '../src/errors'
import type { Intervention, Steering } from '../src/lab/api'
import { dot, length } from '../src/math/vector'
import type { GraphInfo } from '../src/onnx/describe'
import type { WriteLevel } from '../src/onnx/plan'
import type { Runtime, Tensor } from './host'
import { floatTensor } from './tensors'

/** One layer of one row. `U` and `W` hold one vector of length `width` for each rank. */
export interface AffineMap {
  readonly b: Float32Array
  readonly U: readonly Float32Array[]
  readonly W: readonly Float32Array[]
}

/** The interventions in their order, as one map. Shapes are checked here, once. @throws LabError `shape` */
export function compose(interventions: readonly Intervention[], width: number): AffineMap {
  let map: AffineMap = { b: new Float32Array(width), U: [], W: [] }
  for (const intervention of interventions) map = then(map, intervention)
  return map
}

/** `map`, then one more intervention on its result. */
function then(map: AffineMap, intervention: Intervention): AffineMap {
  if (intervention.mode === 'add') {
    return { ...map, b: map.b.map((x, i) => x + intervention.coefficient * (intervention.vector[i] ?? 0)) }
  }
  const d = unit(intervention.vector)
  const shift = (intervention.mode === 'clamp' ? intervention.value : 0) - dot(map.b, d)
  return {
    b: map.b.map((x, i) => x + shift * (d[i] ?? 0)),
    U: [...map.U, d],
    // (r + rUW) . d is taken off along d: the old W loses its part along d, the new column takes r . d.
    W: [...map.W.map((w) => subtract(w, dot(w, d), d)), d.map((x) => -x)]
  }
}

const subtract = (a: Float32Array, c: number, d: Float32Array): Float32Array => a.map((x, i) => x - c * (d[i] ?? 0))

function unit(vector: Float32Array): Float32Array {
  const norm = length(vector)
  return vector.map((x) => x / norm)
}

/** @throws LabError `shape` for a vector of the wrong length, a missing layer, a zero or non-finite vector */
export function checkSteering(steering: Steering, info: GraphInfo, level: WriteLevel): void {
  for (const { layer, vector, ...rest } of steering.interventions) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= info.layers) {
      throw new LabError('shape', `layer ${layer} was asked for, the open model has layers 0 to ${info.layers - 1}`)
    }
    if (vector.length !== info.width) {
      throw new LabError(
        'shape',
        `the direction has width ${vector.length}, the open model ${info.width}: fit it on this model, or carry it over with a map`
      )
    }
    const amount = rest.mode === 'add' ? rest.coefficient : rest.mode === 'clamp' ? rest.value : 0
    if (!vector.every(Number.isFinite) || !Number.isFinite(amount)) {
      throw new LabError('shape', `the direction for layer ${layer} holds NaN or infinity: fit it again`)
    }
    if (rest.mode !== 'add' && !vector.some((x) => x !== 0)) {
      throw new LabError('shape', `the direction for layer ${layer} is zero, so there is nothing to ${rest.mode}`)
    }
    if (level === 'none' || (level === 'add' && rest.mode !== 'add')) {
      throw new LabError(
        'graph',
        `the model was opened with write ${level}, ${rest.mode} needs affine: open it again with write affine`
      )
    }
  }
}

/** Feeds for every layer's steering inputs. Owns its tensors; layers that nobody steers share three zeros. */
export class SteeringTensors {
  readonly feeds: Readonly<Record<string, Tensor>>
  readonly #owned: Tensor[]

  constructor(runtime: Runtime, info: GraphInfo, level: WriteLevel, rows: readonly (Steering | null)[]) {
    const owned: Tensor[] = []
    const feeds: Record<string, Tensor> = {}
    const make = (data: Float32Array, dims: readonly number[]): Tensor => {
      const tensor = runtime.upload(floatTensor(runtime, info.activations, data, dims))
      owned.push(tensor)
      return tensor
    }
    if (level === 'add') addFeeds(feeds, info, rows, make)
    if (level === 'affine') affineFeeds(feeds, info, rows, make)
    this.feeds = feeds
    this.#owned = owned
  }

  dispose(): void {
    for (const tensor of this.#owned) tensor.dispose()
  }
}

type Make = (data: Float32Array, dims: readonly number[]) => Tensor

const atLayer = (steering: Steering | null, layer: number): Intervention[] =>
  (steering?.interventions ?? []).filter((intervention) => intervention.layer === layer)

function addFeeds(
  feeds: Record<string, Tensor>,
  info: GraphInfo,
  rows: readonly (Steering | null)[],
  make: Make
): void {
  const [first, ...others] = rows
  if (others.some((row) => row !== first) || (first?.positions ?? 'all') !== 'all') {
    throw new LabError(
      'graph',
      'write level add steers all rows and positions alike: open the model with write affine for anything else'
    )
  }
  const zero = make(new Float32Array(info.width), [info.width])
  for (let layer = 0; layer < info.layers; layer++) {
    const interventions = atLayer(first ?? null, layer)
    feeds[`steer.${layer}.b`] =
      interventions.length > 0 ? make(compose(interventions, info.width).b, [info.width]) : zero
  }
}

function affineFeeds(
  feeds: Record<string, Tensor>,
  info: GraphInfo,
  rows: readonly (Steering | null)[],
  make: Make
): void {
  const { width, layers } = info
  const zero = {
    b: make(new Float32Array(width), [1, 1, width]),
    U: make(new Float32Array(width), [1, width, 1]),
    W: make(new Float32Array(width), [1, 1, width])
  }
  for (let layer = 0; layer < layers; layer++) {
    const steered = rows.some((row) => atLayer(row, layer).length > 0)
    const tensors = steered ? layerTensors(rows, layer, width, make) : zero
    feeds[`steer.${layer}.b`] = tensors.b
    feeds[`steer.${layer}.U`] = tensors.U
    feeds[`steer.${layer}.W`] = tensors.W
  }
}

function layerTensors(
  rows: readonly (Steering | null)[],
  layer: number,
  width: number,
  make: Make
): Record<'b' | 'U' | 'W', Tensor> {
  const maps = rows.map((row) => compose(atLayer(row, layer), width))
  const rank = Math.max(1, ...maps.map((map) => map.U.length))
  const R = maps.length
  const b = new Float32Array(R * width)
  const U = new Float32Array(R * width * rank)
  const W = new Float32Array(R * rank * width)
  maps.forEach((map, r) => {
    b.set(map.b, r * width)
    map.U.forEach((u, k) => u.forEach((x, i) => (U[(r * width + i) * rank + k] = x)))
    map.W.forEach((w, k) => W.set(w, (r * rank + k) * width))
  })
  return { b: make(b, [R, 1, width]), U: make(U, [R, width, rank]), W: make(W, [R, rank, width]) }
}

/**
 * `steer.mask [B, S, 1]` of one run: 1 where a row's tokens are steered.
 * @param from index in its row of the first token of this run
 */
export function steeringMask(
  rows: readonly (Steering | null)[],
  prompt: readonly number[],
  from: readonly number[],
  S: number
): Float32Array {
  const mask = new Float32Array(rows.length * S)
  rows.forEach((row, b) => {
    const positions = row?.positions ?? 'all'
    const length = prompt[b] ?? 0
    for (let i = 0; i < S; i++) {
      const token = (from[b] ?? 0) + i
      const on = positions === 'all' || (positions === 'prompt' ? token < length : token >= length - 1)
      mask[b * S + i] = on ? 1 : 0
    }
  })
  return mask
}
