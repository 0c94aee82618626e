/** Long work as many short calls: progress between them, and a cancel that costs no session. */
import { joinHiddenStates } from '../direction/join'
import type { HiddenStates } from '../direction/hidden-states'
import { LabError } from '../errors'
import type { CaptureRow, ModelApi, Position, Progress } from './api'

export interface LoopOptions {
  /** Rows a call. Default 8. */
  readonly batch?: number
  /** Stops sending; the batch under way is finished by the worker and thrown away. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

/** Captures any number of rows, a batch a call. Rejects with `AbortError` when cancelled. */
export async function captureAll(
  model: Pick<ModelApi, 'capture' | 'stop'>,
  rows: readonly CaptureRow[],
  position: Position,
  { batch = 8, signal, onProgress }: LoopOptions = {}
): Promise<HiddenStates> {
  if (rows.length === 0) throw new LabError('shape', 'nothing to capture; add at least one prompt')
  const parts: HiddenStates[] = []
  const report = (done: number): void => onProgress?.({ stage: 'rows', done, total: rows.length, unit: 'rows' })
  report(0)
  return stoppable(model, signal, async () => {
    for (let start = 0; start < rows.length; start += batch) {
      signal?.throwIfAborted()
      const part = rows.slice(start, start + batch)
      parts.push(await model.capture(part, position))
      report(start + part.length)
    }
    signal?.throwIfAborted()
    return joinHiddenStates(parts)
  })
}

/** Work with a model that the signal stops: a generation ends before its next token, a stuck worker is ended (see `connectModel`). */
export async function stoppable<Result>(
  model: Pick<ModelApi, 'stop'>,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>
): Promise<Result> {
  const stop = (): void => void model.stop().catch(() => undefined)
  signal?.addEventListener('abort', stop)
  try {
    return await work()
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}
