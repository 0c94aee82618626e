/** Windows in which the browser keeps nothing for the page. */
import { expect } from '@playwright/test'
import { test } from '../fake-site'
import { answer, ask, fit, goTo, openHubModel } from '../page/page-steps'

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
    await openHubModel(page, fakeUrl, 1)
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
