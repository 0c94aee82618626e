/** What Node stores of models: fetched once, mapped from the disk, checked, shared by threads and processes. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Engine } from '../../../workers/engine'
import { nodeHost } from '../../../workers/host/host-node'
import { Blobs } from '../../../workers/stored/blobs'
import type { Disk } from '../../../workers/stored/disk'
import { openFolderDisk } from '../../../workers/stored/disk-node'
import { atHub, cacheFolder } from '../../../workers/stored/place-node'
import { loadFixture } from '../../fixtures'
import { repoOf } from '../../hub-repos'
import { startHub, type HubServer } from '../../hub-server'
import { wordTokenizer } from '../../word-tokenizer'
import { data, failure, graph, ignore, rangesOf, same, setUp, weights } from './sources-setup'

let folder = ''
let disk: Disk

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azimuth-cache-'))
  disk = await openFolderDisk(folder)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** Files of a folder, by the start of their names. */
const stored = async (start: string): Promise<string[]> => {
  const names = (await readdir(folder)).filter((name) => name.startsWith(start) && !name.endsWith('.json'))
  return names.map((name) => join(folder, name))
}

describe('a model of the hub in Node', () => {
  it('is downloaded once, and opens without the hub', async () => {
    const { hub, open } = await setUp()
    await (await open(undefined, { disk })).read(data, ignore)
    const again = await open(undefined, { disk: await openFolderDisk(folder) })
    expect(same(await again.read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data)).toEqual([undefined])
    await hub.close()
    const offline = await open(undefined, { disk })
    expect([...(await offline.list()).keys()]).toEqual([data])
    expect(same(await offline.read(data, ignore), weights)).toBe(true)
    expect((await offline.sample(data, 200_000, 4)).bytes).toEqual(
      new Uint8Array([...weights.subarray(0, 4), ...weights.subarray(200_000, 200_004)])
    )
  })

  it('goes on where a download broke off', async () => {
    const { hub, open } = await setUp()
    hub.faults.push({ path: /content.*_data$/, cutAfter: 100_000 }, { path: /content.*_data$/, cutAfter: 0, times: 3 })
    expect(await failure((await open(undefined, { disk })).read(data, ignore))).toContain(
      'it goes on from there when the model is opened again'
    )
    const again = await open(undefined, { disk: await openFolderDisk(folder) })
    expect(same(await again.read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data).at(0)).toBeUndefined()
    expect(rangesOf(hub, data).at(-1)).toBe('bytes=100000-')
  })

  it('is fetched again where a stored file was changed, whatever its length', async () => {
    const { hub, open } = await setUp()
    await (await open(undefined, { disk })).read(data, ignore)
    const [path = ''] = (
      await Promise.all((await stored('sha256-')).map(async (each) => ({ each, size: (await stat(each)).size })))
    )
      .filter(({ size }) => size === weights.length)
      .map(({ each }) => each)
    await writeFile(path, weights.with(70_000, (weights[70_000] ?? 0) ^ 1))
    expect(same(await (await open(undefined, { disk })).read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data)).toEqual([undefined, undefined])
    expect(same(await readFile(path), weights)).toBe(true)
    // Written anew with the same bytes, as a copy of the folder is.
    await writeFile(path, weights)
    await (await open(undefined, { disk })).read(data, ignore)
    expect(rangesOf(hub, data).length).toBe(2)
  })

  it('is downloaded once where several ask at the same time', async () => {
    const { hub, open } = await setUp()
    const all = [1, 2, 3].map(async () =>
      (await open(undefined, { disk: await openFolderDisk(folder) })).read(data, ignore)
    )
    for (const bytes of await Promise.all(all)) expect(same(bytes, weights)).toBe(true)
    expect(rangesOf(hub, data)).toEqual([undefined])
  })

  it('lies in a folder under its own names, without a copy', async () => {
    const { open } = await setUp()
    const files = await open(undefined, { disk })
    const place = (await files.folder([graph, data], ignore)) ?? ''
    expect(same(await readFile(join(place, data)), weights)).toBe(true)
    const inode = async (path: string): Promise<number> => (await stat(path)).ino
    const inodes = await Promise.all((await stored('sha256-')).map(inode))
    expect(inodes).toContain(await inode(join(place, data)))
    expect(await files.folder([graph, data], ignore)).toBe(place)
    expect(await failure(files.folder([graph, 'onnx/none'], ignore))).toContain('name has no onnx/none')
  })

  it('says so where the disk has no room', async () => {
    const content = { path: 'onnx/huge', key: 'sha256-0', size: 1e18, sha256: '0' }
    expect(await failure(new Blobs(disk).fill(content, () => Promise.resolve(), undefined))).toMatch(
      /^quota: onnx\/huge needs 1000000 TB more, .* has .* left: free disk space, name another folder with AZIMUTH_CACHE/
    )
  })

  it('says so where the folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '')
    expect(await failure(openFolderDisk(join(folder, 'file')))).toMatch(
      /^quota: models are stored in .*file, which cannot be made .*: name another folder with AZIMUTH_CACHE or --cache$/
    )
  })
})

describe('a lock', () => {
  it('of a process that is gone is taken over at once', async () => {
    await writeFile(join(folder, 'locks', 'x'), `${hostname()} 4194999 0`)
    expect(await disk.alone('x', undefined, () => Promise.resolve('done'))).toBe('done')
    expect(await readdir(join(folder, 'locks'))).toEqual([])
  })

  it('of one that lives is waited for, until the wait is cancelled', async () => {
    let finish = (): void => undefined
    const first = disk.alone('x', undefined, () => new Promise<void>((resolve) => (finish = resolve)))
    await expect.poll(() => readdir(join(folder, 'locks'))).toEqual(['x'])
    const stop = new AbortController()
    const second = disk.alone('x', stop.signal, () => Promise.resolve())
    stop.abort()
    await expect(second).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
    finish()
    await first
  })
})

describe('the engine in Node', () => {
  const { folder: fixture, reference } = loadFixture('llama-genai')
  const owner = 'owner/llama'

  async function hubOf(gated: Readonly<Record<string, string>> = {}): Promise<HubServer> {
    const names = ['config.json', 'onnx/model.onnx', 'onnx/model.onnx_data']
    const files = await Promise.all(names.map(async (name) => [name, await readFile(join(fixture, name))] as const))
    const repos = { [owner]: repoOf({ ...Object.fromEntries(files), ...wordTokenizer(reference.vocab) }) }
    const hub = await startHub({ repos, gated })
    vi.stubEnv('AZIMUTH_CACHE', folder)
    vi.stubEnv('HF_ENDPOINT', hub.url)
    return hub
  }

  async function answer(): Promise<readonly number[] | undefined> {
    const engine = new Engine(nodeHost)
    await engine.open({ kind: 'hub', repo: owner }, { dtype: 'fp32' })
    const prompt = { ids: reference.prompts[0] ?? [] }
    const { completions } = await engine.generate([{ prompt }], { maxTokens: 12, sampling: { temperature: 0 } })
    await engine.close()
    return completions[0]?.ids
  }

  it('runs a model of the hub from its weights on the disk, the second time without the hub', async () => {
    const hub = await hubOf()
    expect(await answer()).toEqual(reference.greedy.none[0])
    expect(hub.seen.filter(({ path }) => path.startsWith('/content/')).length).toBe(2)
    expect(
      (await readdir(join(folder, 'hub', 'files'), { recursive: true })).filter((path) => /\.onnx/.test(path)).length
    ).toBe(2)
    await hub.close()
    expect(await answer()).toEqual(reference.greedy.none[0])
  })

  it('takes its token from HF_TOKEN, and names it where one is missing', async () => {
    const hub = await hubOf({ [owner]: 'hf_right' })
    expect(await failure(answer())).toBe(
      `network: ${owner} at revision main may not be read (HTTP 401): check the name; for a private or gated model accept its licence on ${hub.url}/${owner} and set HF_TOKEN to a token with access`
    )
    vi.stubEnv('HF_TOKEN', 'hf_wrong')
    expect(await failure(answer())).toMatch(/set HF_TOKEN to a token that has access$/)
    vi.stubEnv('HF_TOKEN', 'hf_right\n')
    expect(await answer()).toEqual(reference.greedy.none[0])
    await hub.close()
  })
})

it('a token goes to the hub of the environment and to no other', () => {
  const source = { kind: 'hub', repo: 'a/b' } as const
  const env = { HF_TOKEN: 'hf_x', HF_ENDPOINT: 'http://mirror' }
  expect(atHub(source, env)).toEqual({ ...source, endpoint: 'http://mirror', token: 'hf_x' })
  expect(atHub({ ...source, endpoint: 'http://mirror/' }, env)).toMatchObject({ token: 'hf_x' })
  expect(atHub({ ...source, endpoint: 'http://else' }, env)).toEqual({ ...source, endpoint: 'http://else' })
  expect(atHub(source, { HF_TOKEN: '' })).toEqual({ ...source, endpoint: 'https://huggingface.co' })
  expect(atHub({ kind: 'url', url: 'http://mirror/x' }, env)).toEqual({ kind: 'url', url: 'http://mirror/x' })
})

it.each([
  [{ AZIMUTH_CACHE: '/own', XDG_CACHE_HOME: '/xdg' }, 'linux', '/own'],
  [{ XDG_CACHE_HOME: '/xdg' }, 'linux', join('/xdg', 'azimuth')],
  [{}, 'linux', join('/home', '.cache', 'azimuth')],
  [{}, 'darwin', join('/home', 'Library', 'Caches', 'azimuth')],
  [{ LOCALAPPDATA: '/local' }, 'win32', join('/local', 'azimuth')]
] as const)('with %j on %s the cache is %s', (env, platform, path) => {
  expect(cacheFolder(env, platform, '/home')).toBe(path)
})
