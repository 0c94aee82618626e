/** The tour on an organism: its first steps as a class does them, and every step as a link. */
import { expect, test, type Page } from '@playwright/test'
import { expectWidth, inScheme } from './page-steps'
import { expectAccessible } from './accessible'

const steps = 8

async function open(page: Page, step: number): Promise<void> {
  await page.goto(`./#/tour?step=${step}&device=wasm`)
  await expect(page.getByText(`Step ${step} of ${steps}`)).toBeVisible()
  // Once it is known which organisms there are.
  await expect(page.locator('.action button').first()).toBeEnabled()
}

/** Presses the step's one button and waits for its figure. */
async function run(page: Page): Promise<string> {
  await page.locator('.action button').first().click()
  const reading = page.locator('.reading')
  await expect(reading).toBeVisible()
  return reading.innerText()
}

test('three steps from a cold start: read, find a direction, steer', async ({ page }) => {
  const errors: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await open(page, 1)
  await expect(page.getByRole('button', { name: /^Open qwen2/ })).toBeEnabled()
  expect(await run(page)).toContain('qwen2 has 5 layers and 96 numbers a token')
  await page.getByRole('radio', { name: 'It replaces it by a new list.' }).check()
  await expect(page.locator('fieldset').getByRole('status')).toContainText('Not quite.')
  await page.getByRole('radio', { name: 'It adds something to it.' }).check()
  await expect(page.locator('fieldset').getByRole('status')).toContainText('Right.')
  await expect(page.getByText('1 of 8 questions answered')).toBeVisible()

  await page.getByRole('button', { name: /^Next: From one average/ }).press('Enter')
  await expect(page.getByRole('heading', { name: 'From one average to another' })).toBeFocused()
  const [, right = '0'] = /^(\d+) of 250 dots/.exec(await run(page)) ?? []
  expect(Number(right)).toBeGreaterThan(200)

  await page.getByRole('button', { name: /^Next: Move the numbers/ }).click()
  const reading = await run(page)
  const [none = 0, steered = 9, good = 0] = [...reading.matchAll(/\d+(?= of 5| are exactly)/g)].map(Number)
  expect(none).toBeGreaterThanOrEqual(3)
  expect(steered).toBeLessThan(none)
  expect(good).toBeGreaterThan(0)
  expect(page.url()).toContain('step=3')
  expect(errors).toEqual([])

  // What was answered is kept; what was measured is measured again.
  await page.reload()
  await expect(page.getByText('Step 3 of 8')).toBeVisible()
  await expect(page.getByText('1 of 8 questions answered')).toBeVisible()
  await expect(page.locator('.reading')).toHaveCount(0)
})

test('a link to a later step prepares what it needs by one press', async ({ page }) => {
  await open(page, 4)
  await page.getByRole('button', { name: /^Open qwen2, then/ }).click()
  await expect(page.locator('.reading')).toContainText('Random ones of the same length leave')
  await expectAccessible(page)
  await page.setViewportSize({ width: 360, height: 740 })
  await expectWidth(page, 360)
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every step is accessible and fits on 360 px, ${colorScheme}`, async ({ page }) => {
    await inScheme(page, colorScheme)
    await page.setViewportSize({ width: 360, height: 740 })
    for (let step = 1; step <= steps; step++) {
      await open(page, step)
      await expectAccessible(page, `step ${step}`)
      await expectWidth(page, 360)
    }
  })
}
