/** The direction that an adapter adds to its own base: the same prompts read without it and with it. */
import { adapter as adapterContrast, copied } from '../../direction/contrast'
import type { HiddenStates } from '../../direction/hidden-states'
import type { PromptRow } from '../../formats/prompts'
import type { CaptureRow } from '../../lab/api'
import { captureAll } from '../../lab/loops'
import type { ContrastFit, MathHandle } from '../../lab/math'
import { loadBeside, openOf, underAdapter, type AdapterOption } from '../models/adapter-use'
import { readUnder } from './contrasts'
import type { Model } from '../models/models.svelte'

/** How a part of a long run is followed and stopped. */
export interface Job {
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/** Both captures, at the last prompt token, with a direction for each layer from base to adapter. */
export interface Own extends ContrastFit {
  readonly base: HiddenStates
  readonly tuned: HiddenStates
}

/** Rows a capture call. */
const batch = 24
/** Results kept: both sides of a transfer, and as many before them. */
const mostKept = 4

/** Reads and fits, and remembers what it has read. */
export class OwnDirections {
  readonly #math: MathHandle
  readonly #kept = new Map<string, Own>()

  constructor(math: MathHandle) {
    this.#math = math
  }

  /** At the scale that the model's adapters are used at. */
  async read(model: Model, adapter: AdapterOption, prompts: readonly PromptRow[], job: Job): Promise<Own> {
    const { adapters } = model
    const { scale } = adapters
    const sha256 = await loadBeside(adapters, adapter)
    const key = JSON.stringify([placeOf(model), sha256, scale, prompts.map(({ messages }) => messages)])
    const known = this.#kept.get(key)
    if (known) return known
    const { signal, onProgress } = job
    const under = { sha256, scale, restore: () => adapters.restore() }
    const options = { batch, signal, onDone: onProgress }
    const { positive: tuned, negative: base } = await readUnder(openOf(model).handle, chatRows(prompts), under, options)
    const fit = await this.#math.fit(copied(adapterContrast(tuned, base)), { swaps: 0 }, { signal })
    return keep(this.#kept, key, { base, tuned, ...fit }, mostKept)
  }
}

/** The same hidden states of one list at the last prompt token, without an adapter; remembered. */
export class Readings {
  readonly #kept = new Map<string, HiddenStates>()

  async read(model: Model, prompts: readonly PromptRow[], { signal, onProgress }: Job): Promise<HiddenStates> {
    const key = JSON.stringify([placeOf(model), prompts.map(({ messages }) => messages)])
    const known = this.#kept.get(key)
    if (known) return known
    const states = await underAdapter(model, null, ({ handle }) =>
      captureAll(handle, chatRows(prompts), 'last', {
        batch,
        signal,
        onProgress: ({ done, total }) => onProgress(done, total)
      })
    )
    return keep(this.#kept, key, states, mostKept)
  }
}

function chatRows(prompts: readonly PromptRow[]): readonly CaptureRow[] {
  return prompts.map(({ messages }) => ({ prompt: { messages } }))
}

function placeOf({ status }: Model): unknown {
  return status.kind === 'open' ? [status.info.sha256, status.info.dtype, status.info.device] : null
}

/** Adds to a store that forgets its oldest. */
function keep<Value>(store: Map<string, Value>, key: string, value: Value, most: number): Value {
  store.set(key, value)
  for (const oldest of store.keys()) {
    if (store.size <= most) break
    store.delete(oldest)
  }
  return value
}
