/**
 * Keeps the built page working on hosts that set no headers, and without a network. Runs beside the
 * page, for every request to the page's own folder: adds the headers that threads need, answers
 * hashed files from its cache, and everything else from the network first. Models are not kept
 * here: the page stores them itself.
 */
export {}

declare const self: ServiceWorkerGlobalScope

/** Path and content hash of each built file, written here by the build (scripts/site-plugin.mjs). */
const files: readonly (readonly [path: string, hash: string])[] = JSON.parse('__FILES__') as [string, string][]
const version = '__VERSION__'

const listOfModels = 'models/index.json'
const prefix = 'azimuth-'
const cacheName = prefix + version
/** Kept later, when the page asks: the page starts before 40 MB of runtime and the organisms have come. */
const isLarge = /\.wasm$|^models\//
/** How long a page waits for a network that does not answer, in milliseconds. */
const patience = 4000

self.addEventListener('install', (event) => {
  event.waitUntil(keep(files.filter(([path]) => !isLarge.test(path))))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOldCaches().then(() => self.clients.claim()))
})

self.addEventListener('message', (event) => {
  if (event.data !== 'keep-all') return
  const port = event.ports[0]
  const done = keep(files).then(
    () => port?.postMessage(true),
    () => port?.postMessage(false)
  )
  event.waitUntil(done)
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (url.origin !== location.origin) return
  const path = pathInScope(url)
  // An adapter's folder is asked first which files it has, and how long they are.
  if (request.method === 'HEAD' && isInKeptFolder(path)) event.respondWith(headOf(request, url))
  if (request.method !== 'GET' || isWeights(path)) return
  event.respondWith(answer(request, url).then(isolated))
})

async function answer(request: Request, url: URL): Promise<Response> {
  const path = pathInScope(url)
  if (path.startsWith('assets/')) return (await stored(url)) ?? fetch(request)
  try {
    const response = await withPatience(fetch(request), request.mode === 'navigate')
    if (response.status === 200 && !isBuilt(path)) await remember(url, response.clone())
    return response
  } catch (error) {
    const known = await stored(request.mode === 'navigate' && !isBuilt(path) ? new URL(scope()) : url)
    if (known) return known
    throw error
  }
}

/** Without a network the head of a kept file, else 404. The length is that of the body as it is read, however the host sent it. */
async function headOf(request: Request, url: URL): Promise<Response> {
  try {
    return await fetch(request)
  } catch {
    const known = await stored(url)
    if (!known) return new Response(null, { status: 404 })
    const headers = new Headers(known.headers)
    headers.delete('Content-Encoding')
    headers.set('Content-Length', String((await known.blob()).size))
    return new Response(null, { headers })
  }
}

/** The same response with the headers that give the page threads. An opaque or failed one stays as it is. */
function isolated(response: Response): Response {
  if (response.status === 0 || response.type === 'opaqueredirect') return response
  const headers = new Headers(response.headers)
  headers.set('Cross-Origin-Opener-Policy', 'same-origin')
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp')
  headers.set('Cross-Origin-Resource-Policy', 'same-origin')
  const { status, statusText } = response
  const body = status === 204 || status === 304 ? null : response.body
  return new Response(body, { status, statusText, headers })
}

/** Puts built files into this version's cache: from an older version where the hash is the same. */
async function keep(wanted: typeof files): Promise<void> {
  const cache = await caches.open(cacheName)
  const missing: URL[] = []
  for (const [path, hash] of wanted) {
    const url = new URL(path, scope())
    if (await cache.match(url)) continue
    const older = path.includes(hash) ? await stored(url) : undefined
    if (older) await cache.put(url, older)
    else missing.push(url)
  }
  await Promise.all(
    missing.map(async (url) => {
      const response = await fetch(url, { cache: 'no-cache' })
      if (!response.ok) throw new Error(`${url.pathname}: HTTP ${response.status}`)
      await cache.put(url, response)
    })
  )
}

/** Small files beside the build (finished runs, the list of models), for the next time without a network. */
async function remember(url: URL, response: Response): Promise<void> {
  const path = pathInScope(url)
  if (path !== listOfModels && !path.startsWith('runs/')) return
  const cache = await caches.open(cacheName)
  await cache.put(url, response)
}

/** A kept response of any version; a page of an old version may still be open. */
async function stored(url: URL): Promise<Response | undefined> {
  const bare = new URL(url.pathname, url)
  for (const name of [cacheName, ...(await ownCaches())]) {
    const response = await (await caches.open(name)).match(bare)
    if (response) return response
  }
  return undefined
}

async function dropOldCaches(): Promise<void> {
  const old = (await ownCaches()).filter((name) => name !== cacheName)
  await Promise.all(old.map((name) => caches.delete(name)))
}

async function ownCaches(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith(prefix))
}

function withPatience(response: Promise<Response>, isNavigation: boolean): Promise<Response> {
  if (!isNavigation) return response
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('the network is silent')), patience))
  return Promise.race([response, late])
}

/** True for a file that `keep` keeps; '' is the page itself. */
function isBuilt(path: string): boolean {
  return files.some(([name]) => name === path)
}

/** True for the folder of a file below `models/` that `keep` keeps: what is not kept of it is not there. */
function isInKeptFolder(path: string): boolean {
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  return folder.startsWith('models/') && files.some(([name]) => name.startsWith(folder))
}

/** Left to the browser: large, asked for in ranges, and stored by the page. */
function isWeights(path: string): boolean {
  return path.startsWith('models/') && path !== listOfModels && !isBuilt(path)
}

function scope(): string {
  return self.registration.scope
}

function pathInScope(url: URL): string {
  const root = new URL(scope()).pathname
  return url.pathname.startsWith(root) ? url.pathname.slice(root.length) : url.pathname
}
