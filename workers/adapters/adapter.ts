/** An adapter as feeds of the instrumented graph. Modules that it leaves out get a pair of zeros. */
import type { LoraPair } from '../../src/formats/peft'
import { joinedB } from '../../src/onnx/levels/adapt'
import type { GraphInfo } from '../../src/onnx/describe'
import { groupLinears, type LinearGroup } from '../../src/onnx/linear'
import { fitPairs } from './adapter-fit'
import type { Runtime, Tensor } from '../host/host'
import { floatTensor } from '../run/tensors'

/** What makes tensors. */
type Maker = Pick<Runtime, 'Tensor' | 'upload'>
type Make = (data: Float32Array, dims: readonly number[]) => Tensor

/** The tensors of the adapter in use, as inputs of the graph; they are uploaded when the adapter changes. */
export class AdapterTensors {
  readonly #runtime: Maker
  readonly #info: GraphInfo
  readonly #groups: readonly LinearGroup[]
  #feeds: Record<string, Tensor> = {}
  #owned: Tensor[] = []
  #scale: Tensor

  constructor(runtime: Maker, info: GraphInfo) {
    this.#runtime = runtime
    this.#info = info
    this.#groups = groupLinears(info.linears)
    this.#scale = this.#scalar(0)
    this.#fill([])
  }

  get feeds(): Readonly<Record<string, Tensor>> {
    return { ...this.#feeds, 'lora.scale': this.#scale }
  }

  /** Replaces the adapter; null takes it off. @throws LabError `adapter` when it does not fit the model */
  set(pairs: readonly LoraPair[] | null): void {
    const fitted = fitPairs(pairs ?? [], this.#info)
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
