import { expect, test, type Page } from '@playwright/test'
import { views } from '../../../src/state/link'
import { expectWidth, inScheme } from './page-steps'
import { expectAccessible } from './accessible'

const sizes = [
  { width: 1440, height: 900 },
  { width: 900, height: 800 },
  { width: 390, height: 844 }
]

async function open(page: Page, hash: string): Promise<void> {
  await page.goto(`./#/${hash}`)
  await expect(page.locator('h1')).toBeVisible()
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of sizes) {
    test(`every panel is accessible and fits, ${colorScheme}, ${viewport.width} wide`, async ({ page }) => {
      await inScheme(page, colorScheme)
      await page.setViewportSize(viewport)
      for (const view of views) {
        await open(page, view)
        await expectAccessible(page, view)
        await expectWidth(page, viewport.width)
      }
    })
  }
}

test('the keyboard reaches the panel first, and every step', async ({ page }) => {
  await open(page, 'steer')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the panel' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('main')).toBeFocused()
  await page.getByRole('link', { name: /^Prompts/ }).press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Prompts' })).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('heading', { level: 1, name: 'Steer' })).toBeVisible()
})

test('a link carries the experiment, and opens nothing by itself', async ({ page }) => {
  await open(page, 'steer?model=hub:owner/name&question=Why%3F&positive=warm%0Aone%0Atwo&negative=cold%0Athree%0Afour')
  await expect(page.getByLabel('Question')).toHaveValue('Why?')
  await expect(page.getByRole('button', { name: 'Open name and fit' })).toBeVisible()
  await page.getByRole('link', { name: /^Prompts/ }).click()
  await expect(page.getByLabel('positive prompts')).toHaveValue('one\ntwo')
  await page.getByLabel('positive prompts').fill('one\ntwo\nthree')
  await expect.poll(() => decodeURIComponent(page.url())).toContain('positive=warm\none\ntwo\nthree')
})

test('a step to another address stands, also where a setting changes before the page hears of it', async ({ page }) => {
  await open(page, 'prompts?positive=warm%0Aone%0Atwo&negative=cold%0Athree%0Afour')
  await page.getByLabel('positive prompts').evaluate((field: HTMLTextAreaElement) => {
    location.hash = '#/steer'
    field.value = 'one\ntwo\nthree'
    field.dispatchEvent(new Event('input', { bubbles: true }))
  })
  await expect(page.getByRole('heading', { level: 1, name: 'Steer' })).toBeVisible()
  await expect.poll(() => decodeURIComponent(page.url())).toContain('#/steer?')
  expect(decodeURIComponent(page.url())).toContain('positive=warm\none\ntwo\nthree')
})

test('the theme follows the system until it is chosen, and the choice is kept', async ({ page }) => {
  const scheme = (): Promise<string> => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)
  await open(page, 'steer')
  expect(await scheme()).toBe('light dark')
  await page.getByRole('button', { name: 'Theme: system' }).click()
  await page.getByRole('button', { name: 'Theme: light' }).click()
  await page.reload()
  expect(await scheme()).toBe('dark')
})

test('the bench is a drawer on a narrow screen, and the page waits behind it', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await open(page, 'steer')
  const button = page.getByRole('button', { name: 'Bench' })
  const drawer = page.getByRole('dialog', { name: 'Bench' })
  await button.click()
  await expect(drawer.getByRole('button', { name: 'Close the bench' })).toBeFocused()
  await expect(drawer.getByRole('heading', { name: 'Captures' })).toBeVisible()
  await expect(page.locator('#app')).toHaveJSProperty('inert', true)
  for (const colorScheme of ['light', 'dark'] as const) {
    await inScheme(page, colorScheme)
    await expectAccessible(page, colorScheme)
  }
  for (const key of ['Shift+Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab']) {
    await page.keyboard.press(key)
    expect(await drawer.evaluate((element) => element.contains(document.activeElement))).toBe(true)
  }
  await page.keyboard.press('Escape')
  await expect(drawer).toBeHidden()
  await expect(button).toBeFocused()
  await expect(page.locator('#app')).toHaveJSProperty('inert', false)

  // What is picked there is on the page behind it.
  await button.click()
  await drawer.getByRole('link', { name: 'gloomy' }).click()
  await expect(drawer).toBeHidden()
  await expect(page.getByRole('heading', { level: 1, name: 'Prompts' })).toBeVisible()

  await button.click()
  await page.setViewportSize({ width: 1280, height: 844 })
  await expect(drawer).toBeHidden()
  await expect(page.getByRole('complementary', { name: 'Bench' })).toBeVisible()
})

test('a model that is not there is told, and the page still works', async ({ page }) => {
  await open(page, 'models')
  await page.getByLabel('Folder that holds').fill('models/nothing-here')
  await page.getByLabel('Folder that holds').press('Enter')
  await expect(page.getByRole('alert')).toContainText('The files could not be fetched.')
  await page.getByText('What happened').click()
  await expect(page.getByRole('alert')).toContainText('404')
  await page.getByRole('button', { name: 'Unload nothing-here' }).click()
  await expect(page.getByText('None open')).toBeVisible()
})
