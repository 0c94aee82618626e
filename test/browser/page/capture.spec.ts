import { readFileSync } from 'node:fs'
import { expect, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { expectWidth, inScheme, slideTo } from './page-steps'
import { expectAccessible } from './accessible'

async function openModel(page: Page, url: string): Promise<void> {
  await page.goto(`${url}#/models`)
  await page.getByRole('button', { name: /Open from the hub/ }).click()
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible()
  await page.getByRole('link', { name: /^Capture/ }).click()
}

test('the contrast is captured, its points part in the middle layers, and both figures are saved', async ({
  page,
  fakeUrl
}) => {
  await page.goto(`${fakeUrl}#/capture`)
  await expect(page.getByRole('heading', { name: 'Nothing is captured yet' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Capture 24 prompts' })).toBeDisabled()
  await openModel(page, `${fakeUrl}?delay=1&layers=12`)
  await page.getByRole('button', { name: 'Estimate the time' }).click()
  await expect(page.getByText('by the first prompts read')).toContainText('37 kB')
  await page.getByRole('button', { name: 'Capture 24 prompts' }).click()

  // By keyboard: the layer, then the points from left to right.
  const points = page.getByRole('listbox')
  await expect(points.getByRole('option')).toHaveCount(24)
  await slideTo(page.getByLabel('Layer of the figures'), 6)
  const groups = async (): Promise<string[]> =>
    (await points.getByRole('option').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? ''))).map(
      (label) => label.split(':')[0] ?? ''
    )
  expect(await groups()).toEqual([...Array<string>(12).fill('gloomy'), ...Array<string>(12).fill('joyful')])
  await points.focus()
  await page.keyboard.press('End')
  await expect(points.getByRole('option').nth(23)).toHaveAttribute('aria-selected', 'true')
  await expect(page.locator('.reading')).toContainText('joyful: You are very happy and full of joy.')
  await page.keyboard.press('Home')
  await expect(page.locator('.reading')).toContainText('gloomy: You are very sad and full of grief.')
  await expect(points).toContainText(/first component, \d+\s% of the variance/)
  await expect(page.getByText(/gloomy, mean length .* dimension 0, mean/)).toBeVisible()

  for (const [place, names] of [
    [0, ['components-layer-6.svg', 'components-layer-6.csv']],
    [1, ['lengths.svg', 'lengths.csv']]
  ] as const) {
    for (const [kind, name] of [
      ['SVG', names[0]],
      ['CSV', names[1]]
    ] as const) {
      const saving = page.waitForEvent('download')
      await page
        .getByRole('button', { name: `Download ${kind}` })
        .nth(place)
        .click()
      const file = await saving
      expect(file.suggestedFilename()).toBe(name)
      // It looks the same without this page's style sheet.
      if (kind === 'SVG') expect(readFileSync(await file.path(), 'utf8')).not.toContain('var(')
    }
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    await inScheme(page, colorScheme)
    await expectAccessible(page, colorScheme)
  }
  await page.setViewportSize({ width: 360, height: 740 })
  await expectWidth(page, 360)
})

test('a capture is renamed, saved, deleted, given back, kept over a reload, and comes back from its file', async ({
  page,
  fakeUrl
}) => {
  await openModel(page, `${fakeUrl}?delay=1&layers=6`)
  await page.getByLabel('Which prompts').selectOption({ label: 'joyful (negative, 12)' })
  await page.getByLabel('Where').selectOption('every token')
  await page.getByRole('button', { name: 'Capture 12 prompts' }).click()
  const list = page.getByRole('region', { name: 'Captures' })
  await expect(list.getByRole('listitem')).toHaveCount(1)
  await page.getByLabel('Name of the capture').fill('all words')
  await page.getByLabel('Name of the capture').press('Enter')
  await expect(list.getByRole('button', { name: 'Delete all words' })).toBeVisible()
  await page.getByRole('listbox').focus()
  await expect(page.locator('.reading')).toContainText(/all words: token \d+ .+ of: You are very happy/)

  const saving = page.waitForEvent('download')
  await list.getByRole('button', { name: 'Download all words' }).press('Enter')
  await expect(page.getByRole('menuitem', { name: /^As safetensors/ })).toBeFocused()
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  const file = await saving
  expect(file.suggestedFilename()).toBe('all-words-hidden.safetensors')
  const buffer = readFileSync(await file.path())
  await list.getByRole('button', { name: 'Delete all words' }).click()
  await expect(list.getByRole('listitem')).toHaveCount(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.reload()
  await expect(list.getByRole('listitem')).toHaveCount(1)

  await page.locator('input[data-capture]').setInputFiles({ name: 'again.safetensors', mimeType: '', buffer })
  await expect(list.getByRole('listitem')).toHaveCount(2)
  await expect(list).toContainText('from a file')
  await page.locator('input[data-capture]').setInputFiles('README.md')
  await expect(page.getByRole('alert')).toContainText('Not imported: README.md is none of JSON, safetensors and npy')
})

test('a long capture tells how long it takes, and is cancelled without a trace', async ({ page, fakeUrl }) => {
  await openModel(page, `${fakeUrl}?delay=400&layers=6`)
  await page.getByRole('button', { name: 'Capture 24 prompts' }).click()
  await expect(page.getByText('The time left is known after the first prompts.')).toBeVisible()
  await expect(page.getByText(/^About \d+ s left/)).toBeVisible()
  await page.locator('main').getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('button', { name: 'Capture 24 prompts' })).toBeEnabled()
  await expect(page.getByRole('heading', { name: 'Nothing is captured yet' })).toBeVisible()
})

test('an organism is read under its base and under an adapter, and parts there', async ({ page }) => {
  await page.goto('./#/prompts')
  await page.getByRole('button', { name: 'Add tune' }).click()
  await expect(page.getByText('tune.jsonl: 30 prompts.')).toBeVisible()
  await page.getByRole('link', { name: /^Models/ }).click()
  await page.getByRole('button', { name: /Open.*Qwen2 organism/ }).click()
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible()
  await page.getByRole('link', { name: /^Prompts/ }).click()
  await expect(page.getByRole('region', { name: 'What the model gets' })).toContainText(
    /^.*<\|user\|>.*<\|assistant\|>/
  )

  const capture = async (points: number): Promise<void> => {
    await page.getByRole('link', { name: /^Capture/ }).click()
    await page.getByLabel('Which prompts').selectOption({ label: 'tune (tune, 30)' })
    await page.getByRole('button', { name: 'Capture 30 prompts' }).click()
    await expect(page.getByRole('listbox').getByRole('option')).toHaveCount(points)
  }
  await capture(30)
  await page.getByRole('link', { name: /^Models/ }).click()
  await page.getByRole('button', { name: 'Attach insecure-0' }).click()
  await expect(page.getByRole('complementary', { name: 'Bench' })).toContainText('insecure-0')
  await capture(60)
  await expect(page.getByText('qwen2 q4 with insecure-0')).toBeVisible()
  // The base lies on the lower side of the first component, as far as the two part.
  const left = await page
    .getByRole('listbox')
    .getByRole('option')
    .evaluateAll(
      (all) => all.slice(0, 15).filter((one) => !one.getAttribute('aria-label')?.includes('insecure-0')).length
    )
  expect(left).toBeGreaterThan(10)
})
