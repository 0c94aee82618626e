/** One HTTP request with patience: typed when no answer comes, asked again when the server is busy. */
import { LabError } from '../../src/errors'

/** How long to bear with a server. Times in milliseconds. */
export interface Patience {
  /** Tries without progress before giving up. */
  readonly tries: number
  /** Wait before the second try; doubles with each further one. */
  readonly backoff: number
  /** The longest `Retry-After` that is waited for; a longer one is an error that tells it. */
  readonly longestWait: number
  /** A body that sends nothing for so long has broken off. */
  readonly stall: number
}

export const defaultPatience: Patience = { tries: 5, backoff: 500, longestWait: 60_000, stall: 60_000 }

export interface Ask {
  readonly url: string
  readonly method?: 'GET' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  readonly patience?: Patience | undefined
  /** `no-store` where the body is stored by us: the browser would keep a second copy. */
  readonly cache?: 'default' | 'no-cache' | 'no-store'
}

/** No answer at all: no connection, no such host, or a server that forbids other pages to read it. */
export class Unreachable extends LabError {
  constructor(url: string, cause: unknown) {
    const offline = typeof navigator === 'object' && 'onLine' in navigator && !navigator.onLine
    const way = offline
      ? 'this machine is offline: connect it, or open a stored model or a local folder'
      : 'check the connection and the address, and that the server lets other pages read it (CORS)'
    super('network', `${hostOf(url)} gave no answer: ${way}`, { cause })
  }
}

/**
 * Any status but "busy" comes back as an answer; so does "busy" when it does not end.
 * @throws Unreachable, AbortError
 */
export async function send(ask: Ask): Promise<Response> {
  const { tries, backoff, longestWait } = ask.patience ?? defaultPatience
  for (let tried = 1; ; tried++) {
    const response = await sendOnce(ask)
    const wait = retryAfter(response) ?? backoff * 2 ** (tried - 1)
    if (!isBusy(response.status) || tried >= tries || wait > longestWait) return response
    await discard(response)
    await sleep(wait, ask.signal)
  }
}

/** Milliseconds that the server asks to wait; undefined where it does not say, or says it to itself (CORS). */
export function retryAfter(response: Response): number | undefined {
  const value = response.headers.get('retry-after')
  if (value === null) return undefined
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined
}

/** Statuses that a later try may change. */
export const isBusy = (status: number): boolean => [408, 429, 500, 502, 503, 504].includes(status)

/** For messages: an address can carry a password or a signature, its host cannot. */
export const hostOf = (url: string): string => new URL(url).host

/** Lets go of a body that nobody reads. */
export async function discard(response: Response): Promise<void> {
  // A body that has already failed has nothing left to let go of.
  await response.body?.cancel().catch(() => undefined)
}

/** @throws AbortError */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal)
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(abortError())
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** @throws AbortError, whatever reason the signal was given */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError()
}

const abortError = (): DOMException => new DOMException('cancelled', 'AbortError')

async function sendOnce({ url, method = 'GET', headers = {}, signal, cache = 'default' }: Ask): Promise<Response> {
  throwIfAborted(signal)
  try {
    return await fetch(url, { method, headers, cache, referrerPolicy: 'no-referrer', signal: signal ?? null })
  } catch (cause) {
    throwIfAborted(signal)
    throw new Unreachable(url, cause)
  }
}
