/** Where adapters come from in the page: hub, address, the page's own folder. The same checks and storage as for models. */
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AdapterSource, Progress } from '../../../src/lab/api'
import { readAdapterFiles } from '../../../workers/adapters/adapter-files'
import { adapterFiles, type SourceOptions } from '../../../workers/sources/sources'
import { adapterContents } from '../../adapters'
import { loadFixture } from '../../fixtures'
import { repoOf } from '../../hub-repos'
import { startHub, type HubOptions, type HubServer } from '../../hub-server'
import { MemoryDisk } from '../sources/disk-memory'
import { failure, ignore, patience, same } from '../sources/sources-setup'

const { config, weights } = adapterContents(join(loadFixture('llama-genai').folder, 'adapter'))
const repo = 'owner/adapter'
const both = { 'adapter_config.json': config, 'adapter_model.safetensors': weights, 'README.md': '# An adapter' }

async function hubWith(
  contents: Record<string, Uint8Array | string> = both,
  more: Partial<HubOptions> = {}
): Promise<HubServer> {
  const hub = await startHub({ repos: { [repo]: repoOf(contents) }, ...more })
  onTestFinished(() => hub.close())
  return hub
}

async function read(
  source: AdapterSource,
  options: SourceOptions = {},
  onProgress: (progress: Progress) => void = ignore
): ReturnType<typeof readAdapterFiles> {
  return readAdapterFiles(await adapterFiles(source, onProgress, { disk: null, patience, ...options }), onProgress)
}

describe('the hub', () => {
  it('gives an adapter at a commit, with progress, stored for the next time without it', async () => {
    const hub = await hubWith()
    const disk = new MemoryDisk()
    const stages = new Set<string>()
    const source = { kind: 'hub', repo, endpoint: hub.url } as const
    const first = await read(source, { disk }, ({ stage }) => void stages.add(stage))
    expect(first).toMatchObject({ id: `hub:${repo}@${hub.repos[repo]?.commit}`, name: 'adapter' })
    expect(same(first.weights, weights)).toBe(true)
    expect(stages).toContain('download')
    await hub.close()
    expect(same((await read(source, { disk })).weights, weights)).toBe(true)
  })

  it('takes a token for a gated one, and says so without', async () => {
    const hub = await hubWith(both, { gated: { [repo]: 'hf_secret' } })
    const source = { kind: 'hub', repo, endpoint: hub.url } as const
    expect((await read({ ...source, token: 'hf_secret' })).name).toBe('adapter')
    expect(await failure(read(source))).toMatch(/^network: .*may not be read \(HTTP 401\).*token/)
  })

  it('is checked against its hashes', async () => {
    const hub = await hubWith()
    hub.faults.push({ path: /adapter_model/, damage: true, times: 9 })
    expect(await failure(read({ kind: 'hub', repo, endpoint: hub.url }))).toMatch(/^checksum: /)
  })

  it('with a pickle only: refused before it is downloaded', async () => {
    const hub = await hubWith({ 'adapter_config.json': config, 'adapter_model.bin': new Uint8Array(5000) })
    expect(await failure(read({ kind: 'hub', repo, endpoint: hub.url }))).toMatch(
      /^format: adapter_model\.bin is a pickle/
    )
    expect(hub.seen.some(({ path }) => path.endsWith('adapter_model.bin'))).toBe(false)
  })
})

describe('an address', () => {
  it('gives the two files of a folder, by their names', async () => {
    const hub = await hubWith()
    for (const url of [`${hub.url}/plain/${repo}`, `${hub.url}/plain/${repo}/adapter_config.json`]) {
      const { id, name, weights: got } = await read({ kind: 'url', url })
      expect([id, name]).toEqual([`url:${hub.url}/plain/${repo}/`, 'adapter'])
      expect(same(got, weights)).toBe(true)
    }
  })

  it('without an adapter: what must be there', async () => {
    const hub = await hubWith({ 'config.json': '{}' })
    expect(await failure(read({ kind: 'url', url: `${hub.url}/plain/${repo}` }))).toMatch(
      /^network: adapter_config\.json in adapter does not exist \(HTTP 404\).*adapter_config\.json and adapter_model\.safetensors/
    )
  })

  it('of a pickle', async () => {
    const hub = await hubWith({ 'adapter_config.json': config, 'adapter_model.bin': 'x' })
    expect(await failure(read({ kind: 'url', url: `${hub.url}/plain/${repo}` }))).toMatch(/is a pickle/)
  })
})

describe("the page's own", () => {
  it('lie in a folder below it', async () => {
    const hub = await hubWith({ ...prefixed('models/organism/adapters/insecure/') })
    const bundled = { kind: 'bundled', name: 'models/organism/adapters/insecure' } as const
    const { id, name, weights: got } = await read(bundled, { appBase: `${hub.url}/plain/${repo}/` })
    expect([id, name]).toEqual(['bundled:models/organism/adapters/insecure', 'insecure'])
    expect(same(got, weights)).toBe(true)
  })

  it('may be missing', async () => {
    const hub = await hubWith()
    const bundled = { kind: 'bundled', name: 'adapters/none' } as const
    expect(await failure(read(bundled, { appBase: `${hub.url}/plain/${repo}/` }))).toMatch(
      /adapter_config\.json was expected in none/
    )
  })

  it('a folder by its path is for Node', async () => {
    expect(await failure(read({ kind: 'folder', path: '/somewhere' }))).toMatch(/opens in Node only/)
  })
})

function prefixed(folder: string): Record<string, Uint8Array | string> {
  return Object.fromEntries(Object.entries(both).map(([path, content]) => [folder + path, content]))
}
