/** A network that goes while a model is being downloaded. */
import { createHash, randomBytes } from 'node:crypto'
import { expect } from '@playwright/test'
import { repoOf } from '../../hub-repos'
import { startHub } from '../../hub-server'
import { ask as askSources, test } from './sources-site'

test('a network that goes in the middle of a download: it is told, and goes on from there', async ({ page, site }) => {
  const data = 'onnx/model_q4.onnx_data'
  const weights = randomBytes(8_000_000)
  const sum = createHash('sha256').update(weights).digest('hex')
  const hub = await startHub({ repos: { 'owner/name': repoOf({ 'config.json': '{}', [data]: weights }) } })
  try {
    hub.faults.push({ path: /content.*_data$/, stallAfter: 3_000_000 })
    await page.goto(site.url)
    const source = { kind: 'hub', repo: 'owner/name', endpoint: hub.url } as const
    const reading = askSources(page, { verb: 'read', source, paths: [data] })
    const ranges = (): readonly (string | undefined)[] =>
      hub.seen.filter(({ method, path }) => method === 'GET' && /content.*_data$/.test(path)).map(({ range }) => range)
    await expect.poll(() => ranges().length).toBe(1)
    await page.context().setOffline(true)
    expect(await reading).toMatch(/^network: .*_data of owner\/name broke off after [1-9].*it goes on from there/)
    await page.context().setOffline(false)
    expect(await askSources(page, { verb: 'read', source, paths: [data] })).toMatchObject({ sums: { [data]: sum } })
    expect(ranges().at(-1)).toMatch(/^bytes=[1-9]\d+-$/)
  } finally {
    await hub.close()
  }
})
