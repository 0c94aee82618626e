/** What a fit reads: two lists of prompts as the model is, or one list without and with an adapter. */
import { adapter, lists, type Contrast } from '../../direction/contrast'
import { copyOf, type HiddenStates } from '../../direction/hidden-states'
import { numberedByText } from '../../direction/join'
import type { Method } from '../../direction/method'
import type { CaptureRow } from '../../lab/api'
import type { ModelHandle } from '../../lab/connect'
import { captureAll } from '../../lab/loops'

/** Those of `Contrast` that the page fits. */
export type ContrastKind = 'lists' | 'adapter'

/** The two sides by name and prompts, and the adapter between them where there is one; then both sides are one list. */
export interface ContrastTask {
  readonly positiveName: string
  readonly negativeName: string
  readonly positive: readonly string[]
  readonly negative: readonly string[]
  readonly under?: AdapterBetween
}

/** An adapter that is loaded beside the model, how much of it, and how to put back in use what was. */
export interface AdapterBetween {
  readonly sha256: string
  readonly scale: number
  readonly restore: () => Promise<void>
}

/** The hidden states of both sides at the last prompt token. */
export interface Sides {
  readonly positive: HiddenStates
  readonly negative: HiddenStates
}

interface ReadOptions {
  readonly signal: AbortSignal
  readonly onDone: (done: number, total: number) => void
  /** Rows a call. */
  readonly batch?: number
}

/** Reads both sides. Rejects with `AbortError` when cancelled; what was in use is in use again in any case. */
export async function readSides(handle: ModelHandle, task: ContrastTask, options: ReadOptions): Promise<Sides> {
  const [positive, negative] = [task.positive.map(chatRow), task.negative.map(chatRow)]
  if (task.under) return readUnder(handle, positive, task.under, options)
  const total = positive.length + negative.length
  return {
    positive: await read(handle, positive, 0, total, options),
    negative: await read(handle, negative, positive.length, total, options)
  }
}

/** Reads the same rows without an adapter, the negative side, then with it; as `readSides`. */
export async function readUnder(
  handle: ModelHandle,
  rows: readonly CaptureRow[],
  { sha256, scale, restore }: AdapterBetween,
  options: ReadOptions
): Promise<Sides> {
  try {
    const texts = rows.map((row) => JSON.stringify(row))
    await handle.useAdapter(null)
    const negative = numberedByText(await read(handle, rows, 0, 2 * rows.length, options), texts)
    await handle.useAdapter({ sha256, scale })
    const positive = numberedByText(await read(handle, rows, rows.length, 2 * rows.length, options), texts)
    return { positive, negative }
  } finally {
    await restore()
  }
}

function read(
  handle: ModelHandle,
  rows: readonly CaptureRow[],
  before: number,
  total: number,
  { signal, onDone, batch }: ReadOptions
): Promise<HiddenStates> {
  const onProgress = ({ done }: { readonly done: number }): void => onDone(before + done, total)
  return captureAll(handle, rows, 'last', { signal, onProgress, ...(batch && { batch }) })
}

/** The sides as a contrast, copied, since the worker takes them away; for PCA of pairs, line n of both lists is one prompt. */
export function contrastOf(task: ContrastTask, method: Method, { positive, negative }: Sides): Contrast {
  const [up, down] = [copyOf(positive), copyOf(negative)]
  if (task.under) return adapter(up, down)
  return { ...lists(up, down), samePrompts: method === 'pca-paired' && up.rows === down.rows }
}

function chatRow(content: string): CaptureRow {
  return { prompt: { messages: [{ role: 'user', content }] } }
}
