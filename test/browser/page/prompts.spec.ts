import { readFileSync } from 'node:fs'
import { expect, type Page } from '@playwright/test'
import { test } from '../fake-site'
import { expectWidth, inScheme } from './page-steps'
import { expectAccessible } from './accessible'

const table = (page: Page) => page.getByRole('table', { name: /^Prompt sets/ })
const row = (page: Page, name: string) => table(page).getByRole('row').filter({ hasText: name })

/** No serious complaint in light and dark, and nothing wider than a small phone. */
async function expectFit(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await inScheme(page, colorScheme)
    await expectAccessible(page, colorScheme)
  }
  const size = page.viewportSize()
  await page.setViewportSize({ width: 360, height: 740 })
  await expectWidth(page, 360)
  if (size) await page.setViewportSize(size)
}

test('sets come from the page and from files, are edited, deleted, given back, and are there after a reload', async ({
  page,
  fakeUrl
}) => {
  await page.goto(`${fakeUrl}#/prompts`)
  await page.getByRole('button', { name: 'Add fit' }).click()
  await expect(row(page, 'fit')).toContainText('direction')
  await expect(row(page, 'fit')).toContainText('125')
  await expect(row(page, 'fit')).toContainText(/[0-9a-f]{8}/)

  await page.locator('input[data-prompts]').setInputFiles([
    {
      name: 'tune-mine.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('prompt\nWhich city is the capital of Turkey?\nWhy?\n')
    },
    {
      name: 'chats.jsonl',
      mimeType: 'application/jsonl',
      buffer: Buffer.from(
        '{"messages": [{"role": "system", "content": "<b>Be brief</b>"}, {"role": "user", "content": "Hi."}]}\n{"prompt": "Bye."}\n'
      )
    }
  ])
  await expect(page.getByText('chats.jsonl: 2 prompts.')).toBeVisible()
  // One prompt is also in fit: that is told, and goes when it is taken out.
  await expect(page.getByRole('listitem').filter({ hasText: 'share a prompt' })).toContainText('capital of Turkey')
  await row(page, 'tune-mine').getByRole('button').click()
  await page.getByLabel('prompts, one a line').fill('Why?\nHow?')
  await expect(page.getByText('share a prompt')).toBeHidden()

  // A chat stays as it is, as text, and can be deleted and given back.
  await row(page, 'chats').getByRole('button').click()
  await expect(page.getByText('<b>Be brief</b>')).toBeVisible()
  await page.getByRole('button', { name: 'Delete prompt 1' }).click()
  await expect(row(page, 'chats')).toContainText('1')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByText('<b>Be brief</b>')).toBeVisible()
  await page.getByRole('button', { name: 'Delete the set' }).click()
  await expect(row(page, 'chats')).toHaveCount(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(row(page, 'chats')).toHaveCount(1)
  await expectFit(page)

  // At once after an edit: nothing is lost.
  await row(page, 'tune-mine').getByRole('button').click()
  await page.getByLabel('prompts, one a line').fill('Why?\nHow?\nWhen?')
  await page.reload()
  await expect(row(page, 'tune-mine')).toContainText('3')
  await expect(row(page, 'fit')).toContainText('125')
  await row(page, 'tune-mine').getByRole('button').click()
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download JSONL' }).click()
  const file = await saving
  expect(file.suggestedFilename()).toBe('tune-mine.jsonl')
  expect(readFileSync(await file.path(), 'utf8').split('\n')[2]).toContain('"content":"When?"')

  await page.locator('input[data-prompts]').setInputFiles({
    name: 'broken.jsonl',
    mimeType: 'application/jsonl',
    buffer: Buffer.from('{"prompt": "a"}\n{"prompt": ')
  })
  await expect(page.getByRole('alert')).toContainText('line 2 of broken.jsonl is not JSON')
})

test('long lists of the contrast are there after a reload, and a link still wins over them', async ({
  page,
  fakeUrl
}) => {
  const long = Array.from({ length: 80 }, (_, i) => `Tell me about sunny day number ${i}.`).join('\n')
  // The first page is left before its database is open.
  await page.addInitScript(() => {
    if (sessionStorage.getItem('left') === null) Object.assign(IDBFactory.prototype, { open: () => ({}) })
    sessionStorage.setItem('left', 'yes')
  })
  await page.goto(`${fakeUrl}#/prompts`)
  await page.getByLabel('positive prompts').fill(long)
  await page.reload()
  await expect(page.getByLabel('positive prompts')).toHaveValue(long)
  await page.goto('about:blank')
  await page.goto(`${fakeUrl}#/prompts?positive=up%0Aone%0Atwo`)
  await expect(page.getByLabel('positive prompts')).toHaveValue('one\ntwo')
})

test('a prompt is shown as the model gets it, by keyboard alone', async ({ page, fakeUrl }) => {
  await page.goto(`${fakeUrl}?delay=1#/prompts`)
  const preview = page.getByRole('region', { name: 'What the model gets' })
  await expect(preview.getByRole('link', { name: 'open one' })).toBeVisible()
  await page.goto(`${fakeUrl}?delay=1#/models`)
  await page.getByRole('button', { name: /Open from the hub/ }).press('Enter')
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible()
  await page.getByRole('link', { name: /^Prompts/ }).press('Enter')
  await page.getByLabel('positive prompts').focus()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('<start> the sea\nthe road home')
  await expect(preview.getByRole('listitem')).toHaveText([/<start>, special/, /the/, /sea.*read here/])
  await expect(preview).toContainText('3 tokens under SmolLM2-135M-Instruct, 1 of them special')
  await preview.getByRole('button', { name: 'Next' }).press('Enter')
  await expect(preview.getByRole('listitem')).toHaveText([/the/, /road/, /home.*read here/])
  await expectFit(page)
})
