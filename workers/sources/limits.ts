/** How much of a server is borne with, in one place: nothing that it sends, or does not send, goes on for ever. */

/** How long to bear with a server. Times in milliseconds. */
export interface Patience {
  /** Tries without progress before giving up. */
  readonly tries: number
  /** Wait before the second try; doubles with each further one. */
  readonly backoff: number
  /** The longest `Retry-After` that is waited for; a longer one is an error that tells it. */
  readonly longestWait: number
  /** A server that gives no status for so long gives no answer. */
  readonly answer: number
  /** A body that sends nothing for so long has broken off; so has one that sends less in it than `leastRate` asks for. */
  readonly stall: number
  /** Bytes a second. */
  readonly leastRate: number
  /** A listing, with all its pages, questions and waits, takes so long at most. */
  readonly listing: number
}

/** How long is waited where nothing else is asked. */
export const defaultPatience: Patience = {
  tries: 5,
  backoff: 500,
  longestWait: 60_000,
  answer: 30_000,
  stall: 60_000,
  leastRate: 500,
  listing: 180_000
}

/** Bytes by which a download must have grown for a break not to count as a try. */
export const leastProgress = 16_384

/** Of a listing: pages, files, and bytes of all pages together. */
export const listingLimits = { pages: 200, files: 100_000, bytes: 64 * 2 ** 20 } as const

/** Weight files `_data_1`, `_data_2` ... of one graph. */
export const mostParts = 200

/** Bytes that a file of this name may have, known before or not. Protobuf, which graphs are written in, ends at 2 GiB. */
export function mostBytes(path: string): number {
  if (/\.(json|jinja|txt)$/.test(path)) return 128 * 2 ** 20
  return path.endsWith('.onnx') ? 2 ** 31 : 64 * 2 ** 30
}
