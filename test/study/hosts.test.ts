/** Hosts that only a file names are never contacted from the command line. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { placeModels, settingsOf } from '../../scripts/study/options'
import type { ModelSource } from '../../src/lab/api'
import type { StudySettings } from '../../src/study/settings'
import { failure } from '../failure'
import { reduced } from './samples/reduced'

let folder = ''
const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(request.url ?? '')
  response.writeHead(404).end()
})
let hub = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azimuth-hosts-'))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  hub = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
})
beforeEach(() => void (asked.length = 0))
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

const none = { preset: 'demo', model: [], adapter: [], host: [] }
const at = (source: ModelSource): StudySettings => ({
  ...reduced,
  models: [{ key: 'm', title: 'M', source, adapters: [{ name: 'a', kind: 'insecure', source }] }]
})

async function fileOf(source: ModelSource): Promise<string> {
  const path = join(folder, 'settings.json')
  await writeFile(path, JSON.stringify(at(source)))
  return path
}

describe('a host that a settings file or a bundle names', () => {
  it('is not contacted, and is named with the option that would allow it', async () => {
    const mirror = { kind: 'hub', repo: 'owner/name', endpoint: hub } as const
    const settings = await fileOf(mirror)
    const host = new URL(hub).host
    const refused = new RegExp(
      `^format: the file wants something from "${host}", which is not contacted: add --hub "${hub}"`
    )
    expect(await failure(settingsOf({ ...none, settings }))).toMatch(refused)
    expect(await failure(placeModels(at(mirror).models, none))).toMatch(refused)
    const served = await fileOf({ kind: 'url', url: `${hub}/model/?sig=SECRET` })
    const told = await failure(settingsOf({ ...none, settings: served }))
    expect(told).toContain(`add --host "${host}"`)
    expect(told).not.toContain('SECRET')
    expect(asked).toEqual([])
  })

  it('gives way to the hub and the folders that the command line names', async () => {
    const settings = await fileOf({ kind: 'hub', repo: 'owner/name', endpoint: 'https://hub.invalid' })
    const { models } = await settingsOf({ ...none, settings, hub })
    expect(models[0]?.source).toEqual({ kind: 'hub', repo: 'owner/name', endpoint: hub })
    expect(models[0]?.adapters[0]?.source).toEqual({ kind: 'hub', repo: 'owner/name', endpoint: hub })
    const placed = await settingsOf({ ...none, settings, model: ['m=here'], adapter: ['m/a:insecure=there'] })
    expect(placed.models[0]?.source).toEqual({ kind: 'folder', path: 'here' })
    const served = await fileOf({ kind: 'url', url: `${hub}/model/` })
    const { host } = new URL(hub)
    expect((await settingsOf({ ...none, settings: served, host: [host] })).models[0]?.source.kind).toBe('url')
  })

  it('is contacted where it is the public hub, or that of the environment', async () => {
    for (const endpoint of ['https://huggingface.co', undefined]) {
      const settings = await fileOf({ kind: 'hub', repo: 'owner/name', ...(endpoint && { endpoint }) })
      expect((await settingsOf({ ...none, settings })).models.length).toBe(1)
    }
  })

  it('is refused as a network share', async () => {
    for (const path of ['\\\\server\\share', '//server/share'])
      expect(
        await failure(fileOf({ kind: 'folder', path }).then((settings) => settingsOf({ ...none, settings })))
      ).toMatch(/^format: .*network share/)
  })
})
