/** How fast a model answers here: one batch, measured, before hours are spent. */
import { LabError } from '../errors'
import type { AdapterSource, ModelInfo, ModelSource, OpenOptions, Prompt } from './api'
import type { ModelHandle } from './connect/connect'

export interface Speed {
  readonly info: ModelInfo
  /** Seconds to open the model. */
  readonly open: number
  /** Seconds an answer takes among its batch. */
  readonly answer: number
  /** Answers in the batch, and its longest in tokens. */
  readonly rows: number
  readonly tokens: number
}

export interface SpeedTask {
  readonly source: ModelSource
  /** In use during the measurement: an adapter costs time at every token. */
  readonly adapter: AdapterSource | null
  readonly options: OpenOptions
  readonly prompts: readonly Prompt[]
  readonly maxTokens: number
  readonly temperature: number
}

/** Opens the model in a worker of its own, answers the prompts in one batch and closes it again. Rejects with `AbortError`. */
export async function measureSpeed(connect: () => ModelHandle, task: SpeedTask, signal: AbortSignal): Promise<Speed> {
  const { source, adapter, options, prompts, maxTokens, temperature } = task
  if (prompts.length === 0) throw new LabError('shape', 'no prompt to measure with; add at least one')
  const handle = connect()
  const end = (): void => handle.terminate()
  signal.addEventListener('abort', end)
  try {
    signal.throwIfAborted()
    const began = performance.now()
    const info = await handle.open(source, { ...options, adapt: adapter !== null })
    if (adapter) {
      const { sha256 } = await handle.loadAdapter(adapter)
      await handle.useAdapter({ sha256, scale: 1 })
    }
    const opened = performance.now()
    const rows = prompts.map((prompt, seed) => ({ prompt, seed }))
    const { completions } = await handle.generate(rows, { maxTokens, sampling: { temperature } })
    const answer = (performance.now() - opened) / 1000 / rows.length
    const tokens = Math.max(...completions.map(({ ids }) => ids.length))
    return { info, open: (opened - began) / 1000, answer, rows: rows.length, tokens }
  } catch (error) {
    // A worker that was ended by the reader is no failure.
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', end)
    handle.terminate()
  }
}
