/** A report on the disk, without a server. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@playwright/test'
import { pagesOf } from '../../../src/report/pages'
import { findingsOf } from '../../../src/study/analysis/analyse'
import { sampleRun } from '../../study/samples/sample-run'
import { recordRequests } from '../page/page-steps'

test('a report opens as a file: whole, without a script, a request or an error', async ({ page }) => {
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
