/** Transfer between two organisms on WebAssembly: over anchors that vary along it, a carried direction beats random ones. */
import { expect, test, type Page } from '@playwright/test'
import { expectWidth, inScheme } from './page-steps'
import { expectAccessible } from './accessible'

/** Shares of code and of right answers in the figure's table, by arm. */
async function rates(page: Page): Promise<Map<string, readonly number[]>> {
  const rows = page.locator('figure table tbody tr')
  const texts = await rows.evaluateAll((all) =>
    all.map((row) => [...row.children].map((cell) => cell.textContent ?? ''))
  )
  return new Map(texts.map(([label = '', ...shares]) => [label, shares.map((share) => Number.parseFloat(share))]))
}

test('the direction that is carried along takes code away, random ones through the same map do not', async ({
  page
}) => {
  test.setTimeout(300_000)
  await page.goto('./#/transfer?donor=bundled:gemma2&receiver=bundled:qwen2&device=wasm')
  await page.getByRole('button', { name: 'Open gemma2 and qwen2' }).click()
  await expect(page.getByRole('combobox', { name: 'Model' })).toHaveCount(2)
  await page.getByLabel('Texts, at most').fill('200')
  await page.getByLabel('Questions, at most').fill('20')
  await page.getByRole('button', { name: 'Fit, then measure the effect' }).click()
  const verdict = page.locator('.verdict')
  await expect(verdict).toBeVisible({ timeout: 240_000 })
  const found = await rates(page)
  const code = (label: string): number => found.get(label)?.[0] ?? NaN
  const random = [1, 2, 3, 4, 5].map((i) => code(`Random ${i}, through the map`))
  const mean = random.reduce((sum, value) => sum + value, 0) / random.length
  test.info().annotations.push({ type: 'rates', description: JSON.stringify([...found]) })
  expect(code('Not steered')).toBeGreaterThanOrEqual(50)
  expect(code('The carried direction')).toBeLessThanOrEqual(mean - 25)
  expect(found.get('The carried direction')?.[1]).toBeGreaterThanOrEqual(50)
  await expect(verdict).toContainText('specific here')
  await expect(page.getByRole('region', { name: /^The map from gemma2 to qwen2/ })).toBeVisible()
  await expectAccessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await expectWidth(page, 390)
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`without models it says what it needs, ${colorScheme}`, async ({ page }) => {
    await inScheme(page, colorScheme)
    await page.goto('./#/transfer')
    await expect(page.getByText('A transfer needs two open models.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Fit the map' })).toBeDisabled()
    await expectAccessible(page)
    await page.setViewportSize({ width: 360, height: 740 })
    await expectWidth(page, 360)
  })
}
