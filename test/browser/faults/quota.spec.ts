/** A disk without room, in the page: what is said, what the way out is, and that nothing is lost. */
import { expect, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { fit } from '../page/page-steps'

/** What the page may keep at first, in bytes. */
const room = 20_000_000

/** Sets how much this browser keeps for the site; without a number as much as it would by itself. */
type SetRoom = (bytes?: number) => Promise<void>

/** What is set holds as long as its session with the browser: there is one a test. */
async function roomOf(page: Page, url: string): Promise<SetRoom> {
  const cdp = await page.context().newCDPSession(page)
  const { origin } = new URL(url)
  const setRoom: SetRoom = async (bytes) => {
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, ...(bytes !== undefined && { quotaSize: bytes }) })
  }
  await setRoom(room)
  return setRoom
}

/** From now on there is no room. Chromium asks how much there is once what it knew of is used up: a large write makes it ask. */
async function fillDisk(page: Page, setRoom: SetRoom): Promise<void> {
  await setRoom(1)
  const ended = await page.evaluate(async (bytes) => {
    const opened = indexedDB.open('filler')
    opened.onupgradeneeded = () => opened.result.createObjectStore('box')
    await new Promise((done) => (opened.onsuccess = opened.onerror = done))
    const transaction = opened.result.transaction('box', 'readwrite')
    for (let at = 0; at < bytes; at += 50_000) {
      transaction.objectStore('box').put(crypto.getRandomValues(new Uint8Array(50_000)), at)
    }
    const name = await new Promise((done) => {
      transaction.oncomplete = () => done('kept')
      transaction.onabort = () => done(transaction.error?.name)
    })
    opened.result.close()
    return name
  }, 2 * room)
  expect(ended).toBe('QuotaExceededError')
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
  const setRoom = await roomOf(page, fakeUrl)
  await page.goto(`${fakeUrl}?cell=300#/study`)
  await page.getByRole('button', { name: 'Start the study' }).click({ timeout: 120_000 })
  await expect.poll(async () => (await keptIn(page, 'azimuth-studies', 'cells')).length).toBeGreaterThan(3)
  await fillDisk(page, setRoom)
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('The browser has no room left to keep the study. Delete a model that it keeps')
  const before = await keptIn(page, 'azimuth-studies', 'cells')
  expect(before.length).toBeGreaterThan(3)
  await alert.getByRole('button', { name: 'Go on from where it stopped' }).click()
  // There is still none.
  await expect(alert).toContainText('The browser has no room left')
  await setRoom()
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
  const setRoom = await roomOf(page, fakeUrl)
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
  await fillDisk(page, setRoom)
  await page.getByRole('button', { name: /^Save layer/ }).click()
  await expect(page.getByRole('alert')).toContainText('no room left')
  const bench = page.getByRole('complementary', { name: 'Bench' })
  await expect(bench).toContainText('no room left')
  expect(await keptIn(page, 'azimuth-fake', 'directions')).toEqual([])
  await setRoom()
  // By itself, without another change.
  await expect.poll(() => keptIn(page, 'azimuth-fake', 'directions'), { timeout: 60_000 }).toHaveLength(1)
  await expect(page.getByRole('alert')).toHaveCount(0)
  await expect(bench).not.toContainText('no room left', { timeout: 60_000 })
  await page.reload()
  await expect(bench.getByText('saved, layer')).toBeVisible()
  await expect(page.getByRole('slider', { name: 'Layer' })).toBeVisible()
})
