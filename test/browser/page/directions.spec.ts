/** The Directions panel on the fake lab: densities of a fit, saved directions, their cosines, and arithmetic on them. */
import { readFileSync } from 'node:fs'
import { expect, type Locator, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { expectWidth, inScheme, slideTo } from './page-steps'
import { expectAccessible } from './accessible'

/** A fit on a short model, at layer 6. */
async function fitted(page: Page, url: string): Promise<void> {
  await page.goto(`${url}?delay=1&layers=12#/models`)
  await page.getByRole('button', { name: /Open from the hub/ }).click()
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible()
  await page.getByRole('link', { name: /^Directions/ }).click()
  await page.getByRole('button', { name: /^Fit / }).click()
  await expect(page.getByRole('slider', { name: 'Layer' })).toBeVisible()
  await slideTo(page.getByRole('slider', { name: 'Layer' }), 6)
}

/** The lines of a figure's CSV. */
async function download(page: Page, figure: Locator): Promise<readonly string[]> {
  const saving = page.waitForEvent('download')
  await figure.getByRole('button', { name: 'Download CSV' }).click()
  return readFileSync(await (await saving).path(), 'utf8')
    .trim()
    .split('\r\n')
}

test('a fit shows both sides, is saved, compared, combined, and the result steers', async ({ page, fakeUrl }) => {
  await fitted(page, fakeUrl)
  const figure = page.getByRole('figure', { name: /^How far each prompt lies along the direction at layer 6/ })
  await expect(
    figure.getByRole('img', { name: /^Held-out projections of 12 prompts of gloomy and 12 of joyful/ })
  ).toBeVisible()
  expect(await download(page, figure)).toHaveLength(25)

  const list = page.getByRole('region', { name: 'Saved directions' })
  await list.getByRole('button', { name: 'Save layer 6' }).click()
  await list.getByLabel(/^Name of the saved direction/).fill('means')
  await list.getByLabel(/^Name of the saved direction/).press('Enter')
  await page.getByRole('combobox', { name: 'Method' }).selectOption('pca-pooled')
  await page.getByRole('button', { name: /^Fit / }).click()
  await expect(figure).toContainText('PCA of all prompts')
  await slideTo(page.getByRole('slider', { name: 'Layer' }), 6)
  await list.getByRole('button', { name: 'Save layer 6' }).click()
  await expect(list.getByRole('listitem')).toHaveCount(2)

  const matrix = page.getByRole('region', { name: /^How alike the saved directions are/ })
  await matrix.getByRole('gridcell', { name: '+1.00' }).first().focus()
  await page.keyboard.press('ArrowRight')
  await expect(matrix).toContainText(/means and gloomy .*PCA of all prompts, layer 6: \+[01]\.\d\d/)
  const [head, ...rows] = await download(page, matrix)
  expect(head).toMatch(/^"direction","means","gloomy/)
  expect(rows[0]).toMatch(/^"means",1,0\.\d+$/)

  const arithmetic = page.getByRole('region', { name: 'Arithmetic' })
  await arithmetic.getByLabel('What').selectOption('orthogonalize')
  await arithmetic.getByRole('button', { name: 'Compute and save' }).click()
  await expect(arithmetic.getByRole('alert')).toContainText('one direction was chosen, this takes two')
  await arithmetic.getByRole('checkbox').check()
  await arithmetic.getByLabel('Name of the result').fill('rest')
  await arithmetic.getByRole('button', { name: 'Compute and save' }).click()
  await expect(arithmetic.getByRole('status')).toHaveText('Saved as \u201crest\u201d.')
  // The third row is the result, the second column what was taken away.
  await expect(matrix.getByRole('row').nth(3)).toContainText('rest')
  await expect(matrix.locator('[data-cell="2-1"]')).toHaveText('0.00')

  for (const colorScheme of ['light', 'dark'] as const) {
    await inScheme(page, colorScheme)
    await expectAccessible(page, colorScheme)
  }
  await page.setViewportSize({ width: 360, height: 740 })
  await expectWidth(page, 360)
  await page.setViewportSize({ width: 1280, height: 800 })

  await list.getByRole('button', { name: 'Use rest' }).click()
  await expect(page.getByRole('region', { name: 'Saved direction in use' })).toContainText('combined from others')
  await expect(page.getByRole('link', { name: 'Steer at layer 6' })).toBeVisible()
})

test('what is deleted comes back, and what is saved outlives a reload', async ({ page, fakeUrl }) => {
  await fitted(page, fakeUrl)
  const list = page.getByRole('region', { name: 'Saved directions' })
  await list.getByRole('button', { name: 'Save layer 6' }).click()
  await list.getByRole('button', { name: /^Delete / }).click()
  await expect(list.getByRole('listitem')).toHaveCount(0)
  await list.getByRole('button', { name: 'Undo' }).click()
  await page.reload()
  await expect(list.getByRole('listitem')).toHaveCount(1)
  await expect(list.getByRole('button', { name: /^Use/ })).toBeDisabled()
})
