/** Much of everything: 200 saved directions and 100 captures, kept over a reload, with the page alive. */
import { expect, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { fit, goTo, openHubModel } from '../page/page-steps'

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

test('200 saved directions are listed, compared and deleted', async ({ page, fakeUrl }) => {
  await openHubModel(page, fakeUrl, 0)
  await fit(page)
  await goTo(page, 'Directions')
  await page.getByRole('button', { name: /^Save layer/ }).click()
  await expect(page.getByRole('button', { name: /^Delete/ })).toHaveCount(1)
  await multiply(page, 'directions', 200)
  await page.reload()
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
})

test('100 captures are listed, six at most are drawn, and the rest of the page works', async ({ page, fakeUrl }) => {
  await openHubModel(page, fakeUrl, 0)
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
