/**
 * A server that speaks the Hugging Face hub's paths, for tests: listing in pages, redirects to a content address, ranges,
 * entity tags, gated repositories, and faults on demand. `tsx test/hub-server.ts FOLDER [--port N]` serves models.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { reposIn, sumsOf, type HubFile, type HubRepo } from './hub-repos'
import { finish, sendFile, type Fault } from './hub-send'

export type { Fault } from './hub-send'

export interface Seen {
  readonly method: string
  readonly path: string
  readonly range: string | undefined
  readonly authorization: string | undefined
}

export interface HubOptions {
  readonly repos: Record<string, HubRepo>
  readonly port?: number
  /** Files in one page of a listing. Default 3, so that every test has several pages. */
  readonly pageSize?: number
  /** Repositories that want this token. */
  readonly gated?: Readonly<Record<string, string>>
  /** Default true. False: every file is sent whole, as some servers do. */
  readonly ranges?: boolean
  /** True: `/plain/` answers a missing file with a web page, as single-page hosts do. */
  readonly pagesForMissing?: boolean
}

export interface HubServer {
  readonly url: string
  /** The requests so far. */
  readonly seen: Seen[]
  readonly faults: Fault[]
  /** Changes while it runs. */
  readonly repos: Record<string, HubRepo>
  close(): Promise<void>
}

const page = '<!doctype html><title>An app</title>'
const cors = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'authorization',
  'Access-Control-Expose-Headers': 'ETag, Link, Accept-Ranges, Content-Range, X-Repo-Commit, X-Error-Code, Retry-After',
  'Cross-Origin-Resource-Policy': 'cross-origin'
}

/** Starts on 127.0.0.1; port 0 is any free one. */
export async function startHub(options: HubOptions): Promise<HubServer> {
  const seen: Seen[] = []
  const faults: Fault[] = []
  const server = createServer((request, response) => {
    answer(request, response, { options, seen, faults }).catch(() => response.destroy())
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(options.port ?? 0, '127.0.0.1', done)
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const close = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}`, seen, faults, repos: options.repos, close }
}

interface State {
  readonly options: HubOptions
  readonly seen: Seen[]
  readonly faults: Fault[]
}

async function answer(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`)
  const path = decodeURIComponent(url.pathname)
  const { range, authorization } = request.headers
  state.seen.push({ method: request.method ?? '', path, range, authorization })
  for (const [name, value] of Object.entries(cors)) response.setHeader(name, value)
  if (request.method === 'OPTIONS') return finish(response, 204)
  const fault = take(state.faults, path)
  for (const [name, value] of Object.entries(fault?.headers ?? {})) response.setHeader(name, value)
  if (fault?.status !== undefined) return finish(response, fault.status, 'on demand')
  if (fault?.page) return finish(response, 200, page, 'text/html')
  const [, place, repo, rest] =
    /^\/(api\/models|plain|content)\/([^/]+\/[^/]+)\/(.*)$/.exec(path) ??
    /^()\/([^/]+\/[^/]+)\/resolve\/(.*)$/.exec(path) ??
    []
  const found = repo === undefined ? undefined : state.options.repos[repo]
  if (!found || repo === undefined || rest === undefined)
    return finish(response, 404, '{"error":"Repository not found"}')
  const token = state.options.gated?.[repo]
  // As on the hub, the content address is signed and asks for no token.
  if (token !== undefined && place !== 'content' && authorization !== `Bearer ${token}`) {
    response.setHeader('X-Error-Code', 'GatedRepo')
    return finish(response, 401, '{"error":"Access is restricted"}')
  }
  if (place === 'api/models') return sendApi(response, url, found, rest, state.options)
  return sendPath(request, response, { place: place ?? '', repo, rest, found, fault, options: state.options })
}

function take(faults: Fault[], path: string): Fault | undefined {
  const fault = faults.find((each) => each.path.test(path) && (each.times ?? 1) > 0)
  if (fault) fault.times = (fault.times ?? 1) - 1
  return fault
}

async function sendApi(
  response: ServerResponse,
  url: URL,
  repo: HubRepo,
  rest: string,
  { pageSize = 3 }: HubOptions
): Promise<void> {
  const [verb, ...revision] = rest.split('/')
  const known = ['main', 'refs/pr/1', repo.commit].includes(revision.join('/'))
  if (!known) return finish(response, 404, '{"error":"Invalid rev id"}')
  if (verb === 'revision') return finish(response, 200, JSON.stringify({ sha: repo.commit }), 'application/json')
  const from = Number(url.searchParams.get('cursor') ?? 0)
  const all = [...repo.files.values()]
  if (from + pageSize < all.length) {
    url.searchParams.set('cursor', String(from + pageSize))
    // Another host on purpose: mirrors pass the hub's own links on.
    response.setHeader('Link', `<https://hub.invalid${url.pathname}${url.search}>; rel="next"`)
  }
  const folders = from === 0 ? [{ type: 'directory', oid: '0'.repeat(40), size: 0, path: 'onnx' }] : []
  const entries = await Promise.all(all.slice(from, from + pageSize).map(entry))
  finish(response, 200, JSON.stringify([...folders, ...entries]), 'application/json')
}

async function entry(file: HubFile): Promise<object> {
  const { sha256, git } = await sumsOf(file)
  const plain = { type: 'file', oid: git, size: file.size, path: file.path }
  return file.lfs ? { ...plain, oid: 'f'.repeat(40), lfs: { oid: sha256, size: file.size, pointerSize: 134 } } : plain
}

interface Wanted {
  readonly place: string
  readonly repo: string
  readonly rest: string
  readonly found: HubRepo
  readonly fault: Fault | undefined
  readonly options: HubOptions
}

async function sendPath(request: IncomingMessage, response: ServerResponse, wanted: Wanted): Promise<void> {
  const { place, repo, rest, found, options } = wanted
  const path = place === 'plain' ? rest : rest.replace(/^(main|refs\/pr\/1|[0-9a-f]{40})\//, '')
  const file = found.files.get(path)
  if (!file) {
    if (place === 'plain' && options.pagesForMissing) return finish(response, 200, page, 'text/html')
    return finish(response, 404, 'Entry not found')
  }
  if (place === '' && file.lfs) {
    response.setHeader(
      'Location',
      `/content/${repo}/${found.commit}/${path.split('/').map(encodeURIComponent).join('/')}`
    )
    return finish(response, 302)
  }
  await sendFile(request, response, file, { fault: wanted.fault, ranges: options.ranges !== false })
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { port: { type: 'string' } } })
  const [folder] = positionals
  if (folder === undefined) throw new Error('tsx test/hub-server.ts FOLDER [--port N]')
  const repos = await reposIn(folder)
  const { url } = await startHub({ repos, port: Number(values.port ?? 4190), pageSize: 1000 })
  for (const [name, { files }] of Object.entries(repos)) console.log(`${url}/${name}  ${files.size} files`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
