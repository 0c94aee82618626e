/** Much of everything: 200 saved directions, 100 captures and 100 questions, kept over a reload, with the page alive. */
import { expect, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { answer, ask, fit } from '../page/page-steps'

test.slow()

/** Puts copies of the one value of a box beside it, under ids and names of their own. */
async function multiply(page: Page, store: string, count: number): Promise<void> {
  await page.evaluate(
    async ([box, wanted]) => {
      const opened = indexedDB.open('azimuth-fake')
      await new Promise((done) => (opened.onsuccess = done))
      const shelf = opened.result.transaction(box, 'readwrite').objectStore(box)
      const asked = shelf.getAll()
      await new Promise((done) => (asked.onsuccess = done))
      const [first] = asked.result as { created: string }[]
      for (let i = 1; i < wanted; i++) {
        const id = `copy-${i}`
        shelf.put(
          { ...first, id, name: `copy ${i}`, created: new Date(Date.parse('2026-01-01') + i).toISOString() },
          id
        )
      }
      await new Promise((done) => (shelf.transaction.oncomplete = done))
      opened.result.close()
    },
    [store, count] as const
  )
}

/** How long the page's thread was held at most, in milliseconds, from now until `longest` is read. */
async function watchThread(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    Object.assign(window, { held: 0 })
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries())
        Object.assign(window, { held: Math.max(duration, (window as unknown as { held: number }).held) })
    }).observe({ type: 'longtask', buffered: true })
  })
  return () => page.evaluate(() => (window as unknown as { held: number }).held)
}

async function openModel(page: Page, url: string): Promise<void> {
  await page.goto(`${url}?delay=0&layers=6#/models`)
  await page.getByLabel('Repository', { exact: true }).fill('owner/one')
  await page.getByLabel('Repository', { exact: true }).press('Enter')
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible({ timeout: 60_000 })
}

async function goTo(page: Page, panel: string): Promise<void> {
  const steps = page.getByRole('navigation', { name: 'Steps' })
  await steps.getByRole('link', { name: new RegExp(`^${panel}`) }).click()
}

test('200 saved directions are listed, compared and deleted', async ({ page, fakeUrl }, info) => {
  await openModel(page, fakeUrl)
  await fit(page)
  await goTo(page, 'Directions')
  await page.getByRole('button', { name: /^Save layer/ }).click()
  await expect(page.getByRole('button', { name: /^Delete/ })).toHaveCount(1)
  await multiply(page, 'directions', 200)
  await page.reload()
  const longest = await watchThread(page)
  await expect(page.getByRole('button', { name: /^Delete copy/ })).toHaveCount(199, { timeout: 60_000 })
  const matrix = page.getByRole('region', { name: 'How alike the saved directions are (cosine)' })
  await expect(matrix).toBeVisible()
  // A table of all would hold the page up, and nobody could read it.
  await expect(matrix).toContainText('The newest 24 of 200')
  await expect(matrix.locator('[data-cell]')).toHaveCount(24 * 24)
  await page.getByRole('button', { name: 'Delete copy 7', exact: true }).click()
  await expect(page.getByRole('button', { name: /^Delete copy/ })).toHaveCount(198)
  await page.reload()
  await expect(page.getByRole('button', { name: /^Delete copy/ })).toHaveCount(198, { timeout: 60_000 })
  await info.attach('held', { body: `${await longest()} ms` })
})

test('100 captures are listed, six at most are drawn, and the rest of the page works', async ({ page, fakeUrl }) => {
  await openModel(page, fakeUrl)
  await goTo(page, 'Capture')
  await page.getByRole('button', { name: /^Capture \d+ prompts/ }).click()
  const captures = page.getByRole('region', { name: 'Captures' })
  await expect(captures.getByRole('button', { name: /^Delete/ })).toHaveCount(2, { timeout: 60_000 })
  await captures
    .getByRole('button', { name: /^Delete/ })
    .first()
    .click()
  await expect(captures.getByRole('button', { name: /^Delete/ })).toHaveCount(1)
  await multiply(page, 'captures', 100)
  await page.reload()
  await expect(captures.getByRole('button', { name: /^Delete/ })).toHaveCount(100, { timeout: 60_000 })
  for (let i = 1; i < 9; i++)
    await captures
      .getByRole('checkbox', { name: `Show copy ${i} in`, exact: false })
      .first()
      .check()
  await expect(captures.getByRole('checkbox', { checked: true })).toHaveCount(6)
  await captures.getByRole('button', { name: 'Delete copy 50' }).click()
  await expect(captures.getByRole('button', { name: /^Delete/ })).toHaveCount(99)
})

test('100 questions are answered one after the other; the last twelve are kept', async ({ page, fakeUrl }) => {
  await openModel(page, fakeUrl)
  await page.evaluate(() => (location.hash = '#/steer?maxTokens=4'))
  await fit(page)
  for (let turn = 1; turn <= 100; turn++) {
    await page.getByLabel('Question').fill(`question ${turn}`)
    await ask(page)
  }
  await expect(answer(page, 'steered')).not.toBeEmpty()
  await expect(page.getByText('Last 12 comparisons')).toBeVisible()
  await page.reload()
  await expect(page.getByText('Last 12 comparisons')).toBeVisible()
  await expect(answer(page, 'steered')).not.toBeEmpty()
})
