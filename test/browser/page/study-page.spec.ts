/** The Study panel on the fake lab: layout, keyboard, what is kept, and a finished run. */
import { expect, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { expectWidth, inScheme } from './page-steps'
import { expectAccessible } from './accessible'

test.slow()

async function openStudy(page: Page, url: string, cell = 60): Promise<void> {
  await page.goto(`${url}?cell=${cell}#/study`)
  await expect(page.getByRole('button', { name: 'Start the study' })).toBeVisible()
}

/** Opens the bundle of the sample run. */
async function openSample(page: Page): Promise<void> {
  const bytes = await page.evaluate(async () => {
    const { sampleBundle } = window as unknown as { sampleBundle: () => Promise<Uint8Array> }
    return Array.from(await sampleBundle())
  })
  const file = { name: 'sample.zip', mimeType: 'application/zip', buffer: Buffer.from(bytes) }
  await page.locator('input[accept=".zip"]').setInputFiles(file)
  await expect(page.getByRole('heading', { name: 'What the paper claimed, and what we found' })).toBeVisible()
}

async function expectFit(page: Page, place: string, width: number): Promise<void> {
  await expectAccessible(page, place)
  await expectWidth(page, width, place)
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 360]) {
    test(`plan, progress, result and answers are accessible and fit, ${colorScheme}, ${width} wide`, async ({
      page,
      fakeUrl
    }) => {
      await inScheme(page, colorScheme)
      await page.setViewportSize({ width, height: 844 })
      await openStudy(page, fakeUrl, 2000)
      await page.getByRole('radio', { name: 'Full' }).check()
      await page.getByText('All settings').click()
      await page.getByRole('button', { name: 'Attach an adapter to Gemma 2 2B' }).click()
      await expectFit(page, 'plan', width)
      await page.getByRole('radio', { name: 'Demonstration' }).check()
      await page.getByRole('button', { name: 'Start the study' }).click()
      await expect(page.getByText('of 4,000 answers')).toBeVisible()
      await expectFit(page, 'progress', width)
      await page.getByRole('button', { name: 'Stop and keep what is finished' }).click()
      await expect(page.getByText('An unfinished study')).toBeVisible()
      await openSample(page)
      for (const summary of await page.locator('.study-report summary').all()) await summary.click()
      await expectFit(page, 'result', width)
      await page.locator('.study-report a.number').first().click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await expectFit(page, 'answers', width)
    })
  }
}

test('a study is paused, outlives its tab, is offered again, and a discarded one comes back', async ({
  page,
  fakeUrl
}) => {
  await openStudy(page, fakeUrl)
  await page.getByRole('button', { name: 'Start the study' }).click()
  await expect(page.getByText(/^(400|500|600|700|800) of 4,000 answers/)).toBeVisible()
  await expect.poll(() => page.title()).toMatch(/^Study \d+ % · Azimuth$/)
  const running = page.getByRole('region', { name: 'Running study' })
  await running.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByRole('heading', { name: 'Demonstration, paused' })).toBeVisible()
  // The page is gone without a word.
  await page.goto('about:blank')
  await openStudy(page, fakeUrl)
  const kept = page.getByRole('region', { name: 'Kept studies' })
  await expect(kept).toContainText('An unfinished study (Demonstration) from today')
  await kept.getByRole('button', { name: 'Discard' }).click()
  await expect(kept).toContainText('Discarded')
  await kept.getByRole('button', { name: 'Undo' }).click()
  await kept.getByRole('button', { name: 'Go on' }).click()
  await expect(page.getByRole('heading', { name: 'Your study' })).toBeVisible()
  await page.getByRole('button', { name: 'All runs and a new study' }).click()
  await expect(kept).toContainText('finished today')
  await kept.getByRole('button', { name: 'Discard' }).click()
  await kept.getByRole('button', { name: 'Delete for good' }).click()
  await expect(kept).toBeHidden()
  await page.reload()
  await expect(page.getByRole('button', { name: 'Start the study' })).toBeVisible()
  await expect(kept).toBeHidden()
})

test('from the keyboard: a preset, a start, a pause in another panel', async ({ page, fakeUrl }) => {
  await openStudy(page, fakeUrl, 500)
  await page.getByRole('radio', { name: 'Demonstration' }).focus()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('radio', { name: 'Offline' })).toBeChecked()
  await page.getByRole('button', { name: 'Start the study' }).press('Enter')
  await expect(page.getByText('of 4,000 answers')).toBeVisible()
  await page.getByRole('link', { name: /^Models/ }).press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible()
  const bench = page.getByRole('complementary', { name: 'Bench' })
  await bench.getByRole('button', { name: 'Pause with the study' }).press('Enter')
  await expect(bench).toContainText('Study paused')
  await bench.getByRole('link', { name: /^Study paused/ }).press('Enter')
  await expect(page.getByRole('heading', { name: 'Offline, paused' })).toBeVisible()
})

test('settings are changed, saved, and opened again; what is no value stays as it was', async ({ page, fakeUrl }) => {
  await openStudy(page, fakeUrl)
  await page.getByText('All settings').click()
  const samples = page.getByLabel('Answers a prompt [C]')
  await samples.fill('3')
  await samples.press('Tab')
  await expect(page.getByRole('radio', { name: 'Custom' })).toBeChecked()
  await samples.fill('none')
  await samples.press('Tab')
  await expect(page.getByText('Not a value of this setting; it stays 3.')).toBeVisible()
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save the settings' }).click()
  const path = await (await saved).path()
  await page.getByRole('radio', { name: 'Offline' }).check()
  await page.locator('input[data-settings]').setInputFiles(path)
  await expect(page.getByRole('radio', { name: 'Custom' })).toBeChecked()
  await expect(page.getByLabel('Answers a prompt [C]')).toHaveValue('3')
  await page.locator('input[data-settings]').setInputFiles({
    name: 'x.json',
    mimeType: 'application/json',
    buffer: Buffer.from('{"preset":"demo"}')
  })
  await expect(page.getByRole('alert')).toContainText('The settings could not be read.')
})

test('every number leads to its answers, which are filtered and paged', async ({ page, fakeUrl }) => {
  await openStudy(page, fakeUrl)
  await openSample(page)
  await page.getByRole('button', { name: 'Re-check', exact: true }).click()
  await page.getByRole('menuitem', { name: /^From its rows/ }).click()
  await expect(page.getByText('Checked: the bundle says what follows from its rows.')).toBeVisible()
  // The details are folded.
  for (const summary of await page.locator('.study-report summary').all()) await summary.click()
  await page.locator('#within a.number').first().press('Enter')
  const drawer = page.getByRole('dialog')
  await expect(drawer.locator('li')).toHaveCount(20)
  await expect(drawer.getByRole('navigation')).toContainText('1 to 20 of 48')
  await drawer.getByRole('button', { name: 'Next' }).click()
  await expect(drawer.getByRole('navigation')).toContainText('21 to 40 of 48')
  await drawer.getByRole('button', { name: /^clean prose/ }).click()
  for (const text of await drawer.locator('li > .note').allTextContents()) expect(text).toContain('clean prose')
  await expect.poll(() => decodeURIComponent(page.url())).toContain('arm=')
  await page.keyboard.press('Escape')
  await expect(drawer).toBeHidden()
  await expect.poll(() => page.url()).not.toContain('arm=')
  await page
    .getByRole('button', { name: /^Steered answers to: What does a whale eat/ })
    .first()
    .click()
  await expect(drawer.locator('li')).toHaveCount(2)
  await drawer.getByRole('button', { name: 'Answers to all prompts' }).click()
  await expect(drawer.locator('li')).toHaveCount(20)
})

test('what is no run is told, and the page goes on', async ({ page, fakeUrl }) => {
  await openStudy(page, fakeUrl)
  const file = { name: 'x.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip at all') }
  await page.locator('input[accept=".zip"]').setInputFiles(file)
  await expect(page.getByRole('alert')).toContainText('This is no finished run that can be read here.')
  await expect(page.getByRole('button', { name: 'Start the study' })).toBeEnabled()
})
