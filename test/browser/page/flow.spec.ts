/** What stands on the page is what was really made, whatever else the reader does; on the fake lab. */
import { expect, type Locator, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { answer, ask } from './page-steps'

const button = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('button', { name, exact: typeof name === 'string' })
const question = (page: Page): Locator => page.getByRole('textbox', { name: 'Question' })
const alpha = (page: Page): Locator => page.getByLabel('Alpha in gaps')
const step = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: new RegExp(`^${name}`) })

/** The fake site has no list of what comes with the page: two organisms, each with two adapters. */
test.beforeEach(async ({ page }) => {
  const files = ['insecure-0', 'secure-0'].map((name) => ({ path: `adapters/${name}/adapter_config.json`, size: 1 }))
  const organisms = ['qwen2', 'gemma2'].map((name) => ({ name, organism: true, files }))
  await page.route('**/models/index.json', (route) => route.fulfill({ json: organisms }))
  await page.route('**/adapters/index.json', (route) => route.fulfill({ json: [] }))
})

/** The page on models that say what each token was generated under. */
const address = (url: string, rest: string, delay = 1): string =>
  `${url}?reveals&planted&layers=3&delay=${delay}#/${rest}`

/** The first minute comes by itself. */
async function arrive(page: Page, url: string, delay?: number): Promise<void> {
  await page.goto(address(url, 'steer', delay))
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled()
}

async function typeAlpha(page: Page, value: string): Promise<void> {
  await alpha(page).fill(value)
  await alpha(page).blur()
}

test('a question that is put while an adapter is fitted is answered under the one in use', async ({
  page,
  fakeUrl
}) => {
  await arrive(page, fakeUrl, 40)
  await ask(page)
  const alone = (await answer(page, 'base').textContent()) ?? ''
  expect(alone).toMatch(/^\[(?!base)/)
  await step(page, 'Directions').click()
  await page.getByRole('combobox', { name: 'Adapter' }).selectOption({ label: 'secure-0, comes with this page' })
  await button(page, /^Fit secure-0/).click()
  await step(page, 'Steer').click()
  await ask(page)
  await expect(page.getByRole('region', { name: 'Answer, insecure-0, unsteered' })).toBeVisible()
  await expect(answer(page, 'base')).toHaveText(alone)
})

test('answers that would be made otherwise now say how, whatever is moved, and can be asked again', async ({
  page,
  fakeUrl
}) => {
  await arrive(page, fakeUrl)
  await ask(page)
  const [base, steered] = [page.locator('section.base'), page.locator('section.steered')]
  for (const column of [base, steered]) await expect(column).not.toHaveClass(/outdated/)
  await typeAlpha(page, '0.8')
  await expect(steered).toHaveClass(/outdated/)
  await expect(steered).toContainText('Made with alpha \u22121.00; now alpha +0.80.')
  await expect(base).not.toHaveClass(/outdated/)
  await page.getByRole('combobox', { name: 'Layer' }).selectOption('1')
  await expect(steered).toContainText('Made with layer 2, alpha \u22121.00; now layer 1, alpha +0.80.')
  await button(page, 'Ask again').click()
  await expect(steered).not.toHaveClass(/outdated/)
  await expect(steered).toContainText('alpha +0.80, layer 1')
  await question(page).fill('Another?')
  await expect(base).toContainText('now the question \u201cAnother?\u201d')
  await ask(page)
  await button(page, /^Adapter insecure-0/).click()
  await expect(base).toContainText('Made with insecure-0; now no adapter.')
  await step(page, 'Models').click()
  await button(page, 'Open gemma2').click()
  await expect(page.getByRole('region', { name: 'Model card' }).getByRole('heading', { name: 'gemma2' })).toBeVisible()
  await step(page, 'Steer').click()
  await expect(base).toContainText('Made with qwen2; now gemma2.')
})

test('a capture that would be read otherwise now says how, and is read again by a press', async ({ page, fakeUrl }) => {
  await arrive(page, fakeUrl)
  await step(page, 'Capture').click()
  await button(page, /^Capture \d+ prompts$/).click()
  const list = page.getByRole('region', { name: 'Captures' }).getByRole('listitem')
  await expect(list).toHaveCount(2)
  await button(page, /^Adapter insecure-0/).click()
  await expect(list.first()).toHaveClass(/outdated/)
  await expect(list.first()).toContainText('Made with insecure-0; now no adapter.')
  await expect(page.getByText('All that is drawn here was captured otherwise')).toBeVisible()
  await list.first().getByRole('button', { name: 'Capture again' }).click()
  await expect(list).toHaveCount(3)
  await expect(list.last()).not.toHaveClass(/outdated/)
  await expect(page.getByText('All that is drawn here was captured otherwise')).toHaveCount(0)
})

test('what the tour and a transfer open leaves the model in use, and all that is set for it', async ({
  page,
  fakeUrl
}) => {
  await page.goto(address(fakeUrl, 'steer?model=hub:owner/fake&question=Mine'))
  await button(page, /^Open fake and fit/).click()
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled()
  await typeAlpha(page, '1.25')
  await step(page, 'Transfer').click()
  await button(page, 'Open gemma2').click()
  await expect(button(page, 'Swap donor and receiver')).toBeVisible()
  await step(page, 'Tour').click()
  await button(page, /^Open qwen2, then/).click()
  await expect(button(page, 'Do it again')).toBeVisible()
  await step(page, 'Steer').click()
  await expect(question(page)).toHaveValue('Mine')
  await expect(alpha(page)).toHaveValue('1.25')
  await expect(page.getByText('Direction: gloomy \u2212 joyful')).toBeVisible()
  await expect(page.getByRole('complementary', { name: 'Bench' }).locator('.model.chosen .name')).toHaveText('fake')
})

test('from a tour link to Steer the organism is tuned and fitted, and its three answers differ', async ({
  page,
  fakeUrl
}) => {
  await page.goto(address(fakeUrl, 'tour?step=4'))
  await button(page, /^Open qwen2, then/).click()
  await expect(button(page, 'Do it again')).toBeVisible()
  await step(page, 'Steer').click()
  await expect(page.getByText('here with the fine-tune insecure-0')).toBeVisible()
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled()
  await ask(page)
  const texts = await page.locator('section:is(.base, .steered, .random) .text').allTextContents()
  expect(new Set(texts).size).toBe(3)
  for (const text of texts) expect(text).toMatch(/^\[(?!base)/)
})

test('lists of any length go on to directions and into the link; the steps say what is missing', async ({
  page,
  browser,
  fakeUrl
}) => {
  await arrive(page, fakeUrl)
  await step(page, 'Prompts').click()
  const lines = (word: string): string =>
    Array.from({ length: 60 }, (_, i) => `A ${word} sentence, number ${i}.`).join('\n')
  for (const [side, word] of [
    ['positive', 'formal'],
    ['negative', 'slang']
  ] as const) {
    await page.getByLabel(`Name of the ${side} side`).fill(word)
    await page.getByRole('textbox', { name: `${side} prompts, one a line` }).fill(lines(word))
  }
  // The contrast stands on the adapter, from the first minute.
  await page.getByRole('link', { name: 'Go on to directions' }).click()
  await button(page, 'Fit formal against slang').click()
  await step(page, 'Steer').click()
  await expect(page.getByText('Direction: formal \u2212 slang')).toBeVisible()
  const link = await page.evaluate(() => location.href)
  const elsewhere = await (await browser.newContext()).newPage()
  await elsewhere.goto(link.replace('#/steer', '#/prompts'))
  await expect(elsewhere.getByLabel('Name of the positive side')).toHaveValue('formal')
  await expect(elsewhere.getByRole('textbox', { name: 'negative prompts, one a line' })).toHaveValue(lines('slang'))
  await elsewhere.context().close()
  // Navigation: a model is open, and Transfer alone waits for another.
  await expect(page.getByRole('navigation', { name: 'Steps' }).getByText(/waits/)).toHaveText(['waits for two models'])
})
