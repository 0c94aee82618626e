/** Steering as tensors: each row's interventions composed into one affine map a layer, r' = r + b + (r U) W. */
import { LabError } from '../../src/errors'
import type { Intervention, Steering } from '../../src/lab/api'
import { dot, unit } from '../../src/math/vector'
import type { GraphInfo } from '../../src/onnx/describe'
import type { Plan } from '../../src/onnx/plan'
import type { Runtime, Tensor } from '../host/host'
import { floatTensor } from './tensors'

/** One layer of one row. `U` and `W` hold one vector of length `width` for each rank. */
export interface AffineMap {
  readonly b: Float32Array
  readonly U: readonly Float32Array[]
  readonly W: readonly Float32Array[]
}

/** The map of one row at one layer, and whether what it makes keeps its length. */
type LayerMap = AffineMap & { readonly keep: boolean }

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

/** @throws LabError `shape` for a vector of the wrong length, a missing layer, NaN or infinity in it or in its `amount` */
export function checkVector(
  { layer, vector }: { readonly layer: number; readonly vector: Float32Array },
  info: GraphInfo,
  amount: number
): void {
  if (!Number.isInteger(layer) || layer < 0 || layer >= info.layers) {
    throw new LabError('shape', `layer ${layer} was asked for, the open model has layers 0 to ${info.layers - 1}`)
  }
  if (vector.length !== info.width) {
    throw new LabError(
      'shape',
      `the direction has width ${vector.length}, the open model ${info.width}: fit it on this model, or carry it over with a map`
    )
  }
  if (!vector.every(Number.isFinite) || !Number.isFinite(amount)) {
    throw new LabError('shape', `the direction for layer ${layer} holds NaN or infinity: fit it again`)
  }
}

/** @throws LabError `shape` for a vector that does not fit or is zero, `graph` for what the open graph cannot do */
export function checkSteering(
  steering: Steering,
  info: GraphInfo,
  { write: level = 'none', keep = false }: Pick<Plan, 'write' | 'keep'>
): void {
  if (steering.keepNorm && !keep) {
    throw new LabError(
      'graph',
      'this steering keeps the length of hidden states, the model was opened without keepNorm: open it again with keepNorm: true'
    )
  }
  for (const { layer, vector, ...rest } of steering.interventions) {
    const amount = rest.mode === 'add' ? rest.coefficient : rest.mode === 'clamp' ? rest.value : 0
    checkVector({ layer, vector }, info, amount)
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

/** Feeds for every layer's steering inputs. Owns its tensors. */
export class SteeringTensors {
  readonly feeds: Readonly<Record<string, Tensor>>
  readonly #owned: Tensor[] = []

  /** @param rows steering of each row; none steers nothing */
  constructor(
    runtime: Pick<Runtime, 'Tensor' | 'upload'>,
    info: GraphInfo,
    plan: Plan,
    rows: readonly (Steering | null)[]
  ) {
    const make: Make = (data, dims) => {
      const tensor = runtime.upload(floatTensor(runtime, info.activations, data, dims))
      this.#owned.push(tensor)
      return tensor
    }
    const [first = null] = rows
    // Rows that are steered alike share one map.
    const distinct = rows.every((row) => row === first) ? [first] : rows
    this.feeds = plan.write === 'add' ? addFeeds(info, plan, distinct, make) : affineFeeds(info, plan, distinct, make)
  }

  dispose(): void {
    for (const tensor of this.#owned) tensor.dispose()
  }
}

type Make = (data: Float32Array, dims: readonly number[]) => Tensor
type Feeds = Record<string, Tensor>

const atLayer = (steering: Steering | null, layer: number): Intervention[] =>
  (steering?.interventions ?? []).filter((intervention) => intervention.layer === layer)

function addFeeds(
  { layers, width }: GraphInfo,
  { packed }: Plan,
  rows: readonly (Steering | null)[],
  make: Make
): Feeds {
  const [steering = null, ...others] = rows
  if (others.length > 0 || (steering?.positions ?? 'all') !== 'all') {
    throw new LabError(
      'graph',
      'write level add steers all rows and positions alike: open the model with write affine for anything else'
    )
  }
  const b = new Float32Array(layers * width)
  for (let layer = 0; layer < layers; layer++) b.set(compose(atLayer(steering, layer), width).b, layer * width)
  if (packed) return { 'steer.b': make(b, [layers * width]) }
  const zero = make(new Float32Array(width), [width])
  return perLayer(layers, (layer) => ({
    b: atLayer(steering, layer).length > 0 ? make(b.slice(layer * width, (layer + 1) * width), [width]) : zero
  }))
}

function affineFeeds(
  { layers, width }: GraphInfo,
  { packed, keep = false }: Plan,
  rows: readonly (Steering | null)[],
  make: Make
): Feeds {
  const mapsAt = (layer: number): LayerMap[] =>
    rows.map((row) => {
      const interventions = atLayer(row, layer)
      return { ...compose(interventions, width), keep: interventions.length > 0 && row?.keepNorm === true }
    })
  const partsOf = (maps: readonly LayerMap[]): Feeds => ({
    ...affineTensors(maps, width, make),
    ...(keep && {
      keep: make(
        Float32Array.from(maps, (map) => (map.keep ? 1 : 0)),
        [maps.length, 1, 1]
      )
    })
  })
  if (packed) {
    const parts = partsOf(Array.from({ length: layers }, (_, layer) => mapsAt(layer)).flat())
    return Object.fromEntries(Object.entries(parts).map(([part, tensor]) => [`steer.${part}`, tensor]))
  }
  const zero = partsOf([{ ...compose([], width), keep: false }])
  return perLayer(layers, (layer) => {
    const steered = rows.some((row) => atLayer(row, layer).length > 0)
    return steered ? partsOf(mapsAt(layer)) : zero
  })
}

function perLayer(layers: number, partsOf: (layer: number) => Feeds): Feeds {
  const parts = Array.from({ length: layers }, (_, layer) =>
    Object.entries(partsOf(layer)).map(([part, tensor]) => [`steer.${layer}.${part}`, tensor] as const)
  )
  return Object.fromEntries(parts.flat())
}

/** Maps as `b [R, 1, width]`, `U [R, width, k]` and `W [R, k, width]`, with zeros up to the largest rank. */
function affineTensors(maps: readonly AffineMap[], width: number, make: Make): Record<'b' | 'U' | 'W', Tensor> {
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
