/** An adapter as feeds of the instrumented graph. Modules that it leaves out get a pair of zeros. */
import { LabError } from '../src/errors'
import type { LoraPair } from '../src/formats/peft'
import { joinedB } from '../src/onnx/adapt'
import type { GraphInfo } from '../src/onnx/describe'
import { groupLinears, type LinearGroup } from '../src/onnx/linear'
import type { Runtime, Tensor } from './host'
import { floatTensor } from './tensors'

/** A module that the graph has, with its sizes. */
interface Slot {
  readonly layer: number
  readonly module: string
  readonly in: number
  readonly out: number
}

type Make = (data: Float32Array, dims: readonly number[]) => Tensor

export class AdapterTensors {
  readonly #runtime: Runtime
  readonly #info: GraphInfo
  readonly #groups: readonly LinearGroup[]
  readonly #slots: readonly Slot[]
  #feeds: Record<string, Tensor> = {}
  #owned: Tensor[] = []
  #scale: Tensor

  constructor(runtime: Runtime, info: GraphInfo) {
    this.#runtime = runtime
    this.#info = info
    this.#groups = groupLinears(info.linears)
    this.#slots = info.linears.flatMap(({ layer, parts, in: width }) =>
      parts.map(({ module, out }) => ({ layer, module, in: width, out }))
    )
    this.#scale = this.#scalar(0)
    this.#fill([])
  }

  get feeds(): Readonly<Record<string, Tensor>> {
    return { ...this.#feeds, 'lora.scale': this.#scale }
  }

  /** Replaces the adapter; null takes it off. @throws LabError `adapter` when it does not fit the model */
  set(pairs: readonly LoraPair[] | null): void {
    const fitted = (pairs ?? []).flatMap((pair) => this.#fit(pair))
    for (const tensor of this.#owned) tensor.dispose()
    this.#owned = []
    this.#fill(fitted)
  }

  /** 0 is the base model to the bit, 1 the adapter as it was trained. */
  setScale(scale: number): void {
    this.#scale = this.#scalar(scale)
  }

  dispose(): void {
    for (const tensor of this.#owned) tensor.dispose()
    this.#owned = []
  }

  #scalar(value: number): Tensor {
    return floatTensor(this.#runtime, this.#info.activations, Float32Array.of(value), [1])
  }

  #fill(pairs: readonly LoraPair[]): void {
    const zeros = new Map<string, Tensor>()
    const make: Make = (data, dims) => {
      const key = data.some((x) => x !== 0) ? '' : dims.join()
      const found = zeros.get(key)
      if (found) return found
      const tensor = this.#runtime.upload(floatTensor(this.#runtime, this.#info.activations, data, dims))
      this.#owned.push(tensor)
      if (key) zeros.set(key, tensor)
      return tensor
    }
    const feeds: Record<string, Tensor> = {}
    for (const group of this.#groups) {
      const mine = new Map(pairs.filter(({ layer }) => layer === group.layer).map((pair) => [pair.module, pair]))
      groupFeedsInto(feeds, group, mine, make)
    }
    this.#feeds = feeds
  }

  /** The pair under the module names of the graph; a fused module is cut by its columns. */
  #fit(pair: LoraPair): LoraPair[] {
    const fused =
      pair.module === 'qkv_proj'
        ? ['q_proj', 'k_proj', 'v_proj']
        : pair.module === 'gate_up_proj'
          ? ['gate_proj', 'up_proj']
          : [pair.module]
    const slots = fused.map((module) => this.#slots.find((slot) => slot.layer === pair.layer && slot.module === module))
    let from = 0
    return slots.map((slot) => {
      if (!slot || slot.in !== pair.in || (fused.length === 1 && slot.out !== pair.out)) {
        throw new LabError(
          'adapter',
          `the adapter changes ${pair.module} [${pair.in}, ${pair.out}] of layer ${pair.layer}, the open model has ` +
            `${slot ? `[${slot.in}, ${slot.out}] there` : `${this.#info.layers} layers and no such module`}: it was trained on another model`
        )
      }
      const B = columns(pair.B, pair.rank, pair.out, from, slot.out)
      from += slot.out
      return { ...pair, module: slot.module, out: slot.out, B }
    })
  }
}

/** One group's tensors, as `addJoinedAdapters` wants them. `pairs` of its layer, by module. */
function groupFeedsInto(
  feeds: Record<string, Tensor>,
  group: LinearGroup,
  pairs: ReadonlyMap<string, LoraPair>,
  make: Make
): void {
  const key = `lora.${group.layer}.${group.name}`
  const modules = group.products.flatMap(({ parts }) => parts.map(({ module }) => module))
  const rank = Math.max(1, ...modules.map((module) => pairs.get(module)?.rank ?? 0))
  const A = new Float32Array(group.in * modules.length * rank)
  modules.forEach((module, i) => {
    const pair = pairs.get(module)
    if (pair) blockInto(A, modules.length * rank, pair.A, pair.rank, [0, i * rank])
  })
  feeds[`${key}.A`] = make(A, [group.in, modules.length * rank])
  group.products.forEach(({ parts }, index) => {
    const out = parts.reduce((sum, part) => sum + part.out, 0)
    const B = new Float32Array(parts.length * rank * out)
    let from = 0
    parts.forEach(({ module, out: width }, i) => {
      const pair = pairs.get(module)
      if (pair) blockInto(B, out, pair.B, width, [i * rank, from])
      from += width
    })
    feeds[joinedB(key, group.products.length, index)] = make(B, [parts.length * rank, out])
  })
}

/** Puts a matrix of `columns` columns into one of `width` columns, its corner at `[row, column]`. */
function blockInto(
  target: Float32Array,
  width: number,
  block: Float32Array,
  columns: number,
  [row, column]: readonly [number, number]
): void {
  for (let r = 0; r * columns < block.length; r++) {
    target.set(block.subarray(r * columns, (r + 1) * columns), (row + r) * width + column)
  }
}

function columns(data: Float32Array, rows: number, width: number, from: number, count: number): Float32Array {
  const out = new Float32Array(rows * count)
  for (let r = 0; r < rows; r++) out.set(data.subarray(r * width + from, r * width + from + count), r * count)
  return out
}
