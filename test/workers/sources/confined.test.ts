/** Names that come from a server, a record or a graph never become a place outside of the cache. */
import { createServer } from 'node:http'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { isFileName, isFilePath, isPlainPath } from '../../../src/formats/path'
import { nodeHost } from '../../../workers/host/host-node'
import { hubFiles } from '../../../workers/sources/hub'
import { folderUrlFiles } from '../../../workers/sources/folder-url'
import { openFolderDisk } from '../../../workers/stored/disk-node'
import { deleteStored, listStored, readRecords } from '../../../workers/stored/records'
import type { Disk } from '../../../workers/stored/disk'
import { adapterFiles, webFiles } from '../../../workers/sources/sources'
import { failure, ignore, patience, setUp, weights } from './sources-setup'

/** Names that mean another place on some system. */
const outside = [
  '../outside',
  '/etc/outside',
  '..\\outside',
  'C:\\outside',
  'c:outside',
  '\\\\server\\share',
  'a/../../outside',
  'nul\0byte',
  'line\nbreak',
  '\ud800',
  '..',
  '.',
  ''
]
/** Plain paths that some system cannot store under their names. */
const unstorable = ['con', 'NUL.txt', 'onnx/COM1.onnx', 'lpt9', 'aux .data', 'ends.', 'ends ', 'stream:hidden', 'a|b']

let home = ''
let cache = ''
let disk: Disk

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'azimuth-home-'))
  cache = join(home, 'cache', 'hub')
  disk = await openFolderDisk(cache)
  await writeFile(join(home, 'outside'), 'of the user')
})

afterEach(() => rm(home, { recursive: true }))

/** Everything in the home folder but the cache. */
async function own(): Promise<readonly string[]> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(cache))
    .map((entry) => join(entry.parentPath, entry.name).slice(home.length + 1))
}

async function expectUntouched(): Promise<void> {
  expect(await own()).toEqual(['outside'])
  expect(await readFile(join(home, 'outside'), 'utf8')).toBe('of the user')
}

/** A server that lists what it is told, and sends four bytes for each file before the connection ends. */
async function hostileHub(listing: unknown, sha: unknown = 'a'.repeat(40)): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    asked.push(url)
    if (url.includes('/revision/')) return void response.end(JSON.stringify({ sha }))
    if (url.includes('/tree/') || url.endsWith('/files.json')) return void response.end(JSON.stringify(listing))
    response.writeHead(200, { 'content-length': 1000 })
    if (request.method === 'HEAD') return void response.end()
    response.write('evil')
    setImmediate(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(
    () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      })
  )
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, asked }
}

describe('a listing of a hostile hub', () => {
  const digests = ['../../outside', '/etc/outside', 'a'.repeat(63), `${'a'.repeat(62)}/b`, 'A'.repeat(64), 7, null]

  it.each(digests)('is refused with the SHA-256 %j, and nothing is written', async (oid) => {
    const { url, asked } = await hostileHub([
      { type: 'file', path: 'config.json', size: 1000, lfs: { oid, size: 1000 } },
      { type: 'file', path: 'tokenizer.json', size: 2, oid: 'b'.repeat(40) }
    ])
    const source = { kind: 'hub', repo: 'owner/name', endpoint: url } as const
    expect(await failure(hubFiles(source, { disk, patience }))).toMatch(/^format: .*lists "config.json" with a SHA-256/)
    expect(asked.every((each) => each.startsWith('/api/'))).toBe(true)
    await expectUntouched()
  })

  it.each(['../../outside', 'x'.repeat(64), 9])('is refused with the SHA-256 %j in files.json', async (sha256) => {
    const { url } = await hostileHub([{ path: 'config.json', size: 1000, sha256 }])
    const opened = folderUrlFiles(`${url}/model`, { disk, patience })
    expect(await failure(opened)).toMatch(/^format: .*lists "config.json" with a SHA-256/)
    await expectUntouched()
  })

  it('keeps a git id that is none out of the names of files', async () => {
    const { url } = await hostileHub([{ type: 'file', path: 'config.json', size: 1000, oid: '../../outside' }])
    const files = await hubFiles({ kind: 'hub', repo: 'owner/name', endpoint: url }, { disk, patience })
    expect(await failure(files.read('config.json', ignore))).toMatch(/^network: /)
    await expectUntouched()
  })

  it('has no file whose path leads out, or cannot be asked for', async () => {
    const listing = [...outside, 'onnx/model.onnx'].map((path) => ({
      type: 'file',
      path,
      size: 9,
      oid: 'b'.repeat(40)
    }))
    const { url } = await hostileHub(listing)
    const hub = await hubFiles({ kind: 'hub', repo: 'owner/name', endpoint: url }, { disk, patience })
    expect([...(await hub.list()).keys()]).toEqual(['onnx/model.onnx'])
    const named = ['config.json', ...outside].map((path) => ({ path, size: 4 }))
    const served = await hostileHub(named)
    const folder = await folderUrlFiles(`${served.url}/model`, { disk, patience })
    expect([...(await folder.list()).keys()]).toEqual(['config.json'])
  })

  it.each(['../../outside', '..', 1e15, '\ud800'])(
    'with the commit %j is asked for the revision itself',
    async (sha) => {
      const { url, asked } = await hostileHub([], sha)
      await hubFiles({ kind: 'hub', repo: 'owner/name', endpoint: url }, { disk, patience })
      expect(asked.at(-1)).toBe('/api/models/owner/name/tree/main?recursive=true')
    }
  )
})

describe('a source that a file names', () => {
  it.each([
    { repo: '../..' },
    { repo: 'owner/..' },
    { revision: '..' },
    { revision: '../../other' },
    { revision: '\ud800' },
    { endpoint: 'file:///etc' },
    { endpoint: 'https://user:secret@host' },
    { endpoint: 'https://host/?secret' }
  ])('is refused as %j', async (part) => {
    const source = { kind: 'hub', repo: 'owner/name', endpoint: 'http://127.0.0.1:9', ...part } as const
    const told = await failure(hubFiles(source, { disk, patience }))
    expect(told).toMatch(/^format: /)
    expect(told).not.toContain('secret')
  })
})

describe('a model that is said to come with the page', () => {
  it.each(outside)('is not looked for at %j', async (name) => {
    const source = { kind: 'bundled', name } as const
    for (const opened of [nodeHost.files(source, ignore), nodeHost.adapterFiles(source, ignore)])
      expect(await failure(opened)).toMatch(/^format: .*is no name of what comes with the page/)
    const { url, asked } = await hostileHub([])
    const page = { appBase: `${url}/`, patience, disk: null }
    for (const opened of [webFiles(source, ignore, page), adapterFiles(source, ignore, page)])
      expect(await failure(opened)).toMatch(/^format: /)
    expect(asked).toEqual([])
  })

  it('is not taken from another folder of this machine', async () => {
    const source = { kind: 'bundled', name: 'no-such-model' } as const
    expect(await failure(nodeHost.files(source, ignore))).toMatch(/^network: no-such-model is not among the models/)
  })
})

describe('the cache', () => {
  it.each([...outside, ...unstorable, 'locks/x', '.hidden'])('has no file named %j', async (name) => {
    await mkdir(join(cache, 'locks'), { recursive: true })
    const attempts: readonly (() => Promise<unknown>)[] = [
      () => disk.file(name),
      () => disk.writer(name),
      () => disk.remove(name),
      () => disk.alone(name, undefined, async () => undefined)
    ]
    for (const attempt of attempts)
      expect(await failure(Promise.resolve().then(attempt))).toMatch(/^format: .*nothing was read or written/)
    await expectUntouched()
  })

  it('writes through no link', async () => {
    await symlink(join(home, 'outside'), join(cache, 'sha256-link'))
    expect(await failure(disk.writer('sha256-link'))).toContain('NotStorable')
    await expectUntouched()
  })

  it.each([...outside, ...unstorable])('lays no file at %j', async (path) => {
    await writeFile(join(cache, 'stored'), 'x')
    expect(await failure(Promise.resolve(disk.lay?.('model', new Map([[path, 'stored']]))))).toMatch(/^format: /)
    await expectUntouched()
  })

  it('believes no record that none of our listings would have made', async () => {
    const { open } = await setUp()
    await (await open(undefined, { disk })).read('config.json', ignore)
    const [name = ''] = (await readdir(cache)).filter((each) => each.endsWith('.model'))
    const record = JSON.parse(await readFile(join(cache, name), 'utf8')) as { files: object[] }
    const bad = [
      { path: 'a.json', size: 1, key: '../../../outside' },
      { path: '../../outside', size: 1, key: `sha256-${'a'.repeat(64)}` },
      { path: 'b.json', size: 1, key: `sha256-${'a'.repeat(64)}`, sha256: '../../outside' }
    ]
    await writeFile(join(cache, name), JSON.stringify({ ...record, files: [...record.files, ...bad] }))
    const [read] = await readRecords(disk)
    expect(read?.files.length).toBe(record.files.length)
    for (const source of [{ repo: '../..', revision: 'x', endpoint: 'https://h' }, { url: 'file:///etc/passwd' }])
      await writeFile(join(cache, 'b.model'), JSON.stringify({ ...record, id: 'x', source }))
    expect((await listStored(disk)).length).toBe(1)
    for (const { id } of await readRecords(disk)) await deleteStored(id, disk)
    await expectUntouched()
  })

  it('deletes nothing that it has not stored', async () => {
    await writeFile(join(cache, 'notes.txt'), 'of the user')
    await writeFile(join(cache, `sha256-${'0'.repeat(64)}`), weights)
    await deleteStored('hub:no/such@1', disk)
    expect(await disk.names()).toEqual(['notes.txt'])
  })
})

describe('plain paths', () => {
  it('stay below their folder on every system', () => {
    for (const path of outside) expect([path, isPlainPath(path)]).toEqual([path, false])
    for (const path of [...outside, ...unstorable]) expect([path, isFilePath(path)]).toEqual([path, false])
    for (const path of ['config.json', 'onnx/model_q4.onnx_data', 'a folder/ä #.txt', 'con-fig', 'x..y/z', '...a'])
      expect([path, isFilePath(path)]).toEqual([path, true])
    expect(isFileName(`sha256-${'a'.repeat(64)}.json`)).toBe(true)
  })
})
