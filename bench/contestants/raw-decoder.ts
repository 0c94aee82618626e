/** The least that decodes with ONNX Runtime: one session, one row, argmax. What our engine is measured against. */
import type { Session, Tensor, TensorConstructor } from '../../workers/host/host'
import { argmax } from '../../src/math/vector'
import { timing, type Decoder } from './decoder'

/** Sizes of the KV cache, which the graph may leave symbolic. */
export interface CacheSize {
  readonly heads: number
  readonly headSize: number
}

/** What an instrumented graph wants besides: fed again at every step, sized for the tokens of that step. */
export type Extra = (tokens: number) => Readonly<Record<string, Tensor>>

export class RawDecoder implements Decoder {
  readonly #Tensor: TensorConstructor
  readonly #session: Session
  readonly #cache: CacheSize
  readonly #extra: Extra

  constructor(Tensor: TensorConstructor, session: Session, cache: CacheSize, extra: Extra = () => ({})) {
    this.#Tensor = Tensor
    this.#session = session
    this.#cache = cache
    this.#extra = extra
  }

  async decode(prompt: readonly number[], tokens: number): ReturnType<Decoder['decode']> {
    const began = performance.now()
    const arrivals: number[] = []
    let past = this.#empty()
    let ids = prompt
    for (let length = prompt.length; arrivals.length < tokens; length++) {
      const outputs = await this.#session.run({
        input_ids: new this.#Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
        attention_mask: new this.#Tensor('int64', new BigInt64Array(length).fill(1n), [1, length]),
        ...past,
        ...this.#extra(ids.length)
      })
      past = this.#asPast(outputs)
      ids = [lastBest(outputs['logits'])]
      arrivals.push(performance.now())
    }
    return timing(began, arrivals)
  }

  close(): Promise<void> {
    return this.#session.release()
  }

  #empty(): Record<string, Tensor> {
    const { heads, headSize } = this.#cache
    const names = this.#session.inputNames.filter((name) => name.startsWith('past_key_values.'))
    return Object.fromEntries(
      names.map((name) => [name, new this.#Tensor('float32', new Float32Array(), [1, heads, 0, headSize])])
    )
  }

  #asPast(outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    const present = Object.entries(outputs).filter(([name]) => name.startsWith('present.'))
    return Object.fromEntries(present.map(([name, tensor]) => [name.replace('present', 'past_key_values'), tensor]))
  }
}

function lastBest(logits: Tensor | undefined): number {
  const data: unknown = logits?.data
  if (!(data instanceof Float32Array)) throw new TypeError('the session returned no logits')
  const vocabulary = Number(logits?.dims.at(-1))
  return argmax(data.subarray(data.length - vocabulary))
}
