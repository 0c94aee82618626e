/** What a fit reads: two lists of prompts as the model is, or one list without and with an adapter. */
import { adapter, lists, type Contrast } from '../direction/contrast'
import { copyOf, type HiddenStates } from '../direction/hidden-states'
import type { Method } from '../direction/method'
import type { AdapterChoice, CaptureRow } from '../lab/api'
import type { MadeOf } from '../lab/live/circumstances'
import type { Lent } from '../lab/live/lent-model'
import { captureAll } from '../lab/loops'
import { numberedByText } from '../direction/join'

/** Those of `Contrast` that the page fits. */
export type ContrastKind = 'lists' | 'adapter'

/** The two sides by name and prompts, and the adapter between them, loaded, where there is one; then both sides are one list. */
export interface ContrastTask {
  readonly positiveName: string
  readonly negativeName: string
  readonly positive: readonly string[]
  readonly negative: readonly string[]
  readonly under?: AdapterChoice
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

/** Reads both sides of two lists under the adapter that the model is lent under. Rejects with `AbortError` when cancelled. */
export async function readSides(model: Lent, task: ContrastTask, options: ReadOptions): Promise<Sides> {
  const [positive, negative] = [task.positive.map(chatRow), task.negative.map(chatRow)]
  if (task.under) return readUnder(model, positive, task.under, options)
  const total = positive.length + negative.length
  return {
    positive: await read(model, positive, 0, total, options),
    negative: await read(model, negative, positive.length, total, options)
  }
}

/** Reads the same rows without an adapter, the negative side, then with it; as `readSides`. */
export async function readUnder(
  model: Lent,
  rows: readonly CaptureRow[],
  adapter: AdapterChoice,
  options: ReadOptions
): Promise<Sides> {
  const total = 2 * rows.length
  const texts = rows.map((row) => JSON.stringify(row))
  const negative = numberedByText(await model.under(null, (base) => read(base, rows, 0, total, options)), texts)
  const positive = await model.under(adapter, (tuned) => read(tuned, rows, rows.length, total, options))
  return { positive: numberedByText(positive, texts), negative }
}

function read(
  model: Lent,
  rows: readonly CaptureRow[],
  before: number,
  total: number,
  { signal, onDone, batch }: ReadOptions
): Promise<HiddenStates> {
  const onProgress = ({ done }: { readonly done: number }): void => onDone(before + done, total)
  return captureAll(model, rows, 'last', { signal, onProgress, ...(batch && { batch }) })
}

/** The sides as a contrast, copied, since the worker takes them away; for PCA of pairs, line n of both lists is one prompt. */
export function contrastOf(task: ContrastTask, method: Method, { positive, negative }: Sides): Contrast {
  const [up, down] = [copyOf(positive), copyOf(negative)]
  if (task.under) return adapter(up, down)
  return { ...lists(up, down), samePrompts: method === 'pca-paired' && up.rows === down.rows }
}

/** What a task sets against each other, as a part of what its fit was made of. The prompts of an adapter's are always the same. */
export function contrastMade(
  task: Omit<ContrastTask, 'under'> & { readonly under?: { readonly sha256: string } }
): MadeOf {
  const { positiveName, negativeName, positive, negative, under } = task
  const name = `${positiveName} against ${negativeName}`
  return { key: JSON.stringify(under ? [under.sha256] : [positive, negative]), name }
}

function chatRow(content: string): CaptureRow {
  return { prompt: { messages: [{ role: 'user', content }] } }
}
