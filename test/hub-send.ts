/** How the test hub sends a file, well or badly. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { sumsOf, type HubFile } from './hub-repos'

/** What goes wrong with the next requests whose path matches. */
export interface Fault {
  readonly path: RegExp
  /** How many requests. Default 1. */
  times?: number
  /** Sends so many bytes of the body, then closes the connection. */
  readonly cutAfter?: number
  /** Sends so many bytes of the body, then nothing. */
  readonly stallAfter?: number
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Flips a bit of the first byte. */
  readonly damage?: true
  /** Answers with a web page and status 200. */
  readonly page?: true
}

/** One file, or the rest of it, with the fault that was asked for. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: HubFile,
  { fault, ranges }: { readonly fault: Fault | undefined; readonly ranges: boolean }
): Promise<void> {
  const from = !ranges ? 0 : Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const partial = ranges && request.headers.range !== undefined
  response.setHeader('ETag', `"${(await sumsOf(file)).sha256}"`)
  response.setHeader('Content-Type', file.path.endsWith('.json') ? 'application/json' : 'application/octet-stream')
  if (from >= file.size && from > 0) return finish(response, 416)
  if (partial) response.setHeader('Content-Range', `bytes ${from}-${file.size - 1}/${file.size}`)
  response.setHeader('Content-Length', file.size - from)
  response.writeHead(partial ? 206 : 200)
  if (request.method === 'HEAD') return void response.end()
  const most = fault?.cutAfter ?? fault?.stallAfter
  // Headers first: browsers ask again by themselves when a connection closes before them.
  response.flushHeaders()
  if (most === undefined) return pipeline(damaged(file, from, fault), response)
  for await (const piece of file.stream(from, Math.min(file.size, from + most)) as AsyncIterable<Buffer>) {
    await new Promise((done) => response.write(piece, done))
  }
  // A pause, so that the reader has what was sent before the connection goes.
  if (fault?.cutAfter !== undefined) setTimeout(() => response.destroy(), 30)
}

async function* damaged(file: HubFile, from: number, fault: Fault | undefined): AsyncGenerator<Uint8Array> {
  let flip = fault?.damage === true
  for await (const piece of file.stream(from, file.size) as AsyncIterable<Buffer>) {
    const copy = Uint8Array.from(piece)
    if (flip) copy[0] = (copy[0] ?? 0) ^ 1
    flip = false
    yield copy
  }
}

/** A short answer. */
export function finish(response: ServerResponse, status: number, text = '', type = 'text/plain'): void {
  response.setHeader('Content-Type', type)
  response.writeHead(status)
  response.end(text)
}
