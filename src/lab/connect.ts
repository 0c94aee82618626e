/**
 * A model worker that cannot hang its caller: every call is raced with "worker lost", and a lost
 * worker is started again, with its model, by the next call.
 */
import { proxy, wrap, type Endpoint, type Remote } from 'comlink'
import { LabError } from '../errors'
import type { ModelApi, ModelInfo, ModelSource, OpenOptions, Progress } from './api'
import { registerWire } from './wire'

/** A running worker, as the page or Node sees it. */
export interface WorkerPort {
  readonly endpoint: Endpoint
  /** `listener` is called once, with the reason, when the worker can no longer answer. */
  onLost(listener: (reason: string) => void): void
  terminate(): void
}

export type Spawn = () => WorkerPort

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
  const worker = new Worker(new URL('../../workers/model.ts', import.meta.url), { type: 'module', name: 'model' })
  return {
    endpoint: worker,
    onLost(listener) {
      worker.addEventListener('error', (event) => listener(event.message || 'it could not be loaded'))
      worker.addEventListener('messageerror', () => listener('a message could not be read'))
    },
    terminate: () => worker.terminate()
  }
}

/** A worker and the calls that wait for it. */
class Line {
  readonly remote: Remote<ModelApi>
  readonly #port: WorkerPort
  readonly #waiting = new Set<(error: LabError) => void>()
  #lost: LabError | null = null

  constructor(port: WorkerPort, onLost: (error: LabError) => void) {
    this.#port = port
    this.remote = wrap<ModelApi>(port.endpoint)
    port.onLost((reason) => {
      if (this.#lost) return
      onLost(this.end(`the model's worker stopped: ${reason}; open the model again`))
    })
  }

  /** The call's result, or `worker-lost` when the worker ends first. */
  async race<Result>(call: (remote: Remote<ModelApi>) => Promise<Result>): Promise<Result> {
    if (this.#lost) throw this.#lost
    let giveUp: (error: LabError) => void = () => {}
    const lost = new Promise<never>((_, reject) => (giveUp = reject))
    this.#waiting.add(giveUp)
    try {
      return await Promise.race([call(this.remote), lost])
    } finally {
      this.#waiting.delete(giveUp)
    }
  }

  /** Terminates the worker and rejects what waits for it. */
  end(message: string): LabError {
    const error = (this.#lost ??= new LabError('worker-lost', message))
    this.#port.terminate()
    for (const reject of this.#waiting) reject(error)
    this.#waiting.clear()
    return error
  }
}

/** How long `close` waits for a worker to give its session back before ending it anyway. */
const closeTimeoutMs = 3000

class Connection implements ModelHandle {
  readonly #spawn: Spawn
  readonly #listeners: ((error: LabError) => void)[] = []
  #line: Line | null = null
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

  lens(...args: Parameters<ModelApi['lens']>): ReturnType<ModelApi['lens']> {
    return this.#call((remote) => remote.lens(...args))
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

  #current(): Line {
    if (this.#ended) throw new LabError('worker-lost', 'the model was closed; open it again')
    if (this.#line) return this.#line
    const line: Line = new Line(this.#spawn(), (error) => {
      if (this.#line !== line) return
      this.#line = null
      for (const listener of this.#listeners) listener(error)
    })
    return (this.#line = line)
  }
}
