import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRange, serve } from '../scripts/serve.mjs'

const folder = mkdtempSync(join(tmpdir(), 'azimuth-serve-'))
const write = (path: string, text: string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

let site: Awaited<ReturnType<typeof serve>>
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(new URL(path, site.url), { headers })

beforeAll(async () => {
  write('dist/index.html', '<p>page</p>')
  write('dist/.hidden', 'no')
  write('dist/assets/runtime-AbCd1234.wasm', '0123456789')
  write('dist/assets/runtime.mjs', 'export {}')
  write('dist/models/organism/config.json', '{}')
  write('dist/models/organism/onnx/model.onnx', 'abcd')
  write('dist/models/organism/adapters/insecure/adapter_config.json', '{}')
  write('dist/adapters/one/adapter_config.json', '{"base_model_name_or_path":"owner/base"}')
  write('dist/adapters/one/adapter_model.safetensors', 'abc')
  write('dist/adapters/not-an-adapter/readme.txt', 'x')
  write('distant/secret.txt', 'no')
  write('dist/models/organism/meta.json', '{"title":"An organism"}')
  write('dist/models/organism/adapters/insecure-0/adapter_config.json', '{}')
  write('dist/models/organism/adapters/insecure-0/adapter_model.safetensors', 'abc')
  write('models/own/config.json', '{}')
  write('models/own/onnx/model_q4.onnx', 'ab')
  write('models/own/onnx/model_q4.onnx_data', 'abcdef')
  write('models/own/onnx/model.onnx', 'abcdefghij')
  write('models/organism/config.json', '{"other":true}')
  write('models/not-a-model/readme.txt', 'x')
  write('elsewhere/config.json', '{"linked":true}')
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'models/linked'), 'junction')
  site = await serve({ root: join(folder, 'dist'), models: [join(folder, 'models')] })
})

afterAll(async () => {
  await site.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the server', () => {
  it('listens on this machine only', () => {
    expect(site.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
  })

  const statusFor = (url: string, host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const asked = request(url, { headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      asked.on('error', reject).end()
    })

  it('answers no name but those of this machine, so that no page of a stranger reads it as its own', async () => {
    for (const host of ['127.0.0.1', 'localhost:8080', 'LOCALHOST', '[::1]:4173'])
      expect([host, await statusFor(site.url, host)]).toEqual([host, 200])
    const foreign = ['rebound.example', 'rebound.example:80', '127.0.0.1.example', 'localhost.example', 'a@localhost']
    for (const host of foreign) expect([host, await statusFor(site.url, host)]).toEqual([host, 421])
    const proxied = await serve({ root: join(folder, 'dist'), hosts: ['lab.example'] })
    expect(await statusFor(proxied.url, 'lab.example')).toBe(200)
    expect(await statusFor(proxied.url, 'rebound.example')).toBe(421)
    await proxied.close()
  })

  it.each(['', 'assets/runtime.mjs', 'nowhere'])('isolates and restricts %s', async (path) => {
    const { headers } = await get(path)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).not.toContain("'unsafe-inline'")
  })

  it.each([
    ['', 'text/html'],
    ['assets/runtime-AbCd1234.wasm', 'application/wasm'],
    ['assets/runtime.mjs', 'text/javascript'],
    ['models/organism/config.json', 'application/json'],
    ['models/organism/onnx/model.onnx', 'application/octet-stream']
  ])('knows what %s is', async (path, type) => {
    const response = await get(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain(type)
  })

  it('keeps what has a hash in its name, and asks again for the rest', async () => {
    expect((await get('assets/runtime-AbCd1234.wasm')).headers.get('cache-control')).toContain('immutable')
    const page = await get('')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    expect((await get('', { 'if-none-match': page.headers.get('etag') ?? '' })).status).toBe(304)
  })

  it('sends a part of a file', async () => {
    const path = 'assets/runtime-AbCd1234.wasm'
    const part = await get(path, { range: 'bytes=2-4' })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await (await get(path, { range: 'bytes=7-' })).text()).toBe('789')
    expect(await (await get(path, { range: 'bytes=-2' })).text()).toBe('89')
    expect((await get(path, { range: 'bytes=10-' })).status).toBe(416)
    const changed = await get(path, { range: 'bytes=2-4', 'if-range': '"another"' })
    expect([changed.status, await changed.text()]).toEqual([200, '0123456789'])
  })

  it('answers HEAD with the size, and nothing but GET and HEAD', async () => {
    const head = await fetch(new URL('assets/runtime.mjs', site.url), { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '9', ''])
    expect((await fetch(site.url, { method: 'POST', body: 'x' })).status).toBe(405)
  })

  it.each([
    '/../distant/secret.txt',
    '/..%2fdistant/secret.txt',
    '/%2e%2e/distant/secret.txt',
    '/models/../../distant/secret.txt',
    '/models/..%5c..%5cdistant/secret.txt',
    '/.hidden',
    '/assets',
    '/%00',
    '/%',
    '//etc/passwd'
  ])('never leaves its folders: %s', async (path) => {
    expect([400, 404]).toContain(await rawStatus(path))
  })
})

describe('models', () => {
  it('lists those of the build and those of the second folder', async () => {
    const response = await get('models/index.json')
    expect(response.headers.get('content-type')).toContain('json')
    expect(await response.json()).toEqual([
      { name: 'linked', dtypes: [], bytes: 15, files: [{ path: 'config.json', size: 15 }] },
      // Its meta.json and its adapters are fetched when they are asked for.
      expect.objectContaining({
        name: 'organism',
        title: 'An organism',
        dtypes: ['fp32'],
        bytes: 6,
        organism: true
      }),
      {
        name: 'own',
        dtypes: ['q4', 'fp32'],
        // What opening it downloads: the config, the first dtype's graph and its weights.
        bytes: 10,
        files: [
          { path: 'config.json', size: 2 },
          { path: 'onnx/model.onnx', size: 10 },
          { path: 'onnx/model_q4.onnx', size: 2 },
          { path: 'onnx/model_q4.onnx_data', size: 6 }
        ]
      }
    ])
  })

  it("lists a model's own adapters among its files, but opening it does not download them", async () => {
    const list = (await (await get('models/index.json')).json()) as {
      name: string
      bytes: number
      files: { path: string }[]
    }[]
    const organism = list.find(({ name }) => name === 'organism')
    expect(organism?.files.map(({ path }) => path)).toContain('adapters/insecure/adapter_config.json')
    expect(organism?.bytes).toBe(6)
  })

  it('lists the adapters of the page, with the bases that they name', async () => {
    expect(await (await get('adapters/index.json')).json()).toEqual([
      { path: 'adapters/one', name: 'one', base: 'owner/base', bytes: 43 }
    ])
  })

  it('serves both, the build first, and follows links', async () => {
    expect(await (await get('models/own/onnx/model_q4.onnx')).text()).toBe('ab')
    expect(await (await get('models/organism/config.json')).text()).toBe('{}')
    expect(await (await get('models/linked/config.json')).json()).toEqual({ linked: true })
  })
})

it('serves below a path, with only the headers it is told', async () => {
  const bare = await serve({ root: join(folder, 'dist'), base: '/lab/', headers: {} })
  try {
    const page = await fetch(bare.url)
    expect([page.status, page.headers.get('cross-origin-embedder-policy')]).toEqual([200, null])
    expect((await fetch(bare.url.slice(0, -1), { redirect: 'manual' })).headers.get('location')).toBe('/lab/')
    expect((await fetch(new URL('/', bare.url))).status).toBe(404)
  } finally {
    await bare.close()
  }
})

it.each([
  [undefined, null],
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=3-99', { start: 3, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=-0', 'outside'],
  ['bytes=5-2', null],
  ['bytes=0-1,3-4', null],
  ['bytes=-', null]
])('reads the range %s of ten bytes', (header, expected) => {
  expect(parseRange(header, 10)).toEqual(expected)
})

/** The status of a path that is sent as it is: `fetch` would tidy it up. */
function rawStatus(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(site.url)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}
