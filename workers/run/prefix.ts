/** Reuse of the KV cache: what the last call computed for the same first tokens is not computed again. */
import type { Steering } from '../../src/lab/api'
import { cutOnCpu, takeRows } from './copies'
import type { Runtime, Tensor } from '../host/host'
import { DecoderSession, type Cache } from '../session'
import { isFixed } from '../../src/onnx/states'

interface Stored {
  readonly ids: readonly number[]
  /** How those tokens were steered. */
  readonly signature: string
  readonly cache: Cache
}

/** Where a batch starts: the cache of a prefix that all rows share. */
export interface Start {
  /** Owned by the caller; null when nothing could be shared. */
  readonly cache: Cache | null
  /** Tokens of each row that the cache holds. */
  readonly length: number
  /** Tokens that did not have to be computed. */
  readonly reused: number
}

/** Shorter prefixes are computed again: copying them costs as much. */
const shortest = 8

/** Caches of prefixes that were computed before. */
export class PrefixStore {
  #stored: Stored | null = null
  readonly #session: DecoderSession
  readonly #runtime: Runtime
  /** Whether the model carries states that cannot be cut. */
  readonly #fixed: boolean

  constructor(session: DecoderSession, runtime: Runtime) {
    this.#session = session
    this.#runtime = runtime
    this.#fixed = session.parts.info.cache.states.some(isFixed)
  }

  /**
   * A cache for the first tokens of all rows. One row takes over what is stored; several rows with the same prompt
   * share one computation of all but its last token.
   */
  async start(rows: readonly (readonly number[])[], steering: readonly (Steering | null)[]): Promise<Start> {
    const none: Start = { cache: null, length: 0, reused: 0 }
    const [first = []] = rows
    const signatures = new Set(steering.map(prefixSignature))
    const [signature = ''] = signatures
    if (signatures.size !== 1 || signature === 'prompt' || !rows.every((row) => same(row, first))) return none
    const found = await this.#take(first, signature)
    if (rows.length === 1) return found
    const wanted = first.length - 1
    if (wanted < shortest) {
      DecoderSession.release(found.cache)
      return none
    }
    const single = found.length === wanted ? found.cache : await this.#extend(first, found, steering[0] ?? null)
    if (!single) return none
    const cache = await takeRows(
      this.#runtime,
      single,
      rows.map(() => 0)
    )
    this.#store({ ids: first.slice(0, wanted), signature, cache: single })
    return { cache, length: wanted, reused: found.length + wanted * (rows.length - 1) }
  }

  /** Takes over the cache of a finished one-row generation. Returns whether it did. */
  keep(
    rows: readonly { readonly ids: readonly number[] }[],
    answers: readonly (readonly number[])[],
    steering: readonly (Steering | null)[],
    cache: Cache | null
  ): boolean {
    const [row] = rows
    const signature = prefixSignature(steering[0] ?? null)
    if (rows.length !== 1 || !row || !cache || signature === 'prompt') return false
    const generated = steering[0]?.positions === 'generated'
    // The steered tokens would have to be cut off again.
    if (generated && this.#fixed) return false
    const ids = generated ? row.ids.slice(0, -1) : [...row.ids, ...(answers[0] ?? [])].slice(0, cache.lengths[0])
    this.#store({ ids, signature, cache })
    return true
  }

  clear(): void {
    DecoderSession.release(this.#stored?.cache ?? null)
    this.#stored = null
  }

  #store(stored: Stored): void {
    this.clear()
    this.#stored = stored
  }

  /** Hands out the stored cache, cut to what it shares with `ids`; at least one token is left to run. */
  async #take(ids: readonly number[], signature: string): Promise<Start> {
    const stored = this.#stored
    const length = stored && stored.signature === signature ? Math.min(common(stored.ids, ids), ids.length - 1) : 0
    // A convolution or a recurrence cannot forget its last tokens.
    const whole = !this.#fixed || length === stored?.cache.lengths[0]
    if (!stored || !whole || length < shortest) return { cache: null, length: 0, reused: 0 }
    this.#stored = null
    return { cache: await this.#cut(stored.cache, length), length, reused: length }
  }

  /** Forgets what lies behind `length` tokens. A packed cache may keep it, since lengths say what counts. */
  async #cut(cache: Cache, length: number): Promise<Cache> {
    const lengths = cache.lengths.map(() => length)
    if (this.#session.parts.info.cache.layout === 'packed' || cache.lengths[0] === length) return { ...cache, lengths }
    const entries = Object.entries(cache.tensors)
    const cutOne = async ([name, tensor]: [string, Tensor]) =>
      [name, await cutOnCpu(this.#runtime.Tensor, tensor, length)] as const
    const tensors = Object.fromEntries(await Promise.all(entries.map(cutOne)))
    DecoderSession.release(cache)
    return { tensors, lengths, slots: cache.slots.map((row) => row.slice(0, length)) }
  }

  async #extend(ids: readonly number[], found: Start, steering: Steering | null): Promise<Cache> {
    const output = await this.#session.run({
      tokens: [ids.slice(found.length, -1)],
      cache: found.cache,
      prompt: [ids.length],
      steering: [steering]
    })
    DecoderSession.release(found.cache)
    return output.cache
  }
}

/** What steering does to the tokens of a prompt but its last: the same signature, the same keys and values. */
function prefixSignature(steering: Steering | null): string {
  if (!steering || steering.interventions.length === 0 || steering.positions === 'generated') return 'none'
  if (steering.positions === 'prompt') return 'prompt'
  const { interventions, keepNorm = false } = steering
  return JSON.stringify([
    keepNorm,
    ...interventions.map(({ vector, ...rest }) => ({ ...rest, vector: checksum(vector) }))
  ])
}

/** FNV-1a over the bits of a vector. */
function checksum(vector: Float32Array): number {
  const words = new Uint32Array(vector.buffer, vector.byteOffset, vector.length)
  return words.reduce((hash, word) => Math.imul(hash ^ word, 0x01000193) >>> 0, 0x811c9dc5)
}

const same = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && common(a, b) === a.length

function common(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length)
  for (let i = 0; i < end; i++) if (a[i] !== b[i]) return i
  return end
}
