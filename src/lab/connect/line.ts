import { wrap, type Endpoint, type Remote } from 'comlink'
import { isAbort, LabError } from '../../errors'
import { watchLock } from './held'

/** A running worker, as the page or Node sees it. */
export interface WorkerPort {
  readonly endpoint: Endpoint
  /** `listener` is called once, with the reason, when the worker can no longer answer. */
  onLost(listener: (reason: string) => void): void
  terminate(): void
}

export type Spawn = () => WorkerPort

/** A worker of the page as a port. */
export function webPort(worker: Worker): WorkerPort {
  const ended = new AbortController()
  return {
    endpoint: worker,
    onLost(listener) {
      watchLock(worker, ended.signal, () => listener('it ended without a word, as one does that is out of memory'))
      worker.addEventListener('error', (event) => listener(event.message || 'it could not be loaded'))
      worker.addEventListener('messageerror', () => listener('a message could not be read'))
    },
    terminate() {
      ended.abort()
      worker.terminate()
    }
  }
}

/** How long a worker may take to hear that its work was cancelled, in milliseconds. It hears between two steps of its work. */
export const hearingMs = 5000

/** A worker and the calls that wait for it: every call is raced with the worker's end, since comlink alone would wait for ever. */
export class Line<Api> {
  readonly remote: Remote<Api>
  readonly #port: WorkerPort
  readonly #waiting = new Set<(error: Error) => void>()
  readonly #onLost: (error: LabError) => void
  #lost: LabError | null = null

  /** `lostMessage` makes a message of the reason why the worker ended by itself. */
  constructor(port: WorkerPort, lostMessage: (reason: string) => string, onLost: (error: LabError) => void) {
    this.#port = port
    this.#onLost = onLost
    this.remote = wrap<Api>(port.endpoint)
    port.onLost((reason) => {
      if (this.#lost) return
      onLost(this.end(lostMessage(reason)))
    })
  }

  /** The call's result, or `worker-lost` when the worker ends first. */
  async race<Result>(call: (remote: Remote<Api>) => Promise<Result>): Promise<Result> {
    if (this.#lost) throw this.#lost
    let giveUp: (error: Error) => void = () => {}
    const lost = new Promise<never>((_, reject) => (giveUp = reject))
    this.#waiting.add(giveUp)
    try {
      return await Promise.race([call(this.remote), lost])
    } finally {
      this.#waiting.delete(giveUp)
    }
  }

  /**
   * Tells the worker that work was cancelled. One that does not hear it in time is stuck in a step without an end: it is
   * ended, what waits for it rejects with `AbortError`, since it was cancelled, and it counts as lost.
   */
  async cancel(tell: (remote: Remote<Api>) => Promise<void>, stuckMessage: string, ms = hearingMs): Promise<void> {
    if (this.#lost) return
    const timer = setTimeout(() => {
      if (!this.#lost) this.#onLost(this.end(stuckMessage, new DOMException('cancelled', 'AbortError')))
    }, ms)
    try {
      await this.race(tell)
    } catch (error) {
      // What is gone has stopped.
      if (error !== this.#lost && !isAbort(error)) throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Terminates the worker and rejects what waits for it, with the error that is returned if no other is given. */
  end(message: string, toWaiting?: Error): LabError {
    const error = (this.#lost ??= new LabError('worker-lost', message))
    this.#port.terminate()
    for (const reject of this.#waiting) reject(toWaiting ?? error)
    this.#waiting.clear()
    return error
  }
}
