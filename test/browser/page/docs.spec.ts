import { expect, test, type Page } from '@playwright/test'
import { expectWidth, inScheme, recordRequests } from './page-steps'
import { expectAccessible } from './accessible'

async function open(page: Page, hash: string): Promise<void> {
  await page.goto(`./#/${hash}`)
  await expect(page.locator('h1')).toBeVisible()
}

for (const [colorScheme, width] of [
  ['light', 360],
  ['dark', 1440]
] as const) {
  test(`every page of the documentation is accessible and fits, ${colorScheme}, ${width} wide`, async ({ page }) => {
    test.slow()
    await inScheme(page, colorScheme)
    await page.setViewportSize({ width, height: 800 })
    await open(page, 'docs')
    if (width === 360) await page.getByText('All pages of the documentation').click()
    const list = page.getByRole('navigation', { name: 'Pages of the documentation' }).getByRole('link')
    const names = await list.evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) {
      await open(page, name.slice(2))
      await expect(page.locator(`a[href="${name}"][aria-current]`)).toHaveCount(1)
      await expect(page.locator('.doc')).not.toBeEmpty()
      await expectAccessible(page, name, 'main')
      await expectWidth(page, width)
    }
  })
}

test('the keyboard reaches a page, a link in it and a section, and the address says where', async ({ page }) => {
  await open(page, 'models')
  await page.getByRole('link', { name: 'Docs' }).press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Concepts' })).toBeVisible()
  await page.getByRole('article').getByRole('link', { name: 'The organisms' }).press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'The organisms' })).toBeVisible()
  expect(page.url()).toContain('#/docs/organisms')
  const section = page.getByRole('heading', { name: 'The bases' })
  const link = page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'The bases' })
  await link.press('Enter')
  await expect(section).toBeFocused()
  await expect(section).toBeInViewport()
  await link.press('Enter')
  await expect(section).toBeFocused()
  await page.reload()
  await expect(section).toBeInViewport()
  await page.goBack()
  await expect(page).toHaveURL(/#\/docs\/organisms$/)
})

test('a page that is not there is told', async ({ page }) => {
  await open(page, 'docs/nothing')
  await expect(page.getByRole('heading', { level: 1, name: 'No such page' })).toBeVisible()
  await page.getByRole('link', { name: 'The study' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'The study' })).toBeVisible()
})

test('a link to the documentation leaves the experiment as it is', async ({ page }) => {
  await open(page, 'steer?question=Why%3F')
  await page.getByRole('link', { name: 'Docs' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Concepts' })).toBeVisible()
  await page.getByRole('link', { name: /^Steer/ }).click()
  await expect(page.getByLabel('Question')).toHaveValue('Why?')
})

test.describe('models before anything is opened', () => {
  test('the organisms come first, then the families with size, licence and what runs here; no host is asked', async ({
    page,
    baseURL
  }) => {
    const urls = recordRequests(page)
    await open(page, 'models')
    const panel = page.getByRole('region', { name: 'Open a model' })
    await expect(panel.getByRole('heading', { level: 3 })).toHaveText([
      ...['Organisms', 'Families of the study', 'Others'],
      ...['From the Hugging Face hub', 'From an address', 'From this machine']
    ])
    const rows = panel.getByRole('region', { name: 'Families of the study' }).getByRole('listitem')
    await expect(rows).toHaveCount(4)
    for (const licence of ['Apache-2.0', 'Gemma Terms of Use', 'Llama 3.2 Community License']) {
      await expect(rows.filter({ hasText: `Licence: ${licence}` })).not.toHaveCount(0)
    }
    await expect(rows.filter({ hasText: /(Likely runs|Tight|Unlikely to run) here: / })).toHaveCount(4)
    await expect(rows.first()).toContainText(/1\.5 billion parameters, between \d+ MB and [\d.]+ GB as q4/)
    await page.waitForLoadState('networkidle')
    expect(urls.filter((url) => !url.startsWith(baseURL ?? ''))).toEqual([])
  })

  test('a family is asked for at the press, by the keyboard', async ({ page }) => {
    const asked: string[] = []
    await page.route('https://huggingface.co/**', async (route) => {
      asked.push(route.request().url())
      await route.fulfill({ status: 404, headers: { 'access-control-allow-origin': '*' } })
    })
    await open(page, 'models')
    await page.getByRole('button', { name: 'Open Llama-3.2-1B-Instruct from the hub' }).press('Enter')
    await expect(page.getByRole('alert')).toBeVisible()
    expect(asked[0]).toContain('onnx-community/Llama-3.2-1B-Instruct-ONNX')
  })

  test('the choice of device and weights changes what is said', async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 780 })
    await open(page, 'models')
    const first = page.getByRole('region', { name: 'Families of the study' }).getByRole('listitem').first()
    await page.getByRole('combobox', { name: /^Device/ }).selectOption('WebAssembly')
    await page.getByRole('combobox', { name: /^Weights/ }).selectOption('fp32, full floats')
    await expect(first).toContainText('about 6.2 GB as fp32')
    await expect(first).toContainText('Unlikely to run here')
    await expectWidth(page, 360)
  })
})
