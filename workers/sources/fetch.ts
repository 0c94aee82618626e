/** Brings one file from a server, whole: goes on where a connection breaks, never joins bytes of two versions. */
import { excerpt, LabError } from '../../src/errors'
import { checkAnswer, versionOf, type Subject } from './answer'
import { bodyOf, BrokenOff } from './body'
import { defaultPatience, leastProgress, mostBytes } from './limits'
import { discard, send, sleep, Unreachable, type Ask } from './request'
import { inBytes, type Sink } from '../stored/sink'

/** What is fetched, and what it must be. */
export interface Target extends Ask {
  /** Bytes; 0 while unknown. */
  readonly size: number
  /** True where a checksum is compared in the end, so that a part may go on without the server's version. */
  readonly checked: boolean
  readonly subject: Subject
  /** In the hub's layout. */
  readonly path: string
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
  const most = mostBytes(target.path)
  if (target.size > most) throw tooLarge(target, most)
  let furthest = sink.length
  for (let tries = 0; ;) {
    const end = await receive(target, sink, onBytes)
    if (end === 'whole') return
    if (end === 'changed') continue
    // A server that sends a byte and breaks off, or sends too slowly, could go on so for ever.
    tries = sink.length >= furthest + leastProgress ? 0 : tries + 1
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
  const most = mostBytes(target.path)
  try {
    for await (const piece of bodyOf(response, target.patience ?? defaultPatience, target.signal)) {
      if (target.size > 0 && sink.length + piece.length > target.size) throw tooLong(target)
      if (sink.length + piece.length > most) throw tooLarge(target, most)
      sink.write(piece)
      onDone(sink.length)
    }
  } catch (error) {
    if (error instanceof BrokenOff) return error
    throw error
  }
  return undefined
}

function brokenOff(target: Target, sink: Sink, cause: Error): LabError {
  if (sink.length === 0 && cause instanceof Unreachable) return cause
  const of = target.size > 0 ? ` of ${inBytes(target.size)}` : ''
  // What the runtime says differs from one to the next, and helps nobody.
  const why = cause instanceof BrokenOff && cause.cause === undefined ? ` (${excerpt(cause.message)})` : ''
  const way = sink.kept ? 'it goes on from there when the model is opened again' : 'open the model again'
  const text = `${target.subject.what} broke off after ${inBytes(sink.length)}${of} and did not go on${why}: check the connection; ${way}`
  return new LabError('network', text, { cause })
}

function tooLarge({ subject, size }: Target, most: number): LabError {
  const has = size > 0 ? `has ${inBytes(size)}` : 'does not end'
  return new LabError(
    'format',
    `${subject.what} ${has}, a file of this name has ${inBytes(most)} at most: check the address`
  )
}

function tooLong(target: Target): LabError {
  const text = `${target.subject.what} should have ${inBytes(target.size)}, the server sends more: the list and the file disagree, open the model again or choose another revision`
  return new LabError('checksum', text)
}
