/** What a fit reads: two lists of prompts as the model is, or one list without and with an adapter. */
import { adapter, lists, type Contrast } from '../direction/contrast'
import { copyOf, type HiddenStates } from '../direction/hidden-states'
import type { Method } from '../direction/method'
import type { CaptureRow } from '../lab/api'
import type { ModelHandle } from '../lab/connect'
import { captureAll } from '../lab/loops'

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

/** An adapter that is loaded beside the model, and how to put back in use what was. */
export interface AdapterBetween {
  readonly sha256: string
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
}

/** Reads both sides. Rejects with `AbortError` when cancelled; what was in use is in use again in any case. */
export async function readSides(handle: ModelHandle, task: ContrastTask, options: ReadOptions): Promise<Sides> {
  const { positive, negative, under } = task
  const total = positive.length + negative.length
  const read = (side: readonly string[], before: number): Promise<HiddenStates> =>
    captureAll(handle, side.map(chatRow), 'last', {
      signal: options.signal,
      onProgress: ({ done }) => options.onDone(before + done, total)
    })
  if (!under) return { positive: await read(positive, 0), negative: await read(negative, positive.length) }
  try {
    await handle.useAdapter(null)
    const base = await read(negative, 0)
    await handle.useAdapter({ sha256: under.sha256, scale: 1 })
    return { positive: await read(positive, negative.length), negative: base }
  } finally {
    await under.restore()
  }
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
