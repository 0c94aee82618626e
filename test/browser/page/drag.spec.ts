/** What lies on the bench is dragged into the panels, on the fake lab. */
import { expect, type Locator, type Page } from '@playwright/test'
import { test } from '../fake-site'

const bench = (page: Page): Locator => page.getByRole('complementary', { name: 'Bench' })
const onBench = (page: Page, name: string): Locator => bench(page).getByRole('button', { name, exact: true })
const target = (page: Page, label: RegExp | string): Locator => page.locator('.target').filter({ hasText: label })

/** Takes something by the mouse, without letting it go. */
async function lift(page: Page, what: Locator): Promise<void> {
  await what.hover()
  await page.mouse.down()
  const { x = 0, y = 0 } = (await what.boundingBox()) ?? {}
  await page.mouse.move(x - 40, y + 8, { steps: 4 })
}

async function dropOn(page: Page, where: Locator): Promise<void> {
  await where.hover()
  await where.hover({ position: { x: 40, y: 40 } })
  await expect(where).toHaveAttribute('data-over')
  await page.mouse.up()
  await expect(page.locator('.target')).toHaveCount(0)
}

async function openHub(page: Page, url: string): Promise<void> {
  await page.goto(`${url}?delay=1&layers=6#/models`)
  await page.getByRole('button', { name: /Open from the hub/ }).click()
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible()
}

const step = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: new RegExp(`^${name}`) })

test('directions, models, captures and prompt sets go where they can be used', async ({ page, fakeUrl }) => {
  await openHub(page, fakeUrl)
  await step(page, 'Directions').click()
  await page.getByRole('button', { name: /^Fit / }).click()
  await expect(page.getByRole('slider', { name: 'Layer' })).toBeVisible()
  await page.getByRole('combobox', { name: 'Method' }).selectOption('pca-pooled')
  await page.getByRole('button', { name: /^Fit / }).click()
  await expect(page.getByText('Method: PCA of all prompts')).toBeVisible()

  // The first direction: held over a step until its panel opens, then dropped there.
  const first = bench(page)
    .getByRole('button', { name: /difference in means/ })
    .first()
  await expect(first).toHaveAttribute('aria-pressed', 'false')
  await lift(page, first)
  await expect(target(page, /^Save layer \d of it/)).toBeVisible()
  await step(page, 'Steer').hover()
  await step(page, 'Steer').hover({ position: { x: 20, y: 10 } })
  await expect(page.getByRole('heading', { level: 1, name: 'Steer' })).toBeVisible()
  await dropOn(page, target(page, /^Steer along/))
  await expect(first).toHaveAttribute('aria-pressed', 'true')

  // Saved, to be compared.
  await step(page, 'Directions').click()
  await lift(page, first)
  await dropOn(page, target(page, /^Save layer \d of it/))
  await expect(page.getByRole('region', { name: 'Saved directions' }).getByRole('listitem')).toHaveCount(1)

  // Let go beside the panel, nothing happens.
  await lift(page, first)
  await expect(page.locator('.target')).toHaveCount(2)
  await page.getByText('Azimuth', { exact: true }).hover()
  await page.mouse.up()
  await expect(page.locator('.target')).toHaveCount(0)
  await expect(page.getByRole('region', { name: 'Saved directions' }).getByRole('listitem')).toHaveCount(1)

  // A set onto Capture is what is captured next; its capture comes back into the figures by a drop.
  await step(page, 'Capture').click()
  await lift(page, bench(page).getByRole('link', { name: 'joyful' }))
  await dropOn(page, target(page, 'Capture joyful next'))
  await page.getByRole('button', { name: 'Capture 12 prompts' }).click()
  const shown = page.getByRole('checkbox', { name: 'Show joyful in the figures' })
  await expect(shown).toBeChecked()
  await shown.uncheck()
  await lift(page, bench(page).getByRole('link', { name: 'joyful' }).last())
  await dropOn(page, target(page, 'Show joyful in the figures'))
  await expect(shown).toBeChecked()
})

test('a model is dropped as donor or as receiver, and the other one changes places', async ({ page, fakeUrl }) => {
  await openHub(page, fakeUrl)
  const [first] = await bench(page).locator('.model .name').allTextContents()
  await page.getByLabel('Repository', { exact: true }).fill('owner/second')
  await page.getByLabel('Repository', { exact: true }).press('Enter')
  await expect(onBench(page, 'second')).toBeVisible()
  await step(page, 'Transfer').click()
  const model = (role: string): Locator =>
    page.getByRole('group', { name: role }).getByLabel('Model').locator(':checked')
  await expect(model('From (donor)')).toHaveText(first ?? '')
  await lift(page, onBench(page, 'second'))
  await dropOn(page, target(page, 'Carry a direction from second (donor)'))
  await expect(model('From (donor)')).toHaveText('second')
  await expect(model('To (receiver)')).toHaveText(first ?? '')
})
