/** One HTTP request with patience: typed when no answer comes, asked again when the server is busy. */
import { LabError } from '../../src/errors'
import { defaultPatience, type Patience } from './limits'

/** An address, and how it is asked. */
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
  constructor(url: string, cause: unknown, waited?: number) {
    const offline = typeof navigator === 'object' && 'onLine' in navigator && !navigator.onLine
    const way = offline
      ? 'this machine is offline: connect it, or open a stored model or a local folder'
      : 'check the connection and the address, and that the server lets other pages read it (CORS)'
    const within = waited === undefined ? '' : ` within ${Math.round(waited / 1000)} s`
    super('network', `${hostOf(url)} gave no answer${within}: ${way}`, { cause })
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

async function sendOnce(ask: Ask): Promise<Response> {
  const { url, method = 'GET', headers = {}, signal, cache = 'default', patience = defaultPatience } = ask
  throwIfAborted(signal)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), patience.answer)
  // For the body, too, the caller's signal counts; the clock stops with the status.
  const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal
  try {
    return await fetch(url, { method, headers, cache, referrerPolicy: 'no-referrer', signal: either })
  } catch (cause) {
    throwIfAborted(signal)
    throw new Unreachable(url, cause, late.signal.aborted ? patience.answer : undefined)
  } finally {
    clearTimeout(timer)
  }
}

/** A path for an address: half characters, which a listing can name and no address can hold, are replaced. */
export const encodePath = (path: string): string =>
  path
    .replace(/\p{Cs}/gu, '\uFFFD')
    .split('/')
    .map(encodeURIComponent)
    .join('/')

/**
 * Work that asks a server many things, within one time for all of them.
 * @param what is asked for: "the listing of owner/name"
 * @throws LabError `network` when the time is over; what the work throws
 */
export async function inTime<Result>(
  what: string,
  visit: Pick<Ask, 'signal' | 'patience'>,
  work: (signal: AbortSignal) => Promise<Result>
): Promise<Result> {
  const { listing } = visit.patience ?? defaultPatience
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), listing)
  try {
    return await work(visit.signal ? AbortSignal.any([visit.signal, late.signal]) : late.signal)
  } catch (cause) {
    if (!late.signal.aborted || visit.signal?.aborted) throw cause
    const text = `${what} did not end within ${Math.round(listing / 1000)} s: try again later, or choose another server`
    throw new LabError('network', text, { cause })
  } finally {
    clearTimeout(timer)
  }
}
