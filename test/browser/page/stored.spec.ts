/** What the page keeps of a hub's models: listed, opened again, deleted. The hub is one that the form names. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { loadFixture } from '../../fixtures'
import { repoOf } from '../../hub-repos'
import { startHub } from '../../hub-server'
import { wordTokenizer } from '../../word-tokenizer'
import { filesOf } from '../lab-models'
import { expectOpen } from './page-steps'
import { expectAccessible } from './accessible'

const repo = 'owner/tiny-llama'

test('a model from another hub is kept, opens again without it, and is deleted after a question', async ({ page }) => {
  const llama = loadFixture('llama-genai')
  const files = filesOf(llama).map((path) => [path, readFileSync(join(llama.folder, path))] as const)
  const contents = { ...Object.fromEntries(files), ...wordTokenizer(llama.reference.vocab) }
  const hub = await startHub({ repos: { [repo]: repoOf(contents) } })
  await page.goto('./#/models')
  const stored = page.getByRole('region', { name: 'Stored models' })
  await expect(stored).toBeHidden()
  try {
    await page.getByText('Another hub').click()
    await page.getByLabel(/^Address of a mirror/).fill(hub.url)
    await page.getByLabel('Repository').fill(repo)
    await page.getByLabel('Repository').press('Enter')
    await expectOpen(page, 'tiny-llama')
  } finally {
    await hub.close()
  }
  expect(new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('hub')).toBe(hub.url)
  await page.reload()
  await expect(stored).toContainText('fp32, opened today')
  await stored.getByRole('button', { name: 'Open tiny-llama' }).click()
  await expectOpen(page, 'tiny-llama')
  await stored.getByRole('button', { name: 'Delete tiny-llama' }).click()
  const asked = page.getByRole('alertdialog', { name: 'Delete tiny-llama?' })
  await expect(asked).toContainText(/\d+ kB leave this browser/)
  await expect(asked.getByRole('button', { name: 'Keep' })).toBeFocused()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(asked).toBeHidden()
  await expect(stored.getByRole('button', { name: 'Delete tiny-llama' })).toBeFocused()
  await stored.getByRole('button', { name: 'Delete tiny-llama' }).click()
  await asked.getByRole('button', { name: /^Delete \d+ kB/ }).click()
  await expect(stored).toBeHidden()
  await page.reload()
  await page.getByRole('button', { name: 'Open from the hub' }).waitFor()
  await expect(stored).toBeHidden()
})

test('a hub without an address is refused in words', async ({ page }) => {
  await page.goto('./#/steer?model=hub:owner/name&hub=nonsense')
  await page.getByRole('button', { name: 'Open name and fit' }).click()
  const alert = page.getByRole('alert')
  await alert.getByText('What happened').click()
  await expect(alert).toContainText('the address of a hub was expected')
})
