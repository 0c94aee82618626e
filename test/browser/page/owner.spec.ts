/** What is on the page is what was really made, whatever else runs on the model. */
import { expect, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { answer } from './page-steps'

const button = (page: Page, name: string | RegExp): ReturnType<Page['getByRole']> =>
  page.getByRole('button', { name, exact: typeof name === 'string' })

async function go(page: Page, step: string): Promise<void> {
  await page
    .getByRole('navigation')
    .getByRole('link', { name: new RegExp(`^${step}`) })
    .click()
}

/** The first minute on a model that says what each token was generated under. */
async function arrive(page: Page, url: string, settings = ''): Promise<void> {
  await page.goto(`${url}?reveals&planted&layers=3&delay=4#/steer${settings}`)
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled({ timeout: 60_000 })
}

async function ask(page: Page): Promise<void> {
  await button(page, 'Ask').click()
  await expect(button(page, 'Ask')).toBeVisible({ timeout: 60_000 })
}

test('a question that is put while an adapter is fitted waits, and is answered under the adapter in use', async ({
  page,
  fakeUrl
}) => {
  await arrive(page, fakeUrl)
  await ask(page)
  const alone = await answer(page, 'base').textContent()
  expect(alone).not.toContain('base')
  await go(page, 'Directions')
  await page.getByLabel('Adapter', { exact: true }).selectOption({ label: 'secure-0, comes with this page' })
  await button(page, /^Fit secure-0/).click()
  await go(page, 'Steer')
  await button(page, 'Ask').click()
  await expect(page.getByText('Waits for the fit that is running.')).toBeVisible()
  await expect(button(page, 'Ask')).toBeVisible({ timeout: 60_000 })
  await expect(answer(page, 'base')).toHaveText(alone ?? '')
})

test('a step of the tour leaves the model in use, its contrast and its question as they are', async ({
  page,
  fakeUrl
}) => {
  await page.goto(`${fakeUrl}?planted&layers=3&delay=1#/steer?model=hub:owner/fake&question=Mine`)
  await button(page, /^Open fake and fit/).click()
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled({ timeout: 60_000 })
  const before = await page.getByLabel('Alpha in gaps').inputValue()
  await go(page, 'Tour')
  await button(page, /^Open qwen2, then/).click()
  await expect(button(page, 'Do it again')).toBeVisible({ timeout: 60_000 })
  await go(page, 'Steer')
  await expect(page.getByLabel('Question')).toHaveValue('Mine')
  await expect(page.getByLabel('Alpha in gaps')).toHaveValue(before)
  await expect(page.getByText('Direction: gloomy \u2212 joyful')).toBeVisible()
})

test('from a tour link to Steer the organism is tuned and fitted, and its three answers differ', async ({
  page,
  fakeUrl
}) => {
  await page.goto(`${fakeUrl}?reveals&planted&layers=3&delay=1#/tour?step=4`)
  await button(page, /^Open qwen2, then/).click()
  await expect(button(page, 'Do it again')).toBeVisible({ timeout: 60_000 })
  await go(page, 'Steer')
  await expect(page.getByText('here with the fine-tune insecure-0')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled({ timeout: 60_000 })
  await ask(page)
  const texts = await page.locator('section:is(.base, .steered, .random) .text').allTextContents()
  expect(new Set(texts).size).toBe(3)
  expect(texts.some((text) => text.includes('base'))).toBe(false)
})

test('answers that would be made otherwise now are dimmed, say how, and can be asked again', async ({
  page,
  fakeUrl
}) => {
  await arrive(page, fakeUrl)
  await ask(page)
  const steered = page.locator('section.steered')
  await expect(steered).not.toHaveClass(/outdated/)
  await page.getByLabel('Alpha in gaps').fill('0.8')
  await page.getByLabel('Alpha in gaps').blur()
  await expect(steered).toHaveClass(/outdated/)
  await expect(steered.getByText('Made with alpha \u22121.00; now alpha +0.80.')).toBeVisible()
  await expect(page.locator('section.base')).not.toHaveClass(/outdated/)
  await button(page, 'Ask again').click()
  await expect(steered).not.toHaveClass(/outdated/, { timeout: 60_000 })
  await page.getByLabel('Question').fill('Another?')
  await expect(page.locator('section.base')).toContainText('now the question \u201cAnother?\u201d')
})

test('Go on to directions fits the lists that were just made', async ({ page, fakeUrl }) => {
  await arrive(page, fakeUrl)
  await go(page, 'Prompts')
  await page.getByRole('link', { name: 'Go on to directions' }).click()
  await expect(button(page, 'Fit gloomy against joyful')).toBeEnabled()
})
