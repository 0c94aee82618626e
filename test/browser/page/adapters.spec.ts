/** A real adapter on a small model in the page: from a zip and from a folder, proven, scaled, and what is refused. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test as base, type Page } from '@playwright/test'
import { zipSync } from 'fflate'
import { adapterFolder } from '../../adapters'
import { loadFixture } from '../../fixtures'
import { wordTokenizer } from '../../word-tokenizer'
import { answer, ask, chooseFolder, expectOpen, fit, shortSettings, slideTo } from './page-steps'
import { expectAccessible } from './accessible'

const name = 'small-llama'
const settings = shortSettings('t1 t2', [
  ['t3 t4 t5', 't6 t7 t8'],
  ['t9 t10', 't11 t12']
])

/** `folder`: a whole model with a tokenizer of words, and beside it adapters. */
const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const parent = mkdtempSync(join(tmpdir(), 'azimuth-adapters-'))
    const folder = join(parent, name)
    const { folder: fixture, reference } = loadFixture('llama-genai')
    cpSync(fixture, folder, { recursive: true })
    for (const [file, text] of Object.entries(wordTokenizer(reference.vocab))) writeFileSync(join(folder, file), text)
    await use(folder)
    rmSync(parent, { recursive: true, force: true })
  }
})

/** An adapter's two files as a zip, in a folder as most tools make it. */
function zipOf(folder: string, weights = 'adapter_model.safetensors'): Buffer {
  const files = ['adapter_config.json', 'adapter_model.safetensors'].map(
    (file) =>
      [
        `run/${file.replace('adapter_model.safetensors', weights)}`,
        new Uint8Array(readFileSync(join(folder, file)))
      ] as const
  )
  return Buffer.from(zipSync(Object.fromEntries(files)))
}

async function chooseZip(page: Page, called: string, buffer: Buffer): Promise<void> {
  await page.locator('input[data-adapter="file"]').setInputFiles({ name: called, mimeType: 'application/zip', buffer })
}

const card = (page: Page, called: string) => page.getByRole('article', { name: `Adapter ${called}` })

async function askAgain(page: Page): Promise<string> {
  await page
    .getByRole('navigation')
    .getByRole('link', { name: /^Steer/ })
    .click()
  await ask(page)
  const text = await answer(page, 'base').innerText()
  await page
    .getByRole('navigation')
    .getByRole('link', { name: /^Models/ })
    .click()
  return text
}

test('an adapter from a zip and one from a folder: proven, scaled, off; a pickle is refused', async ({
  page,
  folder
}) => {
  await page.goto(`./#/models?${settings}&device=wasm&dtype=fp32`)
  await chooseFolder(page, folder)
  await expectOpen(page, name)
  await fit(page)
  const plain = await askAgain(page)

  // From a zip, which opens the model again, since it was opened without room.
  await chooseZip(page, 'first.zip', zipOf(join(folder, 'adapter')))
  const first = card(page, 'run')
  await expect(first).toContainText(/logits move by [\d.]+ \(norm\), [\d.]+\s%/)
  await expect(first.getByRole('img', { name: /Change of the hidden state at each of 3 layers/ })).toBeVisible()
  await expect(page.getByText('Fitted without an adapter; the model now runs with adapter')).toBeVisible()
  const adapted = await askAgain(page)
  expect(adapted).not.toBe(plain)

  // Scale 0 is the base to the bit, so greedy answers are the same.
  const scale = first.getByRole('slider', { name: 'Scale of run' })
  await slideTo(scale, 0)
  await expect(scale).toHaveAttribute('aria-valuetext', '0, the base')
  expect(await askAgain(page)).toBe(plain)
  await slideTo(scale, 1)
  expect(await askAgain(page)).toBe(adapted)

  // A second one from a folder: it changes nothing, and says so.
  await page.locator('input[data-adapter="folder"]').setInputFiles(adapterFolder('zero'))
  const second = card(page, 'zero')
  await expect(second).toContainText('It changes nothing')
  await expect(first.getByRole('button', { name: 'Use run' })).toBeVisible()
  expect(await askAgain(page)).toBe(plain)

  // A pickle is refused in words, and what is loaded stays.
  await chooseZip(page, 'pickle.zip', zipOf(join(folder, 'adapter'), 'adapter_model.bin'))
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('This is no adapter that can be read here.')
  await alert.getByText('What happened').click()
  await expect(alert).toContainText(/is a pickle, which can run any program.*save_pretrained/)
  await expectAccessible(page)
  await alert.getByRole('button', { name: 'Choose another adapter' }).click()

  // By the keyboard: back to the first one, off, and away, on the bench.
  const bench = page.getByRole('complementary', { name: 'Bench' })
  await bench.getByRole('button', { name: /^Adapter run/ }).press('Enter')
  await expect(first).toContainText('in use')
  await bench.getByRole('button', { name: /^Adapter run/ }).press('Space')
  await expect(first).toContainText('loaded')
  await bench.getByRole('button', { name: 'Remove adapter run' }).press('Enter')
  await expect(first).toHaveCount(0)
  expect(await askAgain(page)).toBe(plain)
})

test('an adapter of another model is refused, and the model goes on', async ({ page, folder }) => {
  await page.goto(`./#/models?${settings}&device=wasm&dtype=fp32`)
  await chooseFolder(page, folder)
  await expectOpen(page, name)
  await page.locator('input[data-adapter="folder"]').setInputFiles(adapterFolder('excluded'))
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('This adapter cannot be attached to this model.')
  await alert.getByText('What happened').click()
  await expect(alert).toContainText('it was trained on another model')
  await fit(page)
  await ask(page)
  await expect(answer(page, 'base')).toHaveText(/^(t\d+ ?)+$/)
})
