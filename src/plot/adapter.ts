/** What an adapter changes at each layer, as bars. */
import type { AdapterInfo, AdapterProof } from '../lab/api'

export interface ChangeBar {
  readonly layer: number
  /** Share of the strip's height, 0 to 1; 0 where the layer keeps every bit. */
  readonly height: number
  /** Whether modules of this layer are adapted; others change because their input does. */
  readonly adapted: boolean
  readonly label: string
}

/** One bar a layer, as a share of the largest change. */
export function plotChange({ layers }: AdapterProof, { modules }: AdapterInfo): readonly ChangeBar[] {
  const largest = Math.max(...layers)
  const adapted = new Set(modules.map(({ layer }) => layer))
  return layers.map((change, layer) => ({
    layer,
    height: change === 0 ? 0 : Math.max(0.06, change / largest),
    adapted: adapted.has(layer),
    label: `layer ${layer}: ${formatChange(change)}${adapted.has(layer) ? '' : ', no module of its own adapted'}`
  }))
}

/** A share as a percentage of two significant digits. */
export function formatChange(share: number): string {
  return `${Number((100 * share).toPrecision(2))}\u00a0%`
}

/** `q_proj: rank 16 in layers 0-29`: the modules by name, and for each rank the layers that have it. */
export function moduleLines({ modules }: AdapterInfo): readonly { readonly module: string; readonly where: string }[] {
  const names = [...new Set(modules.map(({ module }) => module))]
  return names.map((module) => {
    const places = modules.filter((each) => each.module === module)
    const ranks = [...new Set(places.map(({ rank }) => rank))]
    const where = ranks.map((rank) => {
      const layers = places.filter((each) => each.rank === rank).map(({ layer }) => layer)
      return `rank ${rank} in ${layerRanges(layers)}`
    })
    return { module, where: where.join(', ') }
  })
}

/** `layers 0-3, 5`; a step of one only counts as a range. */
function layerRanges(layers: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const layer of layers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && last[1] === layer - 1) last[1] = layer
    else ranges.push([layer, layer])
  }
  const text = ranges.map(([from, to]) => (from === to ? `${from}` : `${from}\u2013${to}`)).join(', ')
  return `layer${layers.length === 1 ? '' : 's'} ${text}`
}

/** What the measurement says, in one or two sentences. */
export function describeProof({ change, relative, top1Changed, prompts }: AdapterProof): string {
  if (change === 0) return 'It changes nothing: on every test prompt all logits stay the same to the bit.'
  const tokens =
    top1Changed === 0 ? 'the most likely next token stays' : 'another token becomes the most likely next one'
  const count = top1Changed === 0 ? `on all ${prompts.length}` : `on ${top1Changed} of ${prompts.length}`
  return `At scale 1 the next token's logits move by ${Number(change.toPrecision(3))} (norm), ${formatChange(relative)} of their length, and ${tokens} ${count} test prompts.`
}
