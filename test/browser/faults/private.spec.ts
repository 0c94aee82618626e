/** Windows in which the browser keeps nothing for the page. */
import { expect, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { answer, ask, fit } from '../page/page-steps'

async function openModel(page: Page, url: string, delay: number): Promise<void> {
  await page.goto(`${url}?delay=${delay}&layers=6#/models`)
  await page.getByLabel('Repository', { exact: true }).fill('owner/one')
  await page.getByLabel('Repository', { exact: true }).press('Enter')
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible({ timeout: 60_000 })
}

async function goTo(page: Page, panel: string): Promise<void> {
  const steps = page.getByRole('navigation', { name: 'Steps' })
  await steps.getByRole('link', { name: new RegExp(`^${panel}`) }).click()
}

/** A window in which the browser keeps nothing for the page, in the ways that browsers refuse. */
const refusals: readonly (readonly [string, () => void])[] = [
  ['has no IndexedDB', () => Reflect.deleteProperty(window, 'indexedDB')],
  [
    'refuses every database',
    () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('not in this window', 'SecurityError')
      }
      Object.defineProperty(window, 'sessionStorage', {
        get: () => {
          throw new DOMException('not in this window', 'SecurityError')
        }
      })
    }
  ]
]

for (const [what, refuse] of refusals) {
  test(`a private window that ${what}: all works, and the page says what is not kept`, async ({ page, fakeUrl }) => {
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.addInitScript(refuse)
    await openModel(page, fakeUrl, 1)
    await fit(page)
    await ask(page)
    await expect(answer(page, 'steered')).not.toBeEmpty()
    await goTo(page, 'Directions')
    await page.getByRole('button', { name: /^Save layer/ }).click()
    await expect(page.getByRole('alert')).toContainText('Not kept for the next visit')
    await goTo(page, 'Study')
    await page.getByRole('button', { name: 'Start the study' }).click({ timeout: 120_000 })
    await expect(page.getByRole('alert').first()).toBeVisible()
    expect(errors).toEqual([])
  })
}
