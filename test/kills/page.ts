/** A study in the page, for what kills it: how it is begun, looked at from outside, and gone on with. */
import { expect, type Page } from '@playwright/test'
import type { StudySettings } from '../../src/study/settings'
import type { Cells } from './kills'

const anHour = 3_600_000

export async function openStudy(page: Page, url: string): Promise<void> {
  await page.goto(`${url}#/study`)
  await expect(page.getByRole('button', { name: 'Start the study' })).toBeVisible({ timeout: 120_000 })
}

export async function startStudy(page: Page, settings: StudySettings): Promise<void> {
  const buffer = Buffer.from(JSON.stringify(settings))
  await page.locator('input[data-settings]').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer })
  await expect(page.getByRole('radio', { name: 'Custom' })).toBeChecked()
  await page.getByRole('button', { name: 'Start the study' }).click()
}

/** The finished cells as the browser keeps them, each with how long it took: one that is measured again takes another time. */
export async function cellsOf(page: Page): Promise<Cells> {
  return new Map(await page.evaluate(keptCells))
}

/** Waits until so many cells are kept, or the study has ended. */
export async function waitForCells(page: Page, count: number): Promise<void> {
  await expect
    .poll(async () => (await page.evaluate(keptCells)).length >= count || (await hasEnded(page)), {
      intervals: [10],
      timeout: anHour
    })
    .toBe(true)
}

export function hasEnded(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    const opened = indexedDB.open('azimuth-studies')
    await new Promise((done) => (opened.onsuccess = done))
    const asked = opened.result.transaction('bundles').objectStore('bundles').count()
    await new Promise((done) => (asked.onsuccess = done))
    opened.result.close()
    return asked.result > 0
  })
}

/** Waits for the end of the study, and returns its bundle as the browser keeps it. */
export async function bundleOf(page: Page): Promise<Uint8Array> {
  await expect.poll(() => hasEnded(page), { intervals: [100], timeout: anHour }).toBe(true)
  const text = await page.evaluate(keptBundle)
  return Buffer.from(text.slice(text.indexOf(',') + 1), 'base64')
}

async function keptCells(): Promise<[string, string][]> {
  const opened = indexedDB.open('azimuth-studies')
  await new Promise((done) => (opened.onsuccess = done))
  const asked = opened.result.transaction('cells').objectStore('cells').getAll()
  await new Promise((done) => (asked.onsuccess = done))
  opened.result.close()
  const cells = asked.result as { key: string; cell: { seconds?: number } }[]
  return cells.map(({ key, cell }) => [key, String(cell.seconds)])
}

/** As a data URL. */
async function keptBundle(): Promise<string> {
  const opened = indexedDB.open('azimuth-studies')
  await new Promise((done) => (opened.onsuccess = done))
  const asked = opened.result.transaction('bundles').objectStore('bundles').getAll()
  await new Promise((done) => (asked.onsuccess = done))
  opened.result.close()
  const reader = new FileReader()
  reader.readAsDataURL(asked.result[0] as Blob)
  await new Promise((done) => (reader.onload = done))
  return String(reader.result)
}
