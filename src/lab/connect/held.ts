/**
 * A worker that dies without an event, as one does that is out of memory, is noticed by the lock that it held: the browser
 * gives a lock free with the thread that held it.
 */

interface HeldMessage {
  readonly azimuth: 'held'
  readonly lock: string
}

/** In the worker: takes a lock of its own for as long as it lives, and names it to the page. Comlink ignores messages without an id. */
export function holdLock(): void {
  if (typeof navigator === 'undefined' || !('locks' in navigator)) return
  const lock = `azimuth-worker-${crypto.randomUUID()}`
  void navigator.locks.request(lock, () => {
    self.postMessage({ azimuth: 'held', lock } satisfies HeldMessage)
    return new Promise<never>(() => undefined)
  })
}

/** In the page: calls `listener` when the worker lets go of the lock that it names, unless the signal came first. */
export function watchLock(worker: Worker, signal: AbortSignal, listener: () => void): void {
  const onMessage = ({ data }: MessageEvent<unknown>): void => {
    if (!isHeld(data)) return
    worker.removeEventListener('message', onMessage)
    // A request that is aborted rejects, and there is nothing to do about it.
    void navigator.locks.request(data.lock, { signal }, listener).catch(() => undefined)
  }
  worker.addEventListener('message', onMessage, { signal })
}

function isHeld(data: unknown): data is HeldMessage {
  const isMessage = typeof data === 'object' && data !== null && 'azimuth' in data && data.azimuth === 'held'
  return isMessage && 'lock' in data && typeof data.lock === 'string'
}
