/** The direction that an adapter adds to its own base: the same prompts read without it and with it. */
import { adapter as adapterContrast, copied } from '../../direction/contrast'
import type { HiddenStates } from '../../direction/hidden-states'
import type { PromptRow } from '../../formats/prompts'
import type { CaptureRow } from '../../lab/api'
import { captureAll } from '../../lab/loops'
import type { ContrastFit, MathHandle } from '../../lab/math'
import type { Job, Subject, Tuned } from '../../experiments/subject'
import { readUnder } from './contrasts'

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

  /** At the scale that the adapter is named with. */
  async read({ subject, adapter }: Tuned, prompts: readonly PromptRow[], { signal, onProgress }: Job): Promise<Own> {
    const key = JSON.stringify([placeOf(subject), adapter, prompts.map(({ messages }) => messages)])
    const known = this.#kept.get(key)
    if (known) return known
    const options = { batch, signal, onDone: onProgress }
    const { positive: tuned, negative: base } = await subject.under(adapter, (model) =>
      readUnder(model, chatRows(prompts), adapter, options)
    )
    const fit = await this.#math.fit(copied(adapterContrast(tuned, base)), { swaps: 0 }, { signal })
    return keep(this.#kept, key, { base, tuned, ...fit }, mostKept)
  }
}

/** The same hidden states of one list at the last prompt token, without an adapter; remembered. */
export class Readings {
  readonly #kept = new Map<string, HiddenStates>()

  async read(subject: Subject, prompts: readonly PromptRow[], { signal, onProgress }: Job): Promise<HiddenStates> {
    const key = JSON.stringify([placeOf(subject), prompts.map(({ messages }) => messages)])
    const known = this.#kept.get(key)
    if (known) return known
    const states = await subject.under(null, (model) =>
      captureAll(model, chatRows(prompts), 'last', {
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

function placeOf({ info: { sha256, dtype, device } }: Subject): unknown {
  return [sha256, dtype, device]
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
