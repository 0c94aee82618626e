/** What a tab has open over a reload, links and files between tabs, and files dropped anywhere; on the fake lab. */
import { readFileSync } from 'node:fs'
import { expect, type Locator, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { answer, ask } from './page-steps'

const bench = (page: Page): Locator => page.getByRole('complementary', { name: 'Bench' })
const step = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: new RegExp(`^${name}`) })

async function openHub(page: Page, url: string, ...repos: readonly string[]): Promise<void> {
  await page.goto(`${url}?delay=1&layers=6#/models`)
  for (const repo of repos) {
    await page.getByLabel('Repository', { exact: true }).fill(repo)
    await page.getByLabel('Repository', { exact: true }).press('Enter')
    await expect(bench(page).getByRole('button', { name: repo.split('/')[1] ?? '', exact: true })).toBeVisible()
    await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible()
  }
}

async function fitAndAsk(page: Page): Promise<string> {
  await step(page, 'Directions').click()
  await page.getByRole('button', { name: /^Fit / }).click()
  await expect(page.getByRole('slider', { name: 'Layer' })).toBeVisible()
  await step(page, 'Steer').click()
  await ask(page)
  await expect(answer(page, 'steered')).not.toBeEmpty()
  return answer(page, 'steered').innerText()
}

/** Drops a file somewhere on the page, as a person does from the desktop. */
async function dropFile(page: Page, where: Locator, name: string, content: string | Buffer): Promise<void> {
  const bytes = [...Buffer.from(content)]
  const transfer = await page.evaluateHandle(
    ({ name, bytes }) => {
      const data = new DataTransfer()
      data.items.add(new File([Uint8Array.from(bytes)], name))
      return data
    },
    { name, bytes }
  )
  for (const type of ['dragenter', 'dragover', 'drop']) await where.dispatchEvent(type, { dataTransfer: transfer })
}

/** How many sessions of the fake page's shelf name a direction that is in use. */
async function keptSessions(): Promise<number> {
  const opened = indexedDB.open('azimuth-fake')
  await new Promise((resolve) => (opened.onsuccess = resolve))
  const all = opened.result.transaction('sessions').objectStore('sessions').getAll()
  await new Promise((resolve) => (all.onsuccess = resolve))
  opened.result.close()
  return JSON.stringify(all.result).split('"inUse":"').length - 1
}

test('a reload brings back what needs no model at once, and Resume the models', async ({ page, fakeUrl }) => {
  await openHub(page, fakeUrl, 'owner/one', 'owner/two')
  const text = await fitAndAsk(page)
  await step(page, 'Directions').click()
  await page.getByRole('button', { name: /^Save layer/ }).click()
  await expect(bench(page).getByText('saved, layer')).toBeVisible()
  // Kept a moment after the last change.
  await expect.poll(() => page.evaluate(keptSessions)).toBeGreaterThan(0)
  await page.reload()
  // The curve, the saved direction and the answer, with no model.
  await expect(page.getByRole('slider', { name: 'Layer' })).toBeVisible()
  await expect(bench(page).getByText('None open')).toBeVisible()
  await expect(bench(page).getByText('saved, layer')).toBeVisible()
  await step(page, 'Steer').click()
  await expect(answer(page, 'steered')).toHaveText(text)
  await bench(page).getByRole('button', { name: 'Resume' }).click()
  for (const name of ['one', 'two']) await expect(bench(page).getByRole('button', { name, exact: true })).toBeVisible()
  await expect(bench(page).getByRole('list', { name: 'Models that are not open' })).toHaveCount(0)
  await expect(bench(page).locator('.model.chosen .name')).toHaveText('two')
  await ask(page)
  await expect(answer(page, 'steered')).toHaveText(text)
})

test('two tabs keep their sessions apart', async ({ page, context, fakeUrl }) => {
  await openHub(page, fakeUrl, 'owner/one')
  await fitAndAsk(page)
  const other = await context.newPage()
  await other.goto(`${fakeUrl}?delay=1&layers=6#/prompts`)
  await expect(bench(other).getByText('None yet')).toHaveCount(2)
  await other.getByLabel('Name of the positive side').fill('elsewhere')
  await other.reload()
  await expect(other.getByLabel('Name of the positive side')).toHaveValue('elsewhere')
  await page.reload()
  await expect(bench(page).locator('.fit')).toHaveCount(1)
  await expect(bench(page).getByText('elsewhere')).toHaveCount(0)
})

test('a session file opens by a drop in another browser', async ({ page, browser, fakeUrl }) => {
  await openHub(page, fakeUrl, 'owner/one')
  const text = await fitAndAsk(page)
  const saving = page.waitForEvent('download')
  await bench(page).getByRole('button', { name: 'Save the session' }).click()
  const file = await saving
  expect(file.suggestedFilename()).toMatch(/\.azimuth$/)
  const elsewhere = await (await browser.newContext()).newPage()
  await elsewhere.goto(`${fakeUrl}?delay=1&layers=6#/docs`)
  await dropFile(elsewhere, elsewhere.locator('main'), 'from-a-friend.bin', readFileSync(await file.path()))
  await expect(elsewhere.getByRole('status', { name: 'Dropped files' })).toContainText(
    'Added 1 direction, 1 comparison.'
  )
  await step(elsewhere, 'Steer').click()
  await expect(answer(elsewhere, 'steered')).toHaveText(text)
  await elsewhere.context().close()
})

test('a file dropped anywhere is taken in and said, and never replaces the page', async ({ page, fakeUrl }) => {
  await openHub(page, fakeUrl, 'owner/one')
  const said = page.getByRole('status', { name: 'Dropped files' })
  await dropFile(page, page.getByRole('banner'), 'questions.jsonl', '{"prompt":"one"}\n{"prompt":"two"}\n')
  await expect(said).toContainText('Added 2 prompts as a set.')
  await said.getByRole('link', { name: 'See Prompts' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Prompts' })).toBeVisible()
  await expect(bench(page).getByRole('link', { name: 'questions' })).toBeVisible()
  await dropFile(page, bench(page), 'holiday.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10]))
  await expect(said).toContainText('"holiday.png" is a PNG image. Azimuth takes prompts')
  await dropFile(
    page,
    page.locator('main'),
    'vector.json',
    JSON.stringify({ layer: 2, vector: Array.from({ length: 32 }, (_, i) => Math.sin(i + 1)) })
  )
  await expect(said).toContainText('on the bench')
  // A box of a panel has its own say, once.
  await step(page, 'Prompts').click()
  await said.getByRole('button', { name: 'Dismiss' }).click()
  await dropFile(page, page.getByRole('group', { name: 'Files of prompts' }), 'mine.txt', 'a\nb\n')
  await expect(bench(page).getByRole('link', { name: 'mine' })).toHaveCount(1)
  await expect(said).toBeEmpty()
  expect(page.url()).toContain('/fake.html')
})

test('a link steers by what its sender steered by, not by what the form says', async ({ page, browser, fakeUrl }) => {
  await openHub(page, fakeUrl, 'owner/one')
  const text = await fitAndAsk(page)
  await step(page, 'Directions').click()
  await page.getByRole('combobox', { name: 'Method' }).selectOption('linear-discriminant')
  await step(page, 'Steer').click()
  const link = await page.evaluate(() => location.href)
  const elsewhere = await (await browser.newContext()).newPage()
  await elsewhere.goto(link)
  await elsewhere.getByRole('button', { name: /^Open .* and fit/ }).click()
  await expect(bench(elsewhere).getByText('difference in means')).toBeVisible()
  await expect(elsewhere.getByRole('status', { name: 'About this link' })).toContainText('the same to the bit')
  await ask(elsewhere)
  await expect(answer(elsewhere, 'steered')).toHaveText(text)
  await elsewhere.context().close()
})

for (const [width, height] of [
  [1440, 900],
  [1280, 720],
  [390, 844]
] as const) {
  test(`nothing on the bench overlaps with three models open at ${width} x ${height}`, async ({
    page,
    fakeUrl
  }, info) => {
    await page.setViewportSize({ width: 1440, height: 900 })
    await openHub(page, fakeUrl, 'owner/one', 'owner/two', 'owner/three-with-a-longer-name')
    await fitAndAsk(page)
    await page.setViewportSize({ width, height })
    const isDrawer = width < 1100
    if (isDrawer) await page.getByRole('button', { name: 'Bench' }).click()
    const rail = isDrawer ? page.getByRole('dialog').locator('.contents') : bench(page)
    await expect(rail.locator(':scope > section').last()).toBeAttached()
    await page.screenshot({ path: info.outputPath(`bench-${width}x${height}.png`) })
    const gaps = await rail.locator(':scope > section').evaluateAll((sections) => {
      const boxes = sections.map((section) => ({
        top: section.getBoundingClientRect().top,
        bottom: Math.max(
          ...[section, ...section.querySelectorAll('*')].map((one) => one.getBoundingClientRect().bottom)
        )
      }))
      return boxes.slice(1).map(({ top }, i) => top - (boxes[i]?.bottom ?? 0))
    })
    expect(gaps.length).toBeGreaterThan(3)
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(0)
  })
}
