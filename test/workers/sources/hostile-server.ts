/** A server that means harm, or is broken, in one way at a time: it speaks the hub's paths and those of a folder. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { sumsOf, type HubRepo } from '../../hub-repos'

/** What a request is for. */
export type Place = 'revision' | 'tree' | 'file'

/** Answers a request in place of the honest answer, or leaves it to that (false). */
export type Mode = (ask: Asked) => boolean | Promise<boolean>

export interface Asked {
  readonly place: Place
  /** Of a file, below its folder. */
  readonly path: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Requests so far of this place. */
  readonly count: number
  readonly repo: HubRepo
}

export interface HostileServer {
  readonly url: string
  /** Requests so far. */
  readonly asked: () => number
  close(): Promise<void>
}

/** A server whose honest answers are those of a small repository, on any free port of this machine. */
export async function startHostile(repo: HubRepo, mode: Mode): Promise<HostileServer> {
  const counts: Record<Place, number> = { revision: 0, tree: 0, file: 0 }
  const server = createServer((request, response) => {
    response.on('error', () => response.destroy())
    // A page of another origin is let in, as a hub does: what it then meets is the harm.
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader(
      'Access-Control-Expose-Headers',
      'Link, ETag, X-Repo-Commit, X-Error-Code, Content-Range, Retry-After'
    )
    const place = placeOf(request.url ?? '')
    const asked = { ...place, request, response, repo, count: ++counts[place.place] }
    void Promise.resolve(mode(asked))
      .then((done) => (done ? undefined : honest(asked)))
      .catch(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => counts.revision + counts.tree + counts.file,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      })
  }
}

function placeOf(url: string): { readonly place: Place; readonly path: string } {
  const { pathname } = new URL(url, 'http://x')
  if (pathname.startsWith('/api/') && pathname.includes('/revision/')) return { place: 'revision', path: '' }
  if (pathname.startsWith('/api/')) return { place: 'tree', path: '' }
  const path = decodeURIComponent(pathname).replace(/^\/(plain\/owner\/name|owner\/name\/resolve\/[^/]+)\//, '')
  return { place: 'file', path }
}

/** What a good server says. */
export async function honest(asked: Asked): Promise<void> {
  const { place, response, repo, path, request } = asked
  if (place === 'revision') return json(response, { sha: repo.commit })
  if (place === 'tree') return json(response, await entriesOf(repo))
  const file = repo.files.get(path)
  if (!file) return status(response, 404)
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.writeHead(from > 0 ? 206 : 200, {
    'Content-Length': file.size - from,
    'Content-Type': 'application/octet-stream',
    ETag: '"one"',
    ...(from > 0 && { 'Content-Range': `bytes ${from}-${file.size - 1}/${file.size}` })
  })
  if (request.method === 'HEAD') return void response.end()
  response.end(await bytesOf(repo, path))
}

export async function bytesOf(repo: HubRepo, path: string): Promise<Buffer> {
  const file = repo.files.get(path)
  const parts: Buffer[] = []
  if (file) for await (const part of file.stream(0, file.size) as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts)
}

export async function entriesOf(repo: HubRepo): Promise<readonly Record<string, unknown>[]> {
  return Promise.all(
    [...repo.files.values()].map(async (file) => {
      const { sha256, git } = await sumsOf(file)
      const plain = { type: 'file', oid: git, size: file.size, path: file.path }
      return file.lfs ? { ...plain, lfs: { oid: sha256, size: file.size, pointerSize: 134 } } : plain
    })
  )
}

export function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  text(response, JSON.stringify(value), 'application/json', headers)
}

export function text(
  response: ServerResponse,
  body: string | Uint8Array,
  type = 'text/plain',
  headers: Record<string, string> = {}
): void {
  response.writeHead(200, { 'Content-Type': type, ...headers })
  response.end(body)
}

export function status(response: ServerResponse, code: number, headers: Record<string, string> = {}): void {
  response.writeHead(code, headers)
  response.end()
}

/** Sends pieces until the reader leaves. */
export async function endless(response: ServerResponse, piece: string | Uint8Array, pause = 0): Promise<void> {
  const left = new Promise<void>((done) => response.once('close', done))
  while (!response.destroyed) {
    await Promise.race([left, new Promise<void>((done) => response.write(piece, () => done()))])
    if (pause > 0) await new Promise((done) => setTimeout(done, pause))
  }
}

/** Ten thousand times as long once it is unpacked. */
export const bomb = (size: number): Buffer => gzipSync(Buffer.alloc(size, ' '))
