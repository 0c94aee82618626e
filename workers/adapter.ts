/** An adapter as feeds of the instrumented graph. Modules that it leaves out get a pair of zeros. */
import type { LoraPair } from '../src/formats/peft'
import type { GraphInfo } from '../src/onnx/describe'
import { fitPairs } from './adapter-fit'
import type { Runtime, Tensor } from './host'
import { floatTensor } from './tensors'

/** A module that the graph has, with its sizes. */
interface Slot {
  readonly key: string
  readonly layer: number
  readonly module: string
  readonly in: number
  readonly out: number
}

export class AdapterTensors {
  readonly #runtime: Runtime
  readonly #info: GraphInfo
  readonly #slots: readonly Slot[]
  #feeds: Record<string, Tensor> = {}
  #owned: Tensor[] = []
  #scale: Tensor

  constructor(runtime: Runtime, info: GraphInfo) {
    this.#runtime = runtime
    this.#info = info
    this.#slots = info.linears.flatMap(({ layer, parts, in: width }) =>
      parts.map(({ module, out }) => ({ key: `lora.${layer}.${module}`, layer, module, in: width, out }))
    )
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
    const make = (data: Float32Array, dims: readonly number[]): Tensor => {
      const tensor = this.#runtime.upload(floatTensor(this.#runtime, this.#info.activations, data, dims))
      this.#owned.push(tensor)
      return tensor
    }
    const zero = (rows: number, columns: number): Tensor => {
      const key = `${rows},${columns}`
      const found = zeros.get(key) ?? make(new Float32Array(rows * columns), [rows, columns])
      zeros.set(key, found)
      return found
    }
    const feeds: Record<string, Tensor> = {}
    for (const slot of this.#slots) {
      const pair = pairs.find(({ layer, module }) => layer === slot.layer && module === slot.module)
      feeds[`${slot.key}.A`] = pair ? make(pair.A, [slot.in, pair.rank]) : zero(slot.in, 1)
      feeds[`${slot.key}.B`] = pair ? make(pair.B, [pair.rank, slot.out]) : zero(1, slot.out)
    }
    this.#feeds = feeds
  }
}
