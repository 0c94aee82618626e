/** One session over one instrumented graph, and the one way to run it: new tokens in, logits, hidden states and cache out. */
import { LabError } from '../src/errors'
import type { Steering } from '../src/lab/api'
import type { GraphInfo } from '../src/onnx/describe'
import type { Plan } from '../src/onnx/plan'
import { AdapterTensors } from './adapter'
import type { Runtime, Session, Tensor } from './host'
import { SteeringTensors, steeringMask } from './steering'
import { floatTensor, floatsOf, intTensor } from './tensors'

/** Keys and values of the tokens so far. `[B, heads, slots, headSize]` for each layer. */
export interface Cache {
  readonly tensors: Readonly<Record<string, Tensor>>
  /** Tokens of each row that are in the cache. */
  readonly lengths: readonly number[]
  /** For a padded cache: which slots of each row hold a token. */
  readonly slots: readonly boolean[][]
}

export interface RunInput {
  /** New tokens of each row; shorter rows are padded on the right. */
  readonly tokens: readonly (readonly number[])[]
  readonly cache: Cache | null
  /** Prompt length of each row, which the positions of its steering refer to. */
  readonly prompt: readonly number[]
  readonly steering: readonly (Steering | null)[]
  /** Positions to read: weights over the new tokens, `[B][P][S]`, or null. */
  readonly pool?: { readonly data: Float32Array; readonly positions: number }
  /** Whether logits at each row's last new token are wanted. */
  readonly logits: boolean
}

export interface RunOutput {
  /** `[row][vocabulary]` at each row's last new token; empty unless asked for. */
  readonly logits: Float32Array
  /** `[layer][row][position][width]`; empty unless asked for. */
  readonly hidden: Float32Array
  readonly cache: Cache
}

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

export class DecoderSession {
  readonly parts: SessionParts
  /** The adapter of every run; null where the graph was not opened for one. */
  readonly adapter: AdapterTensors | null
  #steering: { key: readonly (Steering | null)[]; tensors: SteeringTensors } | null = null
  #zeroPool = new Map<string, Tensor>()

  constructor(parts: SessionParts) {
    this.parts = parts
    this.adapter = parts.plan.adapt ? new AdapterTensors(parts.runtime, parts.info) : null
  }

  get keptOutputs(): string[] {
    return this.parts.session.outputNames.filter((name) => name.startsWith('present.'))
  }

  async run(input: RunInput): Promise<RunOutput> {
    const B = input.tokens.length
    const S = Math.max(...input.tokens.map((row) => row.length))
    const before = input.cache?.lengths ?? input.tokens.map(() => 0)
    const lengths = input.tokens.map((row, b) => (before[b] ?? 0) + row.length)
    const slots = extendSlots(input, S)
    const feeds: Record<string, Tensor> = {
      ...(await this.#tokenFeeds(input, B, S)),
      attention_mask: this.#attentionMask(lengths, slots, S, input.cache),
      ...(input.cache?.tensors ?? this.#emptyCache(B)),
      ...this.#steeringFeeds(input, before, S),
      ...this.adapter?.feeds
    }
    if (this.parts.session.inputNames.includes('position_ids')) feeds['position_ids'] = this.#positions(before, B, S)
    if (this.parts.session.inputNames.includes('num_logits_to_keep')) {
      feeds['num_logits_to_keep'] = intTensor(this.parts.runtime, new BigInt64Array(1), [])
    }
    if (this.parts.plan.read) feeds['capture.pool'] = this.#pool(input, B, S)
    if (this.parts.plan.select) feeds['select'] = this.#select(input, B, S)
    const fetches = [
      ...(input.logits ? ['logits'] : []),
      ...(input.pool ? ['capture.hidden'] : []),
      ...this.keptOutputs
    ]
    const outputs = await this.#run(feeds, fetches)
    try {
      return {
        logits: input.logits ? await this.#logits(outputs, input, S) : new Float32Array(),
        hidden: input.pool ? (await floatsOf(need(outputs, 'capture.hidden'))).slice() : new Float32Array(),
        cache: { tensors: asPast(outputs), lengths, slots }
      }
    } finally {
      outputs['logits']?.dispose()
      outputs['capture.hidden']?.dispose()
    }
  }

  /** Frees the buffers of a cache that is not needed any more. */
  static release(cache: Cache | null): void {
    for (const tensor of Object.values(cache?.tensors ?? {})) tensor.dispose()
  }

  async close(): Promise<void> {
    this.#steering?.tensors.dispose()
    this.adapter?.dispose()
    for (const tensor of this.#zeroPool.values()) tensor.dispose()
    await this.parts.session.release()
  }

  async #run(feeds: Record<string, Tensor>, fetches: readonly string[]): Promise<Record<string, Tensor>> {
    try {
      return await Promise.race([this.parts.session.run(feeds, fetches), this.parts.runtime.lost])
    } catch (cause) {
      if (cause instanceof LabError) throw cause
      throw runError(cause)
    }
  }

  async #tokenFeeds(input: RunInput, B: number, S: number): Promise<Record<string, Tensor>> {
    const ids = new BigInt64Array(B * S).fill(BigInt(this.parts.padding))
    input.tokens.forEach((row, b) => row.forEach((id, i) => (ids[b * S + i] = BigInt(id))))
    const { embed, runtime } = this.parts
    return embed ? { inputs_embeds: await embed(ids, [B, S]) } : { input_ids: intTensor(runtime, ids, [B, S]) }
  }

  #attentionMask(lengths: readonly number[], slots: readonly boolean[][], S: number, cache: Cache | null): Tensor {
    const packed = this.parts.info.cache.layout === 'packed'
    const total = packed
      ? Math.max(...lengths.map((n, b) => Math.max(n, (cache?.lengths[b] ?? 0) + S)))
      : (slots[0]?.length ?? 0)
    const mask = new BigInt64Array(lengths.length * total)
    lengths.forEach((length, b) => {
      if (packed) mask.fill(1n, b * total, b * total + length)
      else slots[b]?.forEach((used, i) => (mask[b * total + i] = used ? 1n : 0n))
    })
    return intTensor(this.parts.runtime, mask, [lengths.length, total])
  }

  #positions(before: readonly number[], B: number, S: number): Tensor {
    const ids = new BigInt64Array(B * S)
    for (let b = 0; b < B; b++) for (let i = 0; i < S; i++) ids[b * S + i] = BigInt((before[b] ?? 0) + i)
    return intTensor(this.parts.runtime, ids, [B, S])
  }

  #emptyCache(B: number): Record<string, Tensor> {
    const { runtime, info, headSize, session } = this.parts
    const make = (): Tensor =>
      floatTensor(runtime, info.cache.type, new Float32Array(), [B, info.cache.heads, 0, headSize])
    return Object.fromEntries(
      session.inputNames.filter((n) => n.startsWith('past_key_values.')).map((n) => [n, make()])
    )
  }

  #steeringFeeds(input: RunInput, before: readonly number[], S: number): Record<string, Tensor> {
    const { runtime, info, plan } = this.parts
    const level = plan.write ?? 'none'
    if (level === 'none') return {}
    const steered = input.steering.some((row) => row !== null && row.interventions.length > 0)
    const key = steered ? input.steering : []
    if (!this.#steering || !sameRows(this.#steering.key, key)) {
      this.#steering?.tensors.dispose()
      this.#steering = { key, tensors: new SteeringTensors(runtime, info, level, key) }
    }
    if (level === 'add') return this.#steering.tensors.feeds
    const B = input.tokens.length
    const mask = steeringMask(input.steering, input.prompt, before, S)
    return { ...this.#steering.tensors.feeds, 'steer.mask': floatTensor(runtime, info.activations, mask, [B, S, 1]) }
  }

  #pool(input: RunInput, B: number, S: number): Tensor {
    const { runtime } = this.parts
    if (input.pool) return new runtime.Tensor('float32', input.pool.data, [B, input.pool.positions, S])
    const key = `${B},${S}`
    const found = this.#zeroPool.get(key) ?? new runtime.Tensor('float32', new Float32Array(B * S), [B, 1, S])
    if (S === 1) this.#zeroPool.set(key, found)
    return found
  }

  /** One-hot rows for each row's last new token. */
  #select(input: RunInput, B: number, S: number): Tensor {
    const select = new Float32Array(B * S)
    input.tokens.forEach((row, b) => (select[b * S + row.length - 1] = 1))
    return floatTensor(this.parts.runtime, this.parts.info.activations, select, [B, 1, S])
  }

  async #logits(outputs: Record<string, Tensor>, input: RunInput, S: number): Promise<Float32Array> {
    const tensor = need(outputs, 'logits')
    const all = await floatsOf(tensor)
    const V = this.parts.info.vocabulary || Number(tensor.dims.at(-1))
    if (this.parts.plan.select) return all.slice()
    const out = new Float32Array(input.tokens.length * V)
    input.tokens.forEach((row, b) => {
      const start = (b * S + row.length - 1) * V
      out.set(all.subarray(start, start + V), b * V)
    })
    return out
  }
}

function need(outputs: Record<string, Tensor>, name: string): Tensor {
  const tensor = outputs[name]
  if (!tensor) throw new LabError('graph', `the session did not return ${name}`)
  return tensor
}

function asPast(outputs: Record<string, Tensor>): Record<string, Tensor> {
  const present = Object.entries(outputs).filter(([name]) => name.startsWith('present.'))
  return Object.fromEntries(present.map(([name, tensor]) => [name.replace('present', 'past_key_values'), tensor]))
}

function extendSlots(input: RunInput, S: number): boolean[][] {
  return input.tokens.map((row, b) => [
    ...(input.cache?.slots[b] ?? []),
    ...Array.from({ length: S }, (_, i) => i < row.length)
  ])
}

const sameRows = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((row, i) => row === b[i])

/** What a runtime throws, as an error that says what to do. */
export function runError(cause: unknown): LabError {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/out of memory|bad_alloc|allocat|OOM/i.test(text)) {
    return new LabError(
      'memory',
      `memory ran out while the model ran (${text}): use a smaller batch or a shorter prompt`,
      { cause }
    )
  }
  if (/device.*lost|lost.*device|destroyed/i.test(text)) {
    return new LabError('device', `the GPU was lost while the model ran (${text}): open the model again`, { cause })
  }
  return new LabError('onnx', `the model failed to run: ${text}`, { cause })
}
