/** The ways in which a hub or a folder can mean harm, or be broken. */
import { randomBytes } from 'node:crypto'
import type { LabErrorCode } from '../../../src/errors'
import { repoOf } from '../../hub-repos'
import {
  bomb,
  bytesOf,
  endless,
  entriesOf,
  json,
  status,
  text,
  type Asked,
  type Mode,
  type Place
} from './hostile-server'
import { contents, data, noise, weights } from './small-repo'

const commit = 'a'.repeat(40)
/** What an honest server has. */
export const repo = repoOf({ ...contents, 'onnx/model_q4.onnx_data': weights })

/** How a mode ends: with the file as it is, or an error with this code. Several where it is up to the runtime. */
type End = 'file' | LabErrorCode

export interface Case {
  readonly name: string
  readonly mode: Mode
  readonly ends: readonly End[]
}

const at =
  (place: Place, act: (asked: Asked) => unknown): Mode =>
  async (asked) => {
    if (asked.place !== place) return false
    return (await act(asked)) !== false
  }
/** The content of the weights, which comes after the listing. */
const atData = (act: (asked: Asked) => unknown): Mode =>
  at('file', (asked) => (asked.path === data && asked.request.method === 'GET' ? act(asked) : false))
const changed = (change: (entry: Record<string, unknown>) => unknown): Mode =>
  at('tree', async ({ response, repo: honestRepo }) => json(response, (await entriesOf(honestRepo)).map(change)))
const added = (...more: readonly unknown[]): Mode =>
  at('tree', async ({ response, repo: honestRepo }) => json(response, [...(await entriesOf(honestRepo)), ...more]))
const never = (): Promise<true> => new Promise(() => undefined)
/** Made once: a server that first has to make its answer would be one that gives none. */
const unpacked = bomb(3e8)
const manyFiles = JSON.stringify(
  Array.from({ length: 150_000 }, (_, i) => ({ type: 'file', path: `${i}`, oid: commit }))
)
const page = '<!doctype html><title>A page</title>'

/** Which limit comes first, that of the bytes or that of the time, is up to the machine. */
const tooSlow: readonly End[] = ['network']

/** What any request can meet, at any place. */
function anywhere(place: Place, act: (mode: (asked: Asked) => unknown) => Mode): Case[] {
  const listing = place !== 'file'
  const network: readonly End[] = ['network']
  const format: readonly End[] = listing ? ['format'] : ['format', 'checksum']
  const name = (what: string): string => `${listing ? place : 'the file'}: ${what}`
  return [
    { name: name('nothing at all'), mode: act(never), ends: network },
    {
      name: name('headers without an end'),
      mode: act(({ response }) => {
        const { socket } = response
        socket?.write('HTTP/1.1 200 OK\r\n')
        const timer = setInterval(() => socket?.write(`X-${randomBytes(4).toString('hex')}: a\r\n`), 20)
        socket?.on('close', () => clearInterval(timer))
      }),
      ends: network
    },
    { name: name('the line is cut'), mode: act(({ response }) => response.destroy()), ends: network },
    {
      name: name('what is not HTTP'),
      mode: act(({ response }) => response.socket?.end('nonsense\r\n\r\n')),
      ends: network
    },
    {
      name: name('headers, and no body'),
      mode: act(({ response }) => {
        response.writeHead(200, { 'Content-Type': 'application/json' })
        response.flushHeaders()
      }),
      ends: network
    },
    {
      name: name('a byte now and then'),
      mode: act(({ response }) => {
        response.writeHead(200, { 'Content-Type': 'application/json' })
        return endless(response, ' ', 30)
      }),
      ends: network
    },
    {
      name: name('a body without an end'),
      mode: act(({ response }) => {
        response.writeHead(200, { 'Content-Type': 'application/json' })
        return endless(response, Buffer.alloc(2 ** 20, ' '))
      }),
      ends: [listing ? 'format' : 'checksum', ...tooSlow]
    },
    {
      name: name('a small body that unpacks without an end'),
      mode: act(({ response }) => text(response, unpacked, 'application/json', { 'Content-Encoding': 'gzip' })),
      ends: [listing ? 'format' : 'checksum', ...tooSlow]
    },
    {
      name: name('a body that does not unpack'),
      mode: act(({ response }) => text(response, 'no gzip', 'application/json', { 'Content-Encoding': 'gzip' })),
      ends: network
    },
    {
      name: name('less than its length'),
      mode: act(({ response }) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '5000' })
        response.write('[')
        setTimeout(() => response.destroy(), 20)
      }),
      ends: network
    },
    { name: name('a page'), mode: act(({ response }) => text(response, page, 'text/html')), ends: format },
    {
      name: name('a page that says it is none'),
      mode: act(({ response }) => text(response, page)),
      ends: listing ? format : ['checksum', 'network']
    },
    {
      name: name('redirects without an end'),
      mode: act(({ response, request }) => status(response, 302, { Location: `${request.url}&a` })),
      ends: network
    },
    {
      name: name('a redirect to nowhere'),
      mode: act(({ response }) => status(response, 302, { Location: 'http://127.0.0.1:1/' })),
      ends: network
    },
    {
      name: name('a redirect to what is no address'),
      mode: act(({ response }) => status(response, 302, { Location: 'http://[' })),
      ends: network
    },
    {
      name: name('busy without an end'),
      mode: act(({ response }) => status(response, 503, { 'Retry-After': '0' })),
      ends: network
    },
    {
      name: name('come again tomorrow'),
      mode: act(({ response }) => status(response, 429, { 'Retry-After': '86400' })),
      ends: network
    },
    {
      name: name('come again at a time that is none'),
      mode: act(({ response }) => status(response, 503, { 'Retry-After': 'soon' })),
      ends: network
    },
    { name: name('forbidden'), mode: act(({ response }) => status(response, 403)), ends: network },
    { name: name('a status that is none'), mode: act(({ response }) => status(response, 599)), ends: network }
  ]
}

export const hubCases: readonly Case[] = [
  ...anywhere('tree', (act) => at('tree', act)),
  ...anywhere('file', atData),
  { name: 'revision: nothing at all', mode: at('revision', never), ends: ['network'] },
  {
    name: 'revision: a commit that is a path',
    mode: at('revision', ({ response }) => json(response, { sha: '../../..' })),
    ends: ['file', 'network']
  },
  {
    name: 'revision: a commit that is a number',
    mode: at('revision', ({ response }) => json(response, { sha: 1e15 })),
    ends: ['file', 'network']
  },
  {
    name: 'revision: JSON in JSON without an end',
    mode: at('revision', ({ response }) => text(response, '{"a":'.repeat(200_000), 'application/json')),
    ends: ['format']
  },
  {
    name: 'tree: pages without an end',
    mode: at('tree', ({ response, count }) => json(response, [], { Link: `<http://x/?page=${count}>; rel="next"` })),
    // Which limit comes first, that of pages or that of the time, is up to the machine.
    ends: ['format', 'network']
  },
  {
    name: 'tree: pages in a circle',
    mode: at('tree', async ({ response, repo: all, count }) =>
      json(response, count > 2 ? [] : await entriesOf(all), { Link: `<http://x/?page=${count % 2}>; rel="next"` })
    ),
    ends: ['file']
  },
  {
    name: 'tree: a next page that is no address',
    mode: at('tree', async ({ response, repo: all }) =>
      json(response, await entriesOf(all), { Link: '<http://[>; rel="next"' })
    ),
    ends: ['file']
  },
  {
    name: 'tree: a link of brackets',
    mode: at('tree', async ({ response, repo: all }) =>
      json(response, await entriesOf(all), { Link: '<'.repeat(12_000) })
    ),
    ends: ['file']
  },
  {
    name: 'tree: files without an end',
    mode: at('tree', ({ response }) => text(response, manyFiles, 'application/json')),
    ends: ['format']
  },
  {
    name: 'tree: what is no list',
    mode: at('tree', ({ response }) => json(response, { error: 'x' })),
    ends: ['format']
  },
  {
    name: 'tree: lists in lists',
    mode: at('tree', ({ response }) => text(response, '['.repeat(500_000), 'application/json')),
    ends: ['format']
  },
  {
    name: 'tree: entries of every kind',
    mode: added(
      null,
      1,
      'x',
      [],
      {},
      { type: 'file' },
      { type: 'file', path: {} },
      { type: 'directory', path: {} },
      4294967296
    ),
    ends: ['file']
  },
  {
    name: 'tree: half a character in a name',
    mode: added({ type: 'file', path: '\ud800', size: 2, oid: 'b'.repeat(40) }),
    ends: ['file', 'format']
  },
  {
    name: 'tree: a size below nothing',
    mode: changed((entry) => ({ ...entry, size: -1, lfs: undefined })),
    ends: ['file', 'checksum']
  },
  {
    name: 'tree: a size beyond all memory',
    mode: changed((entry) => ({ ...entry, size: 2 ** 52, lfs: undefined })),
    ends: ['format', 'memory', 'quota']
  },
  {
    name: 'tree: sizes of fractions',
    mode: changed((entry) => ({ ...entry, size: 0.5, lfs: undefined })),
    ends: ['file', 'checksum']
  },
  {
    name: 'the file: another content of the same size',
    mode: atData(({ response }) => text(response, noise(weights.length).reverse())),
    ends: ['checksum']
  },
  {
    name: 'the file: more than was listed',
    mode: atData(({ response }) => text(response, noise(weights.length + 1))),
    ends: ['checksum']
  },
  {
    name: 'the file: a part, though all was asked for',
    mode: atData(async ({ response, repo: all, request }) => {
      if (request.headers.range) return false
      response.writeHead(206, { 'Content-Range': `bytes 5-9/${weights.length}` })
      return void response.end((await bytesOf(all, data)).subarray(5, 10))
    }),
    ends: ['file', 'checksum', 'network']
  },
  {
    name: 'the file: the wrong part',
    mode: atData(async ({ response, repo: all, request }) => {
      const bytes = await bytesOf(all, data)
      if (!request.headers.range) {
        response.writeHead(200, { 'Content-Length': bytes.length })
        response.write(bytes.subarray(0, 50_000))
        return void setTimeout(() => response.destroy(), 30)
      }
      response.writeHead(206, { 'Content-Range': `bytes 0-${bytes.length - 1}/${bytes.length}` })
      return void response.end(bytes)
    }),
    ends: ['file', 'checksum', 'network']
  },
  {
    name: 'the file: a byte, and cut, each time',
    mode: atData(({ response, request }) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
      response.writeHead(from > 0 ? 206 : 200, {
        'Content-Range': `bytes ${from}-${weights.length - 1}/${weights.length}`
      })
      response.write('x')
      setTimeout(() => response.destroy(), 10)
    }),
    ends: ['network']
  },
  {
    name: 'the file: a range that is never right',
    mode: atData(({ response, request }) => {
      if (request.headers.range) return status(response, 416)
      response.writeHead(200)
      response.write(weights.subarray(0, 30_000))
      return setTimeout(() => response.destroy(), 10)
    }),
    ends: ['network']
  }
]

const yes = (body: string | Uint8Array, type = 'application/octet-stream'): Mode =>
  at('file', ({ response }) => text(response, body, type))
const listed = (files: unknown): Mode =>
  at('file', ({ path, response }) => (path === 'files.json' ? json(response, files) : false))
export const folderCases: readonly Case[] = [
  ...anywhere('file', atData).filter(({ name }) => !/unpacks without|without an end$/.test(name)),
  { name: 'yes to every name', mode: yes('x'), ends: ['format'] },
  { name: 'an empty yes to every name', mode: yes(''), ends: ['format'] },
  { name: 'a page for every name', mode: yes(page, 'text/html; charset=utf-8'), ends: ['format'] },
  { name: 'JSON for every name', mode: yes('{}', 'application/json'), ends: ['format'] },
  {
    name: 'busy for every name',
    mode: at('file', ({ response }) => status(response, 503, { 'Retry-After': '0' })),
    ends: ['network']
  },
  { name: 'nothing for every name', mode: at('file', never), ends: ['network'] },
  { name: 'forbidden for every name', mode: at('file', ({ response }) => status(response, 403)), ends: ['network'] },
  {
    name: 'parts of weights without an end',
    mode: at('file', ({ path, response }) =>
      /_data(_\d+)?$/.test(path) && path !== data ? text(response, 'x') : false
    ),
    ends: ['file']
  },
  {
    name: 'a length that is no number',
    mode: at('file', async (asked) => {
      if (asked.path !== data || asked.request.method !== 'HEAD') return false
      return asked.response.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n')
    }),
    ends: ['file', 'network', 'format']
  },
  {
    name: 'a list of more files than any model has',
    mode: listed(Array.from({ length: 200_000 }, (_, i) => ({ path: `${i}` }))),
    ends: ['format']
  },
  { name: 'a list of what is no file', mode: listed([null, 1, {}, { path: 1 }, { path: '../x' }]), ends: ['file'] },
  {
    name: 'a list with half a character',
    mode: listed([{ path: 'config.json' }, { path: data }, { path: '\ud800' }]),
    ends: ['file']
  },
  {
    name: 'a list in lists',
    mode: at('file', ({ path, response }) => (path === 'files.json' ? text(response, '['.repeat(500_000)) : false)),
    ends: ['file']
  },
  {
    name: 'a list without an end',
    mode: at('file', ({ path, response }) =>
      path === 'files.json' ? endless(response, Buffer.alloc(2 ** 20, ' ')) : false
    ),
    ends: ['format']
  },
  {
    name: 'a list that unpacks without an end',
    mode: at('file', ({ path, response }) =>
      path === 'files.json' ? text(response, unpacked, 'application/json', { 'Content-Encoding': 'gzip' }) : false
    ),
    ends: ['format']
  },
  {
    name: 'a method that is not known',
    mode: at('file', ({ request, response }) => (request.method === 'HEAD' ? status(response, 405) : false)),
    ends: ['file']
  }
]
