/** A disk without room, in the page: what is said, what the way out is, and that nothing is lost. */
import { expect, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { fit } from '../page/page-steps'

/** Sets how much this browser keeps for the page; nothing restores what the browser would take. */
async function setRoom(page: Page, bytes?: number): Promise<void> {
  const cdp = await page.context().newCDPSession(page)
  const { origin } = new URL(page.url())
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, ...(bytes !== undefined && { quotaSize: bytes }) })
  await cdp.detach()
}

/** Values that the page keeps under this name, as text. */
function keptIn(page: Page, database: string, store: string): Promise<string[]> {
  return page.evaluate(
    async ([name, box]) => {
      const opened = indexedDB.open(name)
      await new Promise((done) => (opened.onsuccess = done))
      const asked = opened.result.transaction(box).objectStore(box).getAll()
      await new Promise((done) => (asked.onsuccess = done))
      opened.result.close()
      return asked.result.map((value: unknown) => JSON.stringify(value))
    },
    [database, store] as const
  )
}

test('a study that finds no room says so, and goes on from there once there is some', async ({ page, fakeUrl }) => {
  await page.goto(`${fakeUrl}?cell=60#/study`)
  await page.getByRole('button', { name: 'Start the study' }).click({ timeout: 120_000 })
  await expect.poll(async () => (await keptIn(page, 'azimuth-studies', 'cells')).length).toBeGreaterThan(3)
  await setRoom(page, 1)
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('The browser has no room left to keep the study. Delete a model that it keeps')
  const before = await keptIn(page, 'azimuth-studies', 'cells')
  expect(before.length).toBeGreaterThan(3)
  await alert.getByRole('button', { name: 'Go on from where it stopped' }).click()
  // There is still none.
  await expect(alert).toContainText('The browser has no room left')
  await setRoom(page)
  await alert.getByRole('button', { name: 'Go on from where it stopped' }).click()
  await expect.poll(async () => (await keptIn(page, 'azimuth-studies', 'cells')).length).toBeGreaterThan(before.length)
  // With how long each took: none was measured a second time.
  expect((await keptIn(page, 'azimuth-studies', 'cells')).slice(0, before.length)).toEqual(before)
  await expect(page.getByRole('heading', { name: 'Your study' })).toBeVisible({ timeout: 120_000 })
})

test('a direction and a session that find no room say so, and are kept once there is some', async ({
  page,
  fakeUrl
}) => {
  await page.goto(`${fakeUrl}?delay=1&layers=6#/models`)
  await page.getByLabel('Repository', { exact: true }).fill('owner/one')
  await page.getByLabel('Repository', { exact: true }).press('Enter')
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible({ timeout: 60_000 })
  await fit(page)
  await page
    .getByRole('link', { name: /^Directions/ })
    .first()
    .click()
  await expect(page.getByRole('slider', { name: 'Layer' })).toBeVisible()
  await setRoom(page, 1)
  await page.getByRole('button', { name: /^Save layer/ }).click()
  await expect(page.getByRole('alert')).toContainText('no room left')
  const bench = page.getByRole('complementary', { name: 'Bench' })
  await expect(bench).toContainText('no room left')
  expect(await keptIn(page, 'azimuth-fake', 'directions')).toEqual([])
  await setRoom(page)
  // By itself, without another change.
  await expect.poll(() => keptIn(page, 'azimuth-fake', 'directions'), { timeout: 60_000 }).toHaveLength(1)
  await expect(page.getByRole('alert')).toHaveCount(0)
  await expect(bench).not.toContainText('no room left', { timeout: 60_000 })
  await page.reload()
  await expect(bench.getByText('saved, layer')).toBeVisible()
  await expect(page.getByRole('slider', { name: 'Layer' })).toBeVisible()
})
