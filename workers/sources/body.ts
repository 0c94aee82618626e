/** The body of an answer, piece by piece, for as long as pieces come fast enough. */
import { excerpt, LabError } from '../../src/errors'
import { inBytes } from '../stored/sink'
import type { Patience } from './limits'
import { hostOf, throwIfAborted } from './request'

/** Why a body did not come to its end. */
export class BrokenOff extends Error {
  override readonly name = 'BrokenOff'
}

/**
 * The pieces in order. The connection is let go of, however this ends.
 * @throws BrokenOff when it ends early, or comes too slowly; AbortError
 */
export async function* bodyOf(
  response: Response,
  { stall, leastRate }: Patience,
  signal: AbortSignal | undefined
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (!reader) return
  const least = (leastRate * stall) / 1000
  let window = { began: performance.now(), bytes: 0 }
  try {
    for (;;) {
      const piece = await next(reader, stall)
      throwIfAborted(signal)
      if (piece === null) return
      yield piece
      window.bytes += piece.length
      const now = performance.now()
      if (now - window.began < stall) continue
      if (window.bytes < least) throw new BrokenOff(`only ${inBytes(window.bytes)} came in ${seconds(stall)}`)
      window = { began: now, bytes: 0 }
    }
  } finally {
    // After an error there is no one left to tell that the body is not wanted.
    reader.cancel().catch(() => undefined)
  }
}

/** The next piece of a body, null at its end. @throws BrokenOff */
async function next(reader: ReadableStreamDefaultReader<Uint8Array>, stall: number): Promise<Uint8Array | null> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BrokenOff(`nothing came for ${seconds(stall)}`)), stall)
  })
  try {
    const read = reader.read().then(({ done, value }) => (done ? null : value))
    return await Promise.race([read, stalled])
  } catch (cause) {
    if (cause instanceof BrokenOff) throw cause
    throw new BrokenOff(cause instanceof Error ? cause.message : String(cause), { cause })
  } finally {
    clearTimeout(timer)
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`

/**
 * A short body as text.
 * @param most bytes, after decompression
 * @throws LabError `network` for one that breaks off, `format` for a longer one; AbortError
 */
export async function textOf(
  response: Response,
  url: string,
  {
    most,
    patience,
    signal
  }: { readonly most: number; readonly patience: Patience; readonly signal?: AbortSignal | undefined }
): Promise<string> {
  const decoder = new TextDecoder()
  const parts: string[] = []
  let bytes = 0
  try {
    for await (const piece of bodyOf(response, patience, signal)) {
      bytes += piece.length
      if (bytes > most) throw tooLong(url, most)
      parts.push(decoder.decode(piece, { stream: true }))
    }
  } catch (cause) {
    if (!(cause instanceof BrokenOff)) throw cause
    const text = `the answer of ${hostOf(url)} broke off after ${inBytes(bytes)} (${excerpt(cause.message)}): try again, or choose another server`
    throw new LabError('network', text, { cause })
  }
  return parts.join('') + decoder.decode()
}

const tooLong = (url: string, most: number): LabError =>
  new LabError(
    'format',
    `${hostOf(url)} lists more than ${inBytes(most)}, which no model's listing takes: check the address`
  )
