import { wrap, type Endpoint, type Remote } from 'comlink'
import { LabError } from '../errors'

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
  return {
    endpoint: worker,
    onLost(listener) {
      worker.addEventListener('error', (event) => listener(event.message || 'it could not be loaded'))
      worker.addEventListener('messageerror', () => listener('a message could not be read'))
    },
    terminate: () => worker.terminate()
  }
}

/** A worker and the calls that wait for it: every call is raced with the worker's end, since comlink alone would wait for ever. */
export class Line<Api> {
  readonly remote: Remote<Api>
  readonly #port: WorkerPort
  readonly #waiting = new Set<(error: LabError) => void>()
  #lost: LabError | null = null

  /** `lostMessage` makes a message of the reason why the worker ended by itself. */
  constructor(port: WorkerPort, lostMessage: (reason: string) => string, onLost: (error: LabError) => void) {
    this.#port = port
    this.remote = wrap<Api>(port.endpoint)
    port.onLost((reason) => {
      if (this.#lost) return
      onLost(this.end(lostMessage(reason)))
    })
  }

  /** The call's result, or `worker-lost` when the worker ends first. */
  async race<Result>(call: (remote: Remote<Api>) => Promise<Result>): Promise<Result> {
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
