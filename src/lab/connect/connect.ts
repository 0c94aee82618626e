/**
 * A model worker that cannot hang its caller: every call is raced with "worker lost", and a lost
 * worker is started again, with its model, by the next call.
 */
import { proxy, type Remote } from 'comlink'
import { LabError } from '../../errors'
import type {
  AdapterChoice,
  AdapterInfo,
  AdapterSource,
  ModelApi,
  ModelInfo,
  ModelSource,
  OpenOptions,
  Progress
} from '../api'
import { hearingMs, Line, webPort, type Spawn, type WorkerPort } from './line'
import { registerWire } from './wire'

export type { Spawn, WorkerPort } from './line'

/** One open model, as long as the page wants it: outlives the worker that holds it. */
export interface ModelHandle extends ModelApi {
  /** Starts a new worker and opens the last source in it, with the last options and the adapters that were loaded. */
  reopen(onProgress?: (progress: Progress) => void): Promise<ModelInfo>
  /** Ends the worker at once. Calls under way reject with `worker-lost`; later ones too. */
  terminate(): void
  /** Called each time the worker dies by itself, never after `terminate` or `close`. */
  onLost(listener: (error: LabError) => void): void
}

/**
 * Connects to a new model worker. The worker starts with the first call. One that does not hear `stop` or `cancelAdapter`
 * within `hearing` milliseconds is stuck: it is ended, and the next call opens the model again.
 */
export function connectModel(spawn: Spawn = spawnBrowserWorker, hearing = hearingMs): ModelHandle {
  registerWire()
  return new Connection(spawn, hearing)
}

function spawnBrowserWorker(): WorkerPort {
  return webPort(new Worker(new URL('../../../workers/model.ts', import.meta.url), { type: 'module', name: 'model' }))
}

/** How long `close` waits for a worker to give its session back before ending it anyway. */
const closeTimeoutMs = 3000

class Connection implements ModelHandle {
  readonly #spawn: Spawn
  readonly #hearing: number
  readonly #listeners: ((error: LabError) => void)[] = []
  #line: Line<ModelApi> | null = null
  #opened: { readonly source: ModelSource; readonly options: OpenOptions } | null = null
  #reopening: Promise<ModelInfo> | null = null
  /** Loaded beside the model, by their sha256, and which of them is in use: a new worker gets them again. */
  #adapters: ReadonlyMap<string, AdapterSource> = new Map()
  #adapter: AdapterChoice | null = null
  #ended = false

  constructor(spawn: Spawn, hearing: number) {
    this.#spawn = spawn
    this.#hearing = hearing
  }

  open(source: ModelSource, options: OpenOptions, onProgress?: (progress: Progress) => void): Promise<ModelInfo> {
    this.#opened = { source, options }
    this.#adapters = new Map()
    this.#adapter = null
    return this.#open(source, options, onProgress)
  }

  async reopen(onProgress?: (progress: Progress) => void): Promise<ModelInfo> {
    if (!this.#opened) throw new LabError('worker-lost', 'no model was open; open one first')
    const { source, options } = this.#opened
    this.#line?.end('the model is being opened again')
    this.#line = null
    this.#reopening ??= this.#openAgain(source, options, onProgress).finally(() => (this.#reopening = null))
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

  lens(...args: Parameters<ModelApi['lens']>): ReturnType<ModelApi['lens']> {
    return this.#call((remote) => remote.lens(...args))
  }

  score(...args: Parameters<ModelApi['score']>): ReturnType<ModelApi['score']> {
    return this.#call((remote) => remote.score(...args))
  }

  generate(...[rows, options, onToken]: Parameters<ModelApi['generate']>): ReturnType<ModelApi['generate']> {
    return this.#call((remote) =>
      onToken ? remote.generate(rows, options, proxy(onToken)) : remote.generate(rows, options)
    )
  }

  steer(...args: Parameters<ModelApi['steer']>): ReturnType<ModelApi['steer']> {
    return this.#call((remote) => remote.steer(...args))
  }

  async loadAdapter(source: AdapterSource, onProgress?: (progress: Progress) => void): Promise<AdapterInfo> {
    const info = await this.#call((remote) =>
      onProgress ? remote.loadAdapter(source, proxy(onProgress)) : remote.loadAdapter(source)
    )
    this.#adapters = new Map([...this.#adapters, [info.sha256, source]])
    return info
  }

  async useAdapter(choice: AdapterChoice | null): Promise<ModelInfo> {
    const info = await this.#call((remote) => remote.useAdapter(choice))
    this.#adapter = choice
    return info
  }

  async dropAdapter(sha256: string): Promise<ModelInfo> {
    const info = await this.#call((remote) => remote.dropAdapter(sha256))
    this.#adapters = new Map([...this.#adapters].filter(([key]) => key !== sha256))
    if (this.#adapter?.sha256 === sha256) this.#adapter = null
    return info
  }

  proveAdapter(...args: Parameters<ModelApi['proveAdapter']>): ReturnType<ModelApi['proveAdapter']> {
    return this.#call((remote) => remote.proveAdapter(...args))
  }

  cancelAdapter(): Promise<void> {
    return this.#cancel((remote) => remote.cancelAdapter())
  }

  stop(): Promise<void> {
    return this.#cancel((remote) => remote.stop())
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

  #open(source: ModelSource, options: OpenOptions, onProgress?: (progress: Progress) => void): Promise<ModelInfo> {
    return this.#current().race((remote) =>
      onProgress ? remote.open(source, options, proxy(onProgress)) : remote.open(source, options)
    )
  }

  async #openAgain(
    source: ModelSource,
    options: OpenOptions,
    onProgress?: (progress: Progress) => void
  ): Promise<ModelInfo> {
    const adapt = this.#adapters.size > 0
    const info = await this.#open(source, adapt ? { ...options, adapt } : options, onProgress)
    for (const adapter of this.#adapters.values()) await this.#current().race((remote) => remote.loadAdapter(adapter))
    const choice = this.#adapter
    return choice ? this.#current().race((remote) => remote.useAdapter(choice)) : info
  }

  /** Where no worker runs, nothing is under way. */
  async #cancel(tell: (remote: Remote<ModelApi>) => Promise<void>): Promise<void> {
    const stuck = `the model's worker did not stop within ${this.#hearing / 1000} s and was ended; open the model again`
    await this.#line?.cancel(tell, stuck, this.#hearing)
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
