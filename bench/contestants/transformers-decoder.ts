/** transformers.js as a contestant: AutoModelForCausalLM.generate on the same files. */
import {
  DynamicCache,
  Tensor,
  TextStreamer,
  type AutoModelForCausalLM,
  type PreTrainedTokenizer
} from '@huggingface/transformers'
import { timing, type Decoder } from './decoder'
import type { CacheSize } from './raw-decoder'

/** Arrival times of tokens; the prompt comes first and is left out. Its types want a TextStreamer; no text is made. */
class Clock extends TextStreamer {
  readonly arrivals: number[] = []
  #prompt = true

  override put(): void {
    if (!this.#prompt) this.arrivals.push(performance.now())
    this.#prompt = false
  }

  override end(): void {}
}

type Model = Awaited<ReturnType<typeof AutoModelForCausalLM.from_pretrained>>

export class TransformersDecoder implements Decoder {
  readonly #model: Model
  readonly #tokenizer: PreTrainedTokenizer
  readonly #cache: CacheSize & { readonly layers: number }

  constructor(model: Model, tokenizer: PreTrainedTokenizer, cache: CacheSize & { readonly layers: number }) {
    this.#model = model
    this.#cache = cache
    this.#tokenizer = tokenizer
  }

  async decode(prompt: readonly number[], tokens: number): ReturnType<Decoder['decode']> {
    const ids = new Tensor('int64', BigInt64Array.from(prompt, BigInt), [1, prompt.length])
    const mask = new Tensor('int64', new BigInt64Array(prompt.length).fill(1n), [1, prompt.length])
    const clock = new Clock(this.#tokenizer)
    const began = performance.now()
    await this.#model.generate({
      input_ids: ids,
      attention_mask: mask,
      max_new_tokens: tokens,
      do_sample: false,
      streamer: clock,
      past_key_values: this.#empty()
    })
    return timing(began, clock.arrivals)
  }

  /** transformers.js takes a size that the graph leaves symbolic (genai's kv_cache_dim) for 0, so the cache is made here. */
  #empty(): DynamicCache {
    const { layers, heads, headSize } = this.#cache
    const names = Array.from({ length: layers }, (_, l) => [`past_key_values.${l}.key`, `past_key_values.${l}.value`])
    return new DynamicCache(
      Object.fromEntries(
        names.flat().map((name) => [name, new Tensor('float32', new Float32Array(), [1, heads, 0, headSize])])
      )
    )
  }

  async close(): Promise<void> {
    await this.#model.dispose()
  }
}
