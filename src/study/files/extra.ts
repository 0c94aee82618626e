/** The vectors behind a finished run, as a bundle keeps them: directions that the lab imports, and hidden states at the steering layer. */
import type { Direction } from '../../direction/direction'
import { layerOf, type HiddenStates } from '../../direction/hidden-states'
import type { Finished } from '../protocol'
import type { NamedArray } from './bundle'

export interface Vectors {
  /** `qwen2-insecure-0`, one a layer; `carried-gemma2-qwen2-along`, in the receiver. */
  readonly directions: ReadonlyMap<string, readonly Direction[]>
  /** One file a model: `fit.base`, `fit.insecure-0`, `anchors-neutral` ... `[prompt][width]` */
  readonly tensors: ReadonlyMap<string, ReadonlyMap<string, NamedArray>>
}

/** Collects them. */
export function vectorsOf({ within, transfer }: Finished): Vectors {
  const directions = new Map<string, readonly Direction[]>()
  const tensors = new Map<string, ReadonlyMap<string, NamedArray>>()
  for (const { record, fits, side } of within) {
    const arrays = new Map<string, NamedArray>()
    for (const { adapter, contrast, directions: own } of fits) {
      directions.set(`${record.key}-${adapter.name}`, own)
      arrays.set(`fit.${adapter.name}`, lastLayer(contrast.positive))
      arrays.set(`fit.${nameOf(contrast.negative, record.adapters)}`, lastLayer(contrast.negative))
    }
    for (const [name, states] of Object.entries(side.anchors)) arrays.set(`anchors-${name}`, lastLayer(states))
    tensors.set(record.key, arrays)
  }
  const owns = new Map(within.map(({ record, side }) => [record.key, side.own]))
  for (const { record, own: vector } of transfer.flatMap(({ carried }) => carried)) {
    const [from, to] = [owns.get(record.donor), owns.get(record.receiver)]
    if (!from || !to) continue
    const { model, layer, norm, midpoint, meanNorm } = to
    const carried = { ...from, vector, model, against: model, layer, norm, midpoint, meanNorm }
    directions.set(`carried-${record.donor}-${record.receiver}-${record.anchors}`, [{ ...carried, method: 'carried' }])
  }
  return { directions, tensors }
}

function lastLayer(states: HiddenStates): NamedArray {
  const { data, rows, width } = layerOf(states, states.layers - 1)
  return { shape: [rows, width], data: Float32Array.from(data) }
}

function nameOf(
  { model }: HiddenStates,
  adapters: readonly { readonly name: string; readonly sha256: string }[]
): string {
  return adapters.find(({ sha256 }) => sha256 === model.adapter?.sha256)?.name ?? 'base'
}
