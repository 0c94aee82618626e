/** One session over one instrumented graph, and the one way to run it: new tokens in, logits, hidden states and cache out. */
import { excerpt, LabError } from '../src/errors'
import type { Steering } from '../src/lab/api'
import type { GraphInfo } from '../src/onnx/describe'
import type { Plan } from '../src/onnx/plan'
import { AdapterTensors } from './adapters/adapter'
import type { Runtime, Session, Tensor } from './host/host'
import { SteeringTensors, steeringMask } from './run/steering'
import { floatTensor, floatsOf, intTensor } from './run/tensors'

/** Keys and values of the tokens so far. `[B, heads, slots, headSize]` for each layer. */
export interface Cache {
  readonly tensors: Readonly<Record<string, Tensor>>
  /** Tokens of each row that are in the cache. */
  readonly lengths: readonly number[]
  /** For a padded cache: which slots of each row hold a token. */
  readonly slots: readonly (readonly boolean[])[]
}

/** Input of one run of the decoder: rows of one batch, and where each of them stands. */
export interface RunInput {
  /** New tokens of each row. Shorter rows are padded: on the right for a packed cache, else on the left. */
  readonly tokens: readonly (readonly number[])[]
  readonly cache: Cache | null
  /** Prompt length of each row, which the positions of its steering refer to. */
  readonly prompt: readonly number[]
  readonly steering: readonly (Steering | null)[]
  /** Positions to read: weights over each row's new tokens, `[B][P][S]`. */
  readonly pool?: { readonly data: Float32Array; readonly positions: number }
  /** What is wanted of the token that follows each of `positions`. */
  readonly scores?: 'logits' | 'log_probabilities'
  /** For each row, the new tokens whose next token is scored, counted from its first new one. Default: its last one. */
  readonly positions?: readonly (readonly number[])[]
  /** True where no run follows on its cache: then rows are padded on the right, after all that counts. */
  readonly final?: boolean
}

/** What one run of the decoder gave. */
export interface RunOutput {
  /** `[row][Q][vocabulary]`, Q the most positions of any row; rows with fewer are filled up. Empty unless asked for. */
  readonly scores: Float32Array
  /** `[layer][row][position][width]`; empty unless asked for. */
  readonly hidden: Float32Array
  readonly cache: Cache
}

/** What a decoder session is made of. */
export interface SessionParts {
  readonly runtime: Runtime
  readonly session: Session
  readonly info: GraphInfo
  readonly plan: Plan
  /** Length of one key, from the graph or the config. */
  readonly headSize: number
  /** Token id for padding: any valid one, its results are never read. */
  readonly padding: number
  /** Embeds tokens where the decoder takes `inputs_embeds`. */
  readonly embed: ((ids: BigInt64Array, dims: readonly number[]) => Promise<Tensor>) | null
}

/** One run's rows and their places in its tensors. */
interface Batch {
  readonly B: number
  readonly S: number
  /** Tokens of each row that came before this run. */
  readonly from: readonly number[]
  /** Padding in front of each row's new tokens. */
  readonly offset: readonly number[]
  /** Tokens of each row after this run. */
  readonly lengths: readonly number[]
  readonly slots: readonly (readonly boolean[])[]
}

/** An instrumented decoder on a runtime, with its adapter, steering and cache. Runs reject with LabError `device`, `memory`, `onnx`, `graph`. */
export class DecoderSession {
  readonly parts: SessionParts
  /** The adapter of every run; null where the graph was not opened for one. */
  readonly adapter: AdapterTensors | null
  #steering: { key: readonly (Steering | null)[]; tensors: SteeringTensors } | null = null
  #giveUp: ((error: Error) => void) | null = null
  #lost: Error | null = null
  readonly #inputs: ReadonlySet<string>
  /** Outputs of the cache, and the inputs that take them at the next step. */
  readonly #present: readonly string[]
  readonly #past: readonly string[]

  constructor(parts: SessionParts) {
    this.parts = parts
    this.#inputs = new Set(parts.session.inputNames)
    this.#present = parts.info.cache.states.map(({ present }) => present)
    this.#past = parts.info.cache.states.map(({ past }) => past)
    parts.runtime.lost.catch((error: unknown) => {
      this.#lost = error instanceof Error ? error : new Error(String(error))
      this.#giveUp?.(this.#lost)
    })
    this.adapter = parts.plan.adapt ? new AdapterTensors(parts.runtime, parts.info) : null
  }

  async run(input: RunInput): Promise<RunOutput> {
    const batch = this.#batch(input)
    const { lengths, slots } = batch
    const feeds: Record<string, Tensor> = { attention_mask: this.#attentionMask(batch) }
    Object.assign(
      feeds,
      await this.#tokenFeeds(input, batch),
      input.cache?.tensors ?? this.#emptyCache(batch.B),
      this.#steeringFeeds(input, batch),
      this.adapter?.feeds
    )
    if (this.#inputs.has('position_ids')) feeds['position_ids'] = this.#positions(batch)
    if (this.#inputs.has('num_logits_to_keep')) {
      feeds['num_logits_to_keep'] = intTensor(this.parts.runtime, new BigInt64Array(1), [])
    }
    if (this.parts.plan.read) feeds['capture.pool'] = this.#pool(input, batch)
    feeds['select'] = this.#select(input, batch)
    const wanted = [...(input.scores ? [input.scores] : []), ...(input.pool ? ['capture.hidden'] : [])]
    const outputs = await this.#run(feeds, [...wanted, ...this.#present])
    try {
      return {
        scores: input.scores ? await floatsOf(need(outputs, input.scores)) : new Float32Array(),
        // A copy, since a buffer of the runtime's cannot be transferred to another thread.
        hidden: input.pool ? (await floatsOf(need(outputs, 'capture.hidden'))).slice() : new Float32Array(),
        cache: { tensors: this.#asPast(outputs), lengths, slots }
      }
    } finally {
      for (const name of wanted) outputs[name]?.dispose()
    }
  }

  /** Frees the buffers of a cache that is not needed any more. */
  static release(cache: Cache | null): void {
    for (const tensor of Object.values(cache?.tensors ?? {})) tensor.dispose()
  }

  async close(): Promise<void> {
    this.#steering?.tensors.dispose()
    this.adapter?.dispose()
    await this.parts.session.release()
  }

  async #run(feeds: Record<string, Tensor>, fetches: readonly string[]): Promise<Record<string, Tensor>> {
    try {
      return await this.#unlessLost(this.parts.session.run(feeds, fetches))
    } catch (cause) {
      if (cause instanceof LabError) throw cause
      throw runError(cause)
    }
  }

  /**
   * Where each row's tokens lie. Packed caches want padding on the right, as do models that no padding may come in front of; others on the left, so that a row's
   * tokens stay neighbours and sliding windows count real tokens only.
   */
  #batch(input: RunInput): Batch {
    const S = Math.max(...input.tokens.map((row) => row.length))
    const packed = this.parts.info.cache.layout === 'packed'
    const right = input.final === true || packed || !this.parts.info.ragged
    const from = input.cache?.lengths ?? input.tokens.map(() => 0)
    const offset = input.tokens.map((row) => (right ? 0 : S - row.length))
    const slots = input.tokens.map((row, b) => {
      // A packed row's slots are its first ones, which its length says.
      if (packed) return []
      const used = (i: number): boolean => i >= (offset[b] ?? 0) && i < (offset[b] ?? 0) + row.length
      return [...(input.cache?.slots[b] ?? []), ...Array.from({ length: S }, (_, i) => used(i))]
    })
    return {
      B: input.tokens.length,
      S,
      from,
      offset,
      slots,
      lengths: input.tokens.map((row, b) => (from[b] ?? 0) + row.length)
    }
  }

  /** Rejects when the device is lost first. One reaction serves all runs: racing each would keep every result alive. */
  async #unlessLost<T>(run: Promise<T>): Promise<T> {
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#giveUp = reject
        if (this.#lost) reject(this.#lost)
        run.then(resolve, reject)
      })
    } finally {
      this.#giveUp = null
    }
  }

  async #tokenFeeds(input: RunInput, { B, S, offset }: Batch): Promise<Record<string, Tensor>> {
    const ids = new BigInt64Array(B * S).fill(BigInt(this.parts.padding))
    input.tokens.forEach((row, b) => row.forEach((id, i) => (ids[b * S + (offset[b] ?? 0) + i] = BigInt(id))))
    const { embed, runtime } = this.parts
    return embed ? { inputs_embeds: await embed(ids, [B, S]) } : { input_ids: intTensor(runtime, ids, [B, S]) }
  }

  /** For a packed cache a row's ones are its length; for a padded one they say which slots hold a token. */
  #attentionMask({ B, S, from, lengths, slots }: Batch): Tensor {
    const packed = this.parts.info.cache.layout === 'packed'
    const total = packed ? Math.max(...from) + S : (slots[0]?.length ?? 0)
    const mask = new BigInt64Array(B * total)
    for (let b = 0; b < B; b++) {
      if (packed) mask.fill(1n, b * total, b * total + (lengths[b] ?? 0))
      else slots[b]?.forEach((used, i) => (mask[b * total + i] = used ? 1n : 0n))
    }
    return intTensor(this.parts.runtime, mask, [B, total])
  }

  #positions({ B, S, from, offset }: Batch): Tensor {
    const ids = new BigInt64Array(B * S)
    for (let b = 0; b < B; b++) {
      for (let i = 0; i < S; i++) ids[b * S + i] = BigInt(Math.max(0, (from[b] ?? 0) + i - (offset[b] ?? 0)))
    }
    return intTensor(this.parts.runtime, ids, [B, S])
  }

  #emptyCache(B: number): Record<string, Tensor> {
    const { runtime, info, headSize } = this.parts
    return Object.fromEntries(
      info.cache.states.map(({ past, type, sizes }) => {
        const dims = [B, ...sizes.map((size) => (size === 0 ? headSize : (size ?? 0)))]
        const data = new Float32Array(dims.reduce((count, size) => count * size, 1))
        return [past, floatTensor(runtime, type, data, dims)]
      })
    )
  }

  #steeringFeeds(input: RunInput, { B, S, from, offset }: Batch): Record<string, Tensor> {
    const { runtime, info, plan } = this.parts
    if ((plan.write ?? 'none') === 'none') return {}
    const steered = input.steering.some((row) => row !== null && row.interventions.length > 0)
    const key = steered ? input.steering : []
    if (!this.#steering || !sameRows(this.#steering.key, key)) {
      this.#steering?.tensors.dispose()
      this.#steering = { key, tensors: new SteeringTensors(runtime, info, plan, key) }
    }
    if (plan.write === 'add') return this.#steering.tensors.feeds
    const first = from.map((length, b) => length - (offset[b] ?? 0))
    const mask = steeringMask(input.steering, input.prompt, first, S)
    return { ...this.#steering.tensors.feeds, 'steer.mask': floatTensor(runtime, info.activations, mask, [B, S, 1]) }
  }

  /** Of no positions where nothing is to be read: a product without rows costs next to nothing. */
  #pool(input: RunInput, { B, S, offset }: Batch): Tensor {
    const P = input.pool?.positions ?? 0
    const pool = new Float32Array(B * P * S)
    for (let row = 0; row < B * P; row++) {
      const shift = offset[Math.floor(row / P)] ?? 0
      pool.set(input.pool?.data.subarray(row * S, (row + 1) * S - shift) ?? [], row * S + shift)
    }
    return new this.parts.runtime.Tensor('float32', pool, [B, P, S])
  }

  /** One-hot rows for the tokens whose next token is scored. */
  #select(input: RunInput, { B, S, offset }: Batch): Tensor {
    const positions = input.positions ?? input.tokens.map((row) => [row.length - 1])
    const Q = Math.max(...positions.map((row) => row.length))
    const select = new Float32Array(B * Q * S)
    positions.forEach((row, b) => row.forEach((at, q) => (select[(b * Q + q) * S + (offset[b] ?? 0) + at] = 1)))
    return floatTensor(this.parts.runtime, this.parts.info.activations, select, [B, Q, S])
  }

  #asPast(outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    const past: Record<string, Tensor> = {}
    this.#past.forEach((name, i) => (past[name] = need(outputs, this.#present[i] ?? '')))
    return past
  }
}

function need(outputs: Record<string, Tensor>, name: string): Tensor {
  const tensor = outputs[name]
  if (!tensor) throw new LabError('graph', `the session did not return ${name}`)
  return tensor
}

const sameRows = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((row, i) => row === b[i])

/** What a runtime throws, as an error that says what to do. */
export function runError(cause: unknown): LabError {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/out of memory|bad_alloc|allocat|OOM/i.test(text)) {
    return new LabError(
      'memory',
      `memory ran out while the model ran (${excerpt(text)}): use a smaller batch or a shorter prompt`,
      { cause }
    )
  }
  if (/device.*lost|lost.*device|destroyed/i.test(text)) {
    return new LabError('device', `the GPU was lost while the model ran (${excerpt(text)}): open the model again`, {
      cause
    })
  }
  return new LabError('onnx', `the model failed to run: ${excerpt(text)}`, { cause })
}
