import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

const name = 'smollm2-135m-instruct'

/** `npm run model:smollm2` makes it. */
async function hasModel(page: Page): Promise<boolean> {
  const answer = await page.request.get('models/index.json')
  return answer.ok() && (await answer.text()).includes(name)
}

async function start(page: Page, settings = ''): Promise<void> {
  await page.goto(`./#/steer${settings}`)
  await page.getByRole('button', { name: `Open ${name} and fit` }).click()
  await expect(page.getByLabel('Alpha', { exact: true })).toBeVisible({ timeout: 90_000 })
}

async function ask(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Ask', exact: true })).toBeVisible({ timeout: 60_000 })
}

const answer = (page: Page, kind: 'base' | 'steered') => page.locator(`section.${kind} .text`)

test.beforeEach(async ({ page }) => {
  expect(await hasModel(page), `${name} is missing: run npm run model:smollm2 first`).toBe(true)
})

test('one press opens and fits, a second one answers twice, unsteered and steered', async ({ page }) => {
  await start(page, '?temperature=0&maxTokens=40')
  await ask(page)
  const plain = await answer(page, 'base').innerText()
  expect(plain.length).toBeGreaterThan(80)
  expect(await answer(page, 'steered').innerText()).not.toBe(plain)
  await page.getByLabel('Alpha', { exact: true }).fill('0')
  await ask(page)
  expect(await answer(page, 'steered').innerText()).toBe(await answer(page, 'base').innerText())
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
})

test('it knows the capital of France', async ({ page }) => {
  await start(page, '?temperature=0&maxTokens=16&question=What%20is%20the%20capital%20of%20France%3F')
  await ask(page)
  await expect(answer(page, 'base')).toContainText('Paris')
})

test('alpha changes the steered answer from the next token on, and stop stops', async ({ page }) => {
  await start(page, '?temperature=0&alpha=0&maxTokens=400')
  await page.getByLabel('Question').press('Control+Enter')
  await expect.poll(async () => (await answer(page, 'steered').innerText()).length).toBeGreaterThan(40)
  await page.getByLabel('Alpha', { exact: true }).fill('2')
  await expect(page.locator('section.steered .mark')).toHaveText('alpha +2.00')
  const before = await page.evaluate(() => {
    const tokens = [...document.querySelectorAll('section.steered .text > span')]
    const mark = tokens.findIndex((token) => token.classList.contains('mark'))
    const text = (some: readonly Element[]): string => some.map((token) => token.textContent).join('')
    const plain = [...document.querySelectorAll('section.base .text > span')]
    return { steered: text(tokens.slice(0, mark)), plain: text(plain.slice(0, mark)) }
  })
  expect(before.steered).toBe(before.plain)
  await expect.poll(async () => (await answer(page, 'steered').innerText()).length).toBeGreaterThan(200)
  await page.getByRole('button', { name: 'Stop' }).first().click()
  await expect(page.locator('section.steered .foot')).toContainText('stopped')
})

test('the curve shows each layer, a layer can be picked, and the direction is a file', async ({ page }) => {
  await start(page)
  await page.getByRole('link', { name: /^Directions/ }).click()
  await page.getByLabel('Layer', { exact: true }).fill('20')
  await expect(page.getByText('layer 20: 100')).toBeVisible()
  await page.getByText('All layers, as a table').click()
  await expect(page.getByRole('row')).toHaveCount(31)
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download the direction' }).click()
  expect((await downloading).suggestedFilename()).toBe('direction-gloomy-layer-20.json')
  const figure = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download SVG' }).click()
  expect((await figure).suggestedFilename()).toBe('separation-gloomy-joyful.svg')
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
})
