/** What was not tried before: no storage, a kill in a capture, no network in a download, a report without a server. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test as base, type Page } from '@playwright/test'
import { pagesOf } from '../../../src/report/pages'
import { findingsOf } from '../../../src/study/analysis/analyse'
import { repoOf } from '../../hub-repos'
import { startHub } from '../../hub-server'
import { sampleRun } from '../../study/sample-run'
import { test as fakeTest } from '../fake-site'
import { answer, ask, fit, recordRequests } from '../page/page-steps'
import { ask as askSources, test as sourcesTest } from './sources-site'

async function openModel(page: Page, url: string, delay: number): Promise<void> {
  await page.goto(`${url}?delay=${delay}&layers=6#/models`)
  await page.getByLabel('Repository', { exact: true }).fill('owner/one')
  await page.getByLabel('Repository', { exact: true }).press('Enter')
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible({ timeout: 60_000 })
}

async function goTo(page: Page, panel: string): Promise<void> {
  const steps = page.getByRole('navigation', { name: 'Steps' })
  await steps.getByRole('link', { name: new RegExp(`^${panel}`) }).click()
}

/** A window in which the browser keeps nothing for the page, in the ways that browsers refuse. */
const refusals: readonly (readonly [string, () => void])[] = [
  ['has no IndexedDB', () => Reflect.deleteProperty(window, 'indexedDB')],
  [
    'refuses every database',
    () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('not in this window', 'SecurityError')
      }
      Object.defineProperty(window, 'sessionStorage', {
        get: () => {
          throw new DOMException('not in this window', 'SecurityError')
        }
      })
    }
  ]
]

for (const [what, refuse] of refusals) {
  fakeTest(
    `a private window that ${what}: all works, and the page says what is not kept`,
    async ({ page, fakeUrl }) => {
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(String(error)))
      await page.addInitScript(refuse)
      await openModel(page, fakeUrl, 1)
      await fit(page)
      await ask(page)
      await expect(answer(page, 'steered')).not.toBeEmpty()
      await goTo(page, 'Directions')
      await page.getByRole('button', { name: /^Save layer/ }).click()
      await expect(page.getByRole('alert')).toContainText('Not kept for the next visit')
      await goTo(page, 'Study')
      await page.getByRole('button', { name: 'Start the study' }).click({ timeout: 120_000 })
      await expect(page.getByRole('alert').first()).toBeVisible()
      expect(errors).toEqual([])
    }
  )
}

fakeTest('a tab that is killed in a capture loses that capture and nothing else', async ({ context, fakeUrl }) => {
  const first = await context.newPage()
  await openModel(first, fakeUrl, 1)
  await goTo(first, 'Capture')
  await first.getByRole('button', { name: /^Capture \d+ prompts/ }).click()
  const captures = (page: Page) =>
    page.getByRole('region', { name: 'Captures' }).getByRole('button', { name: /^Delete/ })
  await expect(captures(first)).toHaveCount(2)
  await openModel(first, fakeUrl, 3000)
  await expect(captures(first)).toHaveCount(0)
  await goTo(first, 'Capture')
  await expect(captures(first)).toHaveCount(2)
  await first.getByRole('button', { name: /^Capture \d+ prompts/ }).click()
  await expect(first.getByRole('main').getByRole('progressbar')).toBeVisible()
  const cdp = await context.newCDPSession(first)
  const crashed = first.waitForEvent('crash')
  cdp.send('Page.crash').catch(() => undefined)
  await crashed
  const second = await context.newPage()
  await openModel(second, fakeUrl, 1)
  await goTo(second, 'Capture')
  await expect(captures(second)).toHaveCount(2)
  await second.getByRole('button', { name: /^Capture \d+ prompts/ }).click()
  await expect(captures(second)).toHaveCount(4)
})

sourcesTest(
  'a network that goes in the middle of a download: it is told, and goes on from there',
  async ({ page, site }) => {
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
        hub.seen
          .filter(({ method, path }) => method === 'GET' && /content.*_data$/.test(path))
          .map(({ range }) => range)
      await expect.poll(() => ranges().length).toBe(1)
      await page.context().setOffline(true)
      expect(await reading).toMatch(/^network: .*_data broke off after [1-9].*it goes on from there/)
      await page.context().setOffline(false)
      expect(await askSources(page, { verb: 'read', source, paths: [data] })).toMatchObject({ sums: { [data]: sum } })
      expect(ranges().at(-1)).toMatch(/^bytes=[1-9]\d+-$/)
    } finally {
      await hub.close()
    }
  }
)

base('a report opens as a file: whole, without a script, a request or an error', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'azimuth-report-'))
  try {
    const run = sampleRun('qwen2')
    writeFileSync(join(folder, 'report.html'), pagesOf(run, findingsOf(run)).get('report.html') ?? '')
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    const requests = recordRequests(page)
    const url = pathToFileURL(join(folder, 'report.html')).href
    await page.goto(url)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.locator('figure svg').first()).toBeVisible()
    expect(await page.locator('script').count()).toBe(0)
    const [link] = await page.locator('a[href^="#"]').all()
    await link?.click()
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 800 })
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      }
    }
    expect(requests).toEqual([url])
    expect(errors).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
