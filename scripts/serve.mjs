/** A small static server: isolation headers, ranges, revalidation, and models from more than one folder. */
import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pipeline } from 'node:stream/promises'
import { pageHeaders } from './headers.mjs'
import { listAdapters, listModels } from './models.mjs'
import { listRuns } from './runs.mjs'

/**
 * @typedef {import('node:http').IncomingMessage} Request
 * @typedef {import('node:http').ServerResponse} Response
 * @typedef {object} Site
 * @property {string} root folder of the built page
 * @property {string[]} [models] more folders of models, served below /models/
 * @property {string} [base] path of the page, with both slashes; default `/`
 * @property {string[]} [hosts] more names that the server is asked for by, without a port; default: those of this machine
 * @property {Record<string, string>} [headers] sent with every answer; default: isolation and CSP
 */

/** @type {Record<string, string>} */
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.jsonl': 'application/jsonl; charset=utf-8',
  '.zip': 'application/zip'
}

/**
 * Answers requests from a site's folders. Exported for the dev server, too.
 * @param {Site} site
 * @returns {(request: Request, response: Response) => Promise<void>}
 */
export function siteHandler({ root, models = [], base = '/', headers = pageHeaders }) {
  return async (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      return finish(response, 405, 'This server only reads.')
    }
    const path = pathOf(request.url ?? '/')
    if (path === null) return finish(response, 400, 'The address is malformed.')
    if (`${path}/` === base) return redirect(response, base)
    if (!path.startsWith(base)) return finish(response, 404, 'Not here.')
    const inside = path.slice(base.length)
    if (inside === 'models/index.json')
      return sendJson(request, response, await listModels([join(root, 'models'), ...models]))
    if (inside === 'adapters/index.json') return sendJson(request, response, await listAdapters(root))
    if (inside === 'runs/index.json') return sendJson(request, response, await listRuns(root))
    const file = await findFile(inside, root, models)
    if (!file) return finish(response, 404, 'Not here.')
    await sendFile(request, response, file)
  }
}

/**
 * Starts a server on 127.0.0.1.
 * @param {Site & { port?: number }} options port 0: any free one
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve({ port = 0, hosts = [], ...site }) {
  const handle = siteHandler(site)
  const server = createServer((request, response) => {
    if (!isOwnHost(request.headers.host, hosts)) return finish(response, 421, wrongHost)
    handle(request, response).catch((error) => {
      if (!response.headersSent) finish(response, 500, String(error))
      else response.destroy()
    })
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  return {
    url: `http://127.0.0.1:${bound}${site.base ?? '/'}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

const wrongHost =
  'This server answers as 127.0.0.1 or localhost. Behind a proxy, start it with --host and the name that the proxy asks for.'

/**
 * Whether a request is meant for this machine. A page of a stranger can give its own name the address 127.0.0.1, and would
 * then read what is served here as its own; browsers send that name along.
 * @param {string | undefined} header Host, with or without a port: a tunnel may end at another one
 * @param {readonly string[]} more
 */
export function isOwnHost(header, more = []) {
  const name = /^(\[[\da-f:.]+\]|[^:[\]/@]+)(:\d+)?$/i.exec(header ?? '')?.[1]?.toLowerCase()
  return name !== undefined && ['127.0.0.1', 'localhost', '[::1]', ...more].includes(name)
}

/**
 * The decoded path of an address, or null when it is malformed or names a hidden or a parent folder.
 * @param {string} address
 */
function pathOf(address) {
  try {
    const path = decodeURIComponent(address.replace(/[?#].*$/s, ''))
    const hidden = path.split(/[/\\]/).some((part) => part.startsWith('.'))
    return hidden || path.includes('\0') || path.includes('\\') ? null : path
  } catch {
    return null
  }
}

/**
 * @param {string} path inside the site
 * @param {string} root
 * @param {string[]} models
 */
async function findFile(path, root, models) {
  const name = path === '' || path.endsWith('/') ? `${path}index.html` : path
  const places = [{ folder: root, name }]
  if (name.startsWith('models/')) {
    for (const folder of models) places.push({ folder, name: name.slice('models/'.length) })
  }
  for (const place of places) {
    const file = join(place.folder, ...place.name.split('/'))
    const stats = await stat(file).catch(() => null)
    // A link inside a folder is the owner's wish and is followed; a path never leaves the folder by itself.
    if (stats?.isFile() && file.startsWith(place.folder.replace(/[/\\]+$/, '') + sep)) {
      return { file: await realpath(file), name: place.name, stats }
    }
  }
  return null
}

/**
 * @param {Request} request
 * @param {Response} response
 * @param {{ file: string, name: string, stats: import('node:fs').Stats }} found
 */
async function sendFile(request, response, { file, name, stats }) {
  const tag = `"${stats.size.toString(36)}-${Math.round(stats.mtimeMs).toString(36)}"`
  response.setHeader('Content-Type', types[extname(name).toLowerCase()] ?? 'application/octet-stream')
  response.setHeader('Last-Modified', stats.mtime.toUTCString())
  response.setHeader('ETag', tag)
  response.setHeader('Accept-Ranges', 'bytes')
  response.setHeader('Cache-Control', cacheControl(name))
  if (request.headers['if-none-match'] === tag) return finish(response, 304)
  const condition = request.headers['if-range']
  const wanted = condition === undefined || condition === tag ? request.headers.range : undefined
  const range = parseRange(wanted, stats.size)
  if (range === 'outside') {
    response.setHeader('Content-Range', `bytes */${stats.size}`)
    return finish(response, 416)
  }
  const { start, end } = range ?? { start: 0, end: stats.size - 1 }
  if (range) response.setHeader('Content-Range', `bytes ${start}-${end}/${stats.size}`)
  response.setHeader('Content-Length', end - start + 1)
  response.writeHead(range ? 206 : 200)
  if (request.method === 'HEAD' || stats.size === 0) return void response.end()
  // A reader that goes away in the middle of a download is not an error.
  await pipeline(createReadStream(file, { start, end }), response).catch(() => response.destroy())
}

/**
 * Names with a content hash never change; everything else is asked for again.
 * @param {string} name
 */
function cacheControl(name) {
  return /^assets\/.+-[\w-]{8}\.\w+$/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache'
}

/**
 * One byte range; null for the whole file, also where the header asks for several ranges.
 * @param {string | undefined} header
 * @param {number} size
 * @returns {{ start: number, end: number } | 'outside' | null}
 */
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return null
  const [first, last] = [match[1] ?? '', match[2] ?? '']
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && first !== '' && Number(last) < Number(first)) return null
  return start >= size || end < start ? 'outside' : { start, end }
}

/**
 * @param {Request} request
 * @param {Response} response
 * @param {unknown} value
 */
function sendJson(request, response, value) {
  const body = JSON.stringify(value)
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.setHeader('Cache-Control', 'no-cache')
  response.writeHead(200, { 'Content-Length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/**
 * @param {Response} response
 * @param {string} location
 */
function redirect(response, location) {
  response.setHeader('Location', location)
  finish(response, 308)
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {string} [text]
 */
function finish(response, status, text) {
  if (text !== undefined) {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8')
    response.setHeader('Cache-Control', 'no-store')
  }
  response.writeHead(status)
  response.end(text)
}

/** `node scripts/serve.mjs [--port N] [--base /path/] [--host NAME] [--bare]`: the built page; --bare sends no headers of its own. */
async function main() {
  const { parseArgs } = await import('node:util')
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      base: { type: 'string' },
      host: { type: 'string', multiple: true },
      bare: { type: 'boolean' }
    }
  })
  const here = fileURLToPath(new URL('..', import.meta.url))
  const { url } = await serve({
    root: join(here, 'dist'),
    models: [join(here, 'models')],
    port: Number(values.port ?? 4173),
    base: values.base ?? '/',
    hosts: values.host ?? [],
    ...(values.bare && { headers: {} })
  })
  console.log(url)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
