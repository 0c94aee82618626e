/** Brings one file from a server, whole: goes on where a connection breaks, never joins bytes of two versions. */
import { LabError } from '../../src/errors'
import { checkAnswer, versionOf, type Subject } from './answer'
import { defaultPatience, discard, send, sleep, throwIfAborted, Unreachable, type Ask } from './request'
import { inBytes, type Sink } from '../stored/sink'

export interface Target extends Ask {
  /** Bytes; 0 while unknown. */
  readonly size: number
  /** True where a checksum is compared in the end, so that a part may go on without the server's version. */
  readonly checked: boolean
  readonly subject: Subject
}

/** Called with the bytes so far and the bytes in all (0 while unknown). */
export type OnBytes = (done: number, total: number) => void

/**
 * Fills `sink` from where it is. Tries count only while nothing new comes.
 * A plain Range and no If-Range: that one header would need a CORS preflight, which the hub's CDN has refused
 * (huggingface/datasets#7931). The version is compared here instead, which comes to the same.
 * @throws LabError `network`, `format`, `checksum`; AbortError
 */
export async function download(target: Target, sink: Sink, onBytes: OnBytes): Promise<void> {
  const patience = target.patience ?? defaultPatience
  let furthest = sink.length
  for (let tries = 0; ;) {
    const end = await receive(target, sink, onBytes)
    if (end === 'whole') return
    if (end === 'changed') continue
    tries = sink.length > furthest ? 0 : tries + 1
    furthest = Math.max(furthest, sink.length)
    if (tries >= patience.tries) throw brokenOff(target, sink, end)
    await sleep(patience.backoff * 2 ** tries, target.signal)
  }
}

/** How one request ended: with all bytes, with bytes of another version (the sink is empty), or too early. */
type End = 'whole' | 'changed' | Error

async function receive(target: Target, sink: Sink, onBytes: OnBytes): Promise<End> {
  const from = sink.length
  if (target.size > 0 && from === target.size) return 'whole'
  const response = await answer(target, from)
  if (response instanceof Unreachable) return response
  if (response.status === 416 && from > 0) return restart(response, sink)
  checkAnswer(response, target.url, target.subject)
  if (from > 0 && response.status === 206) {
    if (!continues(response, target, sink)) return restart(response, sink)
  } else await sink.restart(versionOf(response))
  const total = target.size || sink.length + Number(response.headers.get('content-length') ?? 0)
  const problem = await pour(response, target, sink, (done) => onBytes(done, Math.max(total, done)))
  if (problem) return problem
  return target.size === 0 || sink.length === target.size ? 'whole' : new Error('the body ended early')
}

async function answer(target: Target, from: number): Promise<Response | Unreachable> {
  const range = from > 0 ? { Range: `bytes=${from}-` } : {}
  try {
    return await send({ ...target, headers: { ...target.headers, ...range } })
  } catch (error) {
    if (error instanceof Unreachable) return error
    throw error
  }
}

async function restart(response: Response, sink: Sink): Promise<End> {
  await discard(response)
  await sink.restart(undefined)
  return 'changed'
}

/** Whether the rest of a file belongs to the part that is there. */
function continues(response: Response, target: Target, sink: Sink): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
  if (range && Number(range[1]) !== sink.length) return false
  const total = Number(range?.[2])
  if (target.size > 0 && total > 0 && total !== target.size) return false
  if (target.checked) return true
  return sink.version !== undefined && versionOf(response) === sink.version
}

/** Body into sink. Returns what broke it off, undefined at its end. */
async function pour(
  response: Response,
  target: Target,
  sink: Sink,
  onDone: (done: number) => void
): Promise<Error | undefined> {
  const reader = response.body?.getReader()
  if (!reader) return undefined
  const { stall } = target.patience ?? defaultPatience
  try {
    for (;;) {
      const piece = await next(reader, stall)
      throwIfAborted(target.signal)
      if (piece instanceof Error) return piece
      if (piece === null) return undefined
      if (target.size > 0 && sink.length + piece.length > target.size) throw tooLong(target)
      sink.write(piece)
      onDone(sink.length)
    }
  } finally {
    // After an error there is no one left to tell that the body is not wanted.
    reader.cancel().catch(() => undefined)
  }
}

/** The next piece of a body, null at its end, or what broke it. */
async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  stall: number
): Promise<Uint8Array | null | Error> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stalled = new Promise<Error>((resolve) => {
    timer = setTimeout(() => resolve(new Error(`nothing came for ${Math.round(stall / 1000)} s`)), stall)
  })
  try {
    const read = reader.read().then(({ done, value }) => (done ? null : value))
    return await Promise.race([read, stalled])
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  } finally {
    clearTimeout(timer)
  }
}

function brokenOff(target: Target, sink: Sink, cause: Error): LabError {
  if (sink.length === 0 && cause instanceof Unreachable) return cause
  const of = target.size > 0 ? ` of ${inBytes(target.size)}` : ''
  const way = sink.kept ? 'it goes on from there when the model is opened again' : 'open the model again'
  const text = `${target.subject.what} broke off after ${inBytes(sink.length)}${of} and did not go on: check the connection; ${way}`
  return new LabError('network', text, { cause })
}

function tooLong(target: Target): LabError {
  const text = `${target.subject.what} should have ${inBytes(target.size)}, the server sends more: the list and the file disagree, open the model again or choose another revision`
  return new LabError('checksum', text)
}
