/** The study on real organisms in the built page: a tab that is killed in the middle, resumed, against one that was not. */
import { readFileSync } from 'node:fs'
import { unzipSync } from 'fflate'
import { expect, test, type Page } from '@playwright/test'
import { reduced } from '../study/samples/reduced'

async function openStudy(page: Page): Promise<void> {
  await page.goto('./#/study')
  await expect(page.getByRole('button', { name: 'Start the study' })).toBeVisible()
}

async function start(page: Page): Promise<void> {
  const buffer = Buffer.from(JSON.stringify({ ...reduced, preset: 'custom', device: 'wasm' }))
  const file = { name: 'reduced.json', mimeType: 'application/json', buffer }
  await page.locator('input[data-settings]').setInputFiles(file)
  await expect(page.getByRole('radio', { name: 'Custom' })).toBeChecked()
  await page.getByRole('button', { name: 'Start the study' }).click()
}

/** Answers that are finished, as the page says. */
async function finished(page: Page): Promise<number> {
  const text = await page.getByRole('region', { name: 'Running study' }).innerText()
  return Number(/([\d,]+) of [\d,]+ answers/.exec(text)?.[1]?.replaceAll(',', '') ?? 0)
}

/** The rows of the finished run, by its bundle, without what chance of the last bits may change. */
async function rows(page: Page): Promise<readonly string[]> {
  await expect(page.getByRole('heading', { name: 'Your study' })).toBeVisible({ timeout: 300_000 })
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download the bundle' }).click()
  const files = unzipSync(readFileSync(await (await saved).path()))
  const text = new TextDecoder().decode(files['rows.jsonl'])
  return text.trim().split('\n')
}

test('a study whose tab is killed goes on where it was, and gives the rows of one that ran through', async ({
  browser
}) => {
  test.setTimeout(600_000)
  const whole = await browser.newContext({ serviceWorkers: 'block' })
  const one = await whole.newPage()
  await openStudy(one)
  await start(one)
  const expected = await rows(one)
  await whole.close()

  const context = await browser.newContext({ serviceWorkers: 'block' })
  const first = await context.newPage()
  await openStudy(first)
  await start(first)
  await expect.poll(() => finished(first), { timeout: 200_000, intervals: [100] }).toBeGreaterThan(60)
  const before = await finished(first)
  // Closed without a chance to say anything.
  await first.close({ runBeforeUnload: false })

  const second = await context.newPage()
  await openStudy(second)
  const kept = second.getByRole('region', { name: 'Kept studies' })
  await expect(kept).toContainText('An unfinished study (Custom) from today')
  await kept.getByRole('button', { name: 'Go on' }).click()
  // What was finished is not done again: it counts from the first report on.
  await expect.poll(() => finished(second), { timeout: 60_000, intervals: [50] }).toBeGreaterThanOrEqual(before)
  expect(await rows(second)).toEqual(expected)
  await context.close()
})
