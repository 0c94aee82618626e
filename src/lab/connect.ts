/**
 * A model worker that cannot hang its caller: every call is raced with "worker lost", and a lost
 * worker is started again, with its model, by the next call.
 */
import { proxy, type Remote } from 'comlink'
import { LabError } from '../errors'
import type { ModelApi, ModelInfo, ModelSource, OpenOptions, Progress } from './api'
import { Line, webPort, type Spawn, type WorkerPort } from './line'
import { registerWire } from './wire'

export type { Spawn, WorkerPort } from './line'

/** One open model, as long as the page wants it: outlives the worker that holds it. */
export interface ModelHandle extends ModelApi {
  /** Starts a new worker and opens the last source in it, with the last options. */
  reopen(onProgress?: (progress: Progress) => void): Promise<ModelInfo>
  /** Ends the worker at once. Calls under way reject with `worker-lost`; later ones too. */
  terminate(): void
  /** Called each time the worker dies by itself, never after `terminate` or `close`. */
  onLost(listener: (error: LabError) => void): void
}

/** Connects to a new model worker. The worker starts with the first call. */
export function connectModel(spawn: Spawn = spawnBrowserWorker): ModelHandle {
  registerWire()
  return new Connection(spawn)
}

function spawnBrowserWorker(): WorkerPort {
  return webPort(new Worker(new URL('../../workers/model.ts', import.meta.url), { type: 'module', name: 'model' }))
}

/** How long `close` waits for a worker to give its session back before ending it anyway. */
const closeTimeoutMs = 3000

class Connection implements ModelHandle {
  readonly #spawn: Spawn
  readonly #listeners: ((error: LabError) => void)[] = []
  #line: Line<ModelApi> | null = null
  #opened: { readonly source: ModelSource; readonly options: OpenOptions } | null = null
  #reopening: Promise<ModelInfo> | null = null
  #ended = false

  constructor(spawn: Spawn) {
    this.#spawn = spawn
  }

  open(source: ModelSource, options: OpenOptions, onProgress?: (progress: Progress) => void): Promise<ModelInfo> {
    this.#opened = { source, options }
    return this.#current().race((remote) =>
      onProgress ? remote.open(source, options, proxy(onProgress)) : remote.open(source, options)
    )
  }

  async reopen(onProgress?: (progress: Progress) => void): Promise<ModelInfo> {
    if (!this.#opened) throw new LabError('worker-lost', 'no model was open; open one first')
    const { source, options } = this.#opened
    this.#line?.end('the model is being opened again')
    this.#line = null
    this.#reopening ??= this.open(source, options, onProgress).finally(() => (this.#reopening = null))
    return this.#reopening
  }

  tokenize(...args: Parameters<ModelApi['tokenize']>): ReturnType<ModelApi['tokenize']> {
    return this.#call((remote) => remote.tokenize(...args))
  }

  capture(...args: Parameters<ModelApi['capture']>): ReturnType<ModelApi['capture']> {
    return this.#call((remote) => remote.capture(...args))
  }

  logits(...args: Parameters<ModelApi['logits']>): ReturnType<ModelApi['logits']> {
    return this.#call((remote) => remote.logits(...args))
  }

  generate(...[rows, options, onToken]: Parameters<ModelApi['generate']>): ReturnType<ModelApi['generate']> {
    return this.#call((remote) =>
      onToken ? remote.generate(rows, options, proxy(onToken)) : remote.generate(rows, options)
    )
  }

  steer(...args: Parameters<ModelApi['steer']>): ReturnType<ModelApi['steer']> {
    return this.#call((remote) => remote.steer(...args))
  }

  stop(): Promise<void> {
    return this.#call((remote) => remote.stop())
  }

  /** Gives the session back, then ends the worker: the only way that frees WebAssembly memory. */
  async close(): Promise<void> {
    const line = this.#line
    if (!line || this.#ended) return this.terminate()
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, closeTimeoutMs))
    try {
      await Promise.race([line.race((remote) => remote.close()), timeout])
    } finally {
      this.terminate()
    }
  }

  terminate(): void {
    this.#ended = true
    this.#line?.end('the model was closed; open it again')
  }

  onLost(listener: (error: LabError) => void): void {
    this.#listeners.push(listener)
  }

  /** Calls the worker, after opening the model again where the last worker died. */
  async #call<Result>(call: (remote: Remote<ModelApi>) => Promise<Result>): Promise<Result> {
    if (!this.#line && this.#opened && !this.#ended) await this.reopen()
    else if (this.#reopening) await this.#reopening
    return this.#current().race(call)
  }

  #current(): Line<ModelApi> {
    if (this.#ended) throw new LabError('worker-lost', 'the model was closed; open it again')
    if (this.#line) return this.#line
    const lost = (reason: string): string => `the model's worker stopped: ${reason}; open the model again`
    const line: Line<ModelApi> = new Line(this.#spawn(), lost, (error) => {
      if (this.#line !== line) return
      this.#line = null
      for (const listener of this.#listeners) listener(error)
    })
    return (this.#line = line)
  }
}
