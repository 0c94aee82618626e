import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { expectWidth, slideTo } from './page-steps'
import { expectAccessible } from './accessible'

const name = 'smollm2-135m-instruct'

/** `npm run model:smollm2` makes it. */
async function hasModel(page: Page): Promise<boolean> {
  const answer = await page.request.get('models/index.json')
  return answer.ok() && (await answer.text()).includes(name)
}

async function start(page: Page, settings = ''): Promise<void> {
  await page.goto(`./#/steer?model=bundled:${name}${settings}`)
  await page.getByRole('button', { name: `Open ${name} and fit` }).click()
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled()
}

async function ask(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Ask', exact: true })).toBeVisible()
}

const answer = (page: Page, kind: 'base' | 'steered') => page.locator(`section.${kind} .text`)

test.beforeEach(async ({ page }) => {
  expect(await hasModel(page), `${name} is missing: run npm run model:smollm2 first`).toBe(true)
})

test('one press opens and fits, a second one answers twice, unsteered and steered', async ({ page }) => {
  await start(page, '&temperature=0&maxTokens=40')
  await ask(page)
  const plain = await answer(page, 'base').innerText()
  expect(plain.length).toBeGreaterThan(80)
  expect(await answer(page, 'steered').innerText()).not.toBe(plain)
  await slideTo(page.getByLabel('Alpha', { exact: true }), 0)
  await ask(page)
  expect(await answer(page, 'steered').innerText()).toBe(await answer(page, 'base').innerText())
  // The control is one press away.
  await page.getByLabel('Random direction of the same norm').check()
  await ask(page)
  await expect(page.locator('section.random .foot')).toContainText('tokens')
  await expectAccessible(page)
})

test('it knows the capital of France', async ({ page }) => {
  await start(page, '&temperature=0&maxTokens=16&question=What%20is%20the%20capital%20of%20France%3F')
  await ask(page)
  await expect(answer(page, 'base')).toContainText('Paris')
})

test('alpha changes the steered answer from the next token on, and stop stops', async ({ page }) => {
  await start(page, '&temperature=0&alpha=0&maxTokens=400')
  await page.getByLabel('Question').press('Control+Enter')
  await expect.poll(async () => (await answer(page, 'steered').innerText()).length).toBeGreaterThan(40)
  await slideTo(page.getByLabel('Alpha', { exact: true }), 2)
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

test('the curve shows each layer, a layer can be picked, and the direction goes to a file and comes back', async ({
  page
}) => {
  await start(page)
  await page.getByRole('link', { name: /^Directions/ }).click()
  await slideTo(page.getByRole('slider', { name: 'Layer' }), 20)
  await expect(page.getByText('layer 20: 100')).toBeVisible()
  await page.getByText('All layers, as a table').click()
  await expect(page.getByRole('row')).toHaveCount(31)
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download', exact: true }).click()
  const file = await downloading
  expect(file.suggestedFilename()).toBe('gloomy-joyful-difference-in-means-layer-20.safetensors')
  const figure = page.waitForEvent('download')
  const curve = page.getByRole('figure').filter({ hasText: 'How well each layer tells' })
  await curve.getByRole('button', { name: 'Download SVG' }).click()
  expect((await figure).suggestedFilename()).toBe('separation-gloomy-joyful.svg')

  // Another method runs in the math worker, on the hidden states that were read before.
  await page.getByLabel('Method').selectOption('linear-discriminant')
  await page.getByRole('button', { name: /^Fit / }).click()
  await expect(page.getByText('Method: linear discriminant')).toBeVisible()
  await expect(page.getByRole('complementary', { name: 'Bench' })).toContainText('linear discriminant')

  // The saved direction comes back without a curve, and the lens reads it.
  const lens = page.getByRole('region', { name: 'Logit lens' })
  await page.locator('input[data-directions]').setInputFiles({
    name: 'saved.safetensors',
    mimeType: 'application/octet-stream',
    buffer: readFileSync(await file.path())
  })
  await expect(page.getByText('no curve is drawn')).toBeVisible()
  await expect(lens.getByRole('heading', { name: 'layer 20' })).toBeVisible()
  await expect(lens.getByRole('list', { name: 'Toward the direction' }).getByRole('listitem')).toHaveCount(10)
  await expect(lens.getByRole('list', { name: 'Toward its opposite' }).getByRole('listitem')).toHaveCount(10)
  await expect(lens).toContainText('\u2423')
  await page.locator('input[data-directions]').setInputFiles('README.md')
  await expect(page.getByRole('alert')).toContainText('This file holds no directions that can be read here.')
  await page.setViewportSize({ width: 390, height: 844 })
  await expectWidth(page, 390)
  await expectAccessible(page)
})
