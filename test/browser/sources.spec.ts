/** The page's sources on a real OPFS: stored, gone on with, opened without the server, refused when there is no room. */
import { expect } from '@playwright/test'
import { createHash, randomBytes } from 'node:crypto'
import type { ModelSource } from '../../src/lab/api'
import { repoOf } from '../hub-repos'
import { startHub, type HubServer } from '../hub-server'
import type { Call } from '../workers/sources/sources-call'
import { ask, test as siteTest } from './faults/sources-site'

const repo = 'owner/name'
const data = 'onnx/model_q4.onnx_data'
const contents = {
  'config.json': '{"model_type":"llama"}',
  'tokenizer.json': '{}',
  'onnx/model_q4.onnx': randomBytes(50_000),
  [data]: randomBytes(8_000_000)
}
const all = Object.keys(contents)
const sums = Object.fromEntries(
  Object.entries(contents).map(([path, content]) => [path, createHash('sha256').update(content).digest('hex')])
)
/** What the worker answers when it has read the large file right. */
const right = { sums: { [data]: sums[data] } }

const test = siteTest.extend<{ hub: HubServer }>({
  hub: async ({}, use) => {
    const hub = await startHub({ repos: { [repo]: repoOf(contents) } })
    await use(hub)
    await hub.close()
  }
})

const ranges = (hub: HubServer): (string | undefined)[] =>
  hub.seen
    .filter(({ method, path }) => method === 'GET' && /^\/(content|plain).*_data$/.test(path))
    .map(({ range }) => range)

test.beforeEach(async ({ page, site }) => {
  await page.goto(site.url)
})

test('a hub model is stored, and opens without the hub after a reload', async ({ page, hub }) => {
  const source: ModelSource = { kind: 'hub', repo, endpoint: hub.url }
  const first = await ask(page, { verb: 'read', source, paths: all })
  expect(first).toMatchObject({ sums })
  await hub.close()
  await page.reload()
  expect(await ask(page, { verb: 'read', source, paths: all })).toMatchObject({ sums })
  expect(await ask(page, { verb: 'stored' })).toMatchObject([{ name: 'name', bytes: 8_050_024, partial: false }])
})

test('a download that breaks goes on without a preflight, also after the worker has gone', async ({ page, hub }) => {
  const source: ModelSource = { kind: 'hub', repo, endpoint: hub.url }
  hub.faults.push({ path: /content.*_data$/, cutAfter: 3_000_000 }, { path: /content.*_data$/, cutAfter: 0, times: 99 })
  expect(await ask(page, { verb: 'read', source, paths: [data] })).toMatch(
    /^network: .* broke off after .* it goes on from there/
  )
  expect(await ask(page, { verb: 'stored' })).toMatchObject([{ partial: true, files: [] }])
  hub.faults.splice(0)
  const before = ranges(hub).length
  expect(await ask(page, { verb: 'read', source, paths: [data] })).toMatchObject(right)
  expect(ranges(hub).slice(before)).toEqual([expect.stringMatching(/^bytes=[1-9]\d+-$/)])
  expect(hub.seen.filter(({ method }) => method === 'OPTIONS')).toEqual([])
})

test('a cancelled download goes on', async ({ page, hub }) => {
  const source: ModelSource = { kind: 'url', url: `${hub.url}/plain/${repo}` }
  expect(await ask(page, { verb: 'read', source, paths: [data], cancelAt: 1 })).toBe('AbortError: cancelled')
  expect(await ask(page, { verb: 'read', source, paths: [data] })).toMatchObject(right)
  expect(hub.seen.filter(({ method }) => method === 'OPTIONS')).toEqual([])
})

test('a worker that is ended in the middle leaves a part, not a file', async ({ page, hub }) => {
  const source: ModelSource = { kind: 'hub', repo, endpoint: hub.url }
  hub.faults.push({ path: /content.*_data$/, stallAfter: 3_000_000 })
  await page.evaluate(
    (message) => {
      new Worker('/assets/worker.js', { type: 'module' }).postMessage(message)
    },
    { verb: 'read', source, paths: [data] } satisfies Call
  )
  await expect
    .poll(async () => ((await ask(page, { verb: 'stored' })) as { bytes: number }[])[0]?.bytes ?? 0)
    .toBeGreaterThan(1_000_000)
  await page.reload()
  expect(await ask(page, { verb: 'stored' })).toMatchObject([{ partial: true, files: [] }])
  expect(await ask(page, { verb: 'read', source, paths: [data] })).toMatchObject(right)
  expect(ranges(hub).at(-1)).toMatch(/^bytes=[1-9]\d+-$/)
})

test('two workers that want the same file download it once', async ({ page, hub }) => {
  const call: Call = { verb: 'read', source: { kind: 'hub', repo, endpoint: hub.url }, paths: [data] }
  const both = await Promise.all([ask(page, call), ask(page, call)])
  for (const each of both) expect(each).toMatchObject(right)
  expect(ranges(hub)).toEqual([undefined])
})

test('damage is noticed and deleted', async ({ page, hub }) => {
  const source: ModelSource = { kind: 'hub', repo, endpoint: hub.url }
  hub.faults.push({ path: /content.*_data$/, damage: true })
  expect(await ask(page, { verb: 'read', source, paths: [data] })).toMatch(/^checksum: /)
  expect(await ask(page, { verb: 'stored' })).toEqual([])
})

test('no room is told before a download, and helped by deleting', async ({ page, hub, site }) => {
  const source: ModelSource = { kind: 'hub', repo, endpoint: hub.url }
  const origin = site.url.replace(/\/$/, '')
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 4_000_000 })
  const refused = await ask(page, { verb: 'read', source, paths: [data] })
  expect(refused).toMatch(/^quota: onnx\/model_q4.onnx_data needs 8.0 MB more, .* store .*: delete a stored model/)
  expect(ranges(hub)).toEqual([])
  await cdp.send('Storage.overrideQuotaForOrigin', { origin })
  const { id } = (await ask(page, { verb: 'read', source, paths: [data] })) as { id: string }
  await ask(page, { verb: 'delete', id })
  expect(await ask(page, { verb: 'stored' })).toEqual([])
  expect(await page.evaluate(async () => (await navigator.storage.estimate()).usage)).toBeLessThan(10_000)
})

test('a disk that fills up during a download is told, and what fitted is gone on with', async ({ page, hub, site }) => {
  const source: ModelSource = { kind: 'hub', repo, endpoint: hub.url }
  const origin = site.url.replace(/\/$/, '')
  const cdp = await page.context().newCDPSession(page)
  hub.faults.push({ path: /content.*_data$/, stallAfter: 5_000_000 })
  const reading = ask(page, { verb: 'read', source, paths: [data] })
  await expect.poll(() => ranges(hub).length).toBe(1)
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 6_000_000 })
  // The stalled connection is given up after a while; what follows does not fit any more.
  expect(await reading).toMatch(/^quota: onnx\/model_q4.onnx_data needs \d.\d MB more/)
  await cdp.send('Storage.overrideQuotaForOrigin', { origin })
  expect(await ask(page, { verb: 'read', source, paths: [data] })).toMatchObject(right)
  expect(ranges(hub).at(-1)).toMatch(/^bytes=[1-9]\d+-$/)
})

test('a folder that lets nobody read it says so', async ({ page, hub }) => {
  hub.faults.push({
    path: /./,
    status: 200,
    headers: { 'Access-Control-Allow-Origin': 'http://elsewhere.invalid' },
    times: 99
  })
  const source: ModelSource = { kind: 'url', url: `${hub.url}/plain/${repo}` }
  expect(await ask(page, { verb: 'list', source })).toMatch(/^network: .* gave no answer: .*\(CORS\)$/)
})

test('without a file system models are read and not stored', async ({ page, hub }) => {
  const source: ModelSource = { kind: 'hub', repo, endpoint: hub.url }
  const got = await ask(page, { verb: 'read', source, paths: [data] }, 'refused.js')
  expect(got).toMatchObject(right)
  expect(await ask(page, { verb: 'stored' })).toEqual([])
})
