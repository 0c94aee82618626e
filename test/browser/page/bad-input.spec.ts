/** What cannot be opened or asked: the page says so in a sentence, offers an action, and goes on working. */
import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, expect, test as base, type Page } from '@playwright/test'
import { browserFlags, findBrowser } from '../../../scripts/browser.mjs'
import { loadFixture } from '../../fixtures'
import { wordTokenizer } from '../../word-tokenizer'
import { answer, ask, chooseFolder, expectOpen, fit, shortSettings } from './page-steps'

const name = 'small-llama'
const settings = shortSettings('t1 t2', [
  ['t3 t4 t5', 't6 t7 t8'],
  ['t9 t10', 't11 t12']
])

/** `folder`: a whole model, small enough to be opened after each thing that went wrong. */
const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const parent = mkdtempSync(join(tmpdir(), 'azimuth-bad-'))
    const folder = join(parent, name)
    const { folder: fixture, reference } = loadFixture('llama-genai')
    cpSync(fixture, folder, { recursive: true })
    for (const [file, text] of Object.entries(wordTokenizer(reference.vocab))) writeFileSync(join(folder, file), text)
    await use(folder)
    rmSync(parent, { recursive: true, force: true })
  }
})

/** The shown failure has this sentence, this action, and this among its details. */
async function expectFailure(page: Page, sentence: string, action: string, details: RegExp): Promise<void> {
  const alert = page.getByRole('alert')
  await expect(alert).toContainText(sentence)
  await expect(alert.getByRole('button', { name: action })).toBeVisible()
  await alert.getByText('What happened').click()
  await expect(alert).toContainText(details)
}

/** The page opens a whole model and answers with it. */
async function expectWorking(page: Page, folder: string): Promise<void> {
  await page
    .getByRole('navigation')
    .getByRole('link', { name: /^Models/ })
    .click()
  await chooseFolder(page, folder)
  await expectOpen(page, name)
  await expect(page.getByRole('alert')).toHaveCount(0)
  await fit(page)
  await ask(page)
  await expect(answer(page, 'base')).toHaveText(/^(t\d+ ?)+$/)
}

async function openFromHub(page: Page): Promise<void> {
  await page.goto(`./#/models?${settings}`)
  await page.getByLabel('Repository').fill('owner/model')
  await page.getByLabel('Repository').press('Enter')
}

const fromHub: readonly [string, { readonly status?: number; readonly headers?: Record<string, string> }, RegExp][] = [
  ['has no such model', { status: 404 }, /owner\/model at revision main does not exist \(HTTP 404\): check the name/],
  [
    'wants a token',
    { status: 401, headers: { 'X-Error-Code': 'GatedRepo' } },
    /may not be read \(HTTP 401\).*accept its licence.*token/
  ],
  ['cannot be reached', {}, /huggingface\.co.*/]
]

for (const [what, { status, headers }, details] of fromHub) {
  test(`a hub that ${what}`, async ({ page, folder }) => {
    await page.route('https://huggingface.co/**', (route) =>
      status === undefined
        ? route.abort('internetdisconnected')
        : route.fulfill({ status, headers: { 'Access-Control-Allow-Origin': '*', ...headers }, body: '{}' })
    )
    await openFromHub(page)
    await expectFailure(page, 'The files could not be fetched.', 'Try again', details)
    await expectWorking(page, folder)
  })
}

test('a hub that comes back: the action opens the model', async ({ page, folder }) => {
  let isOnline = false
  const files = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx', 'onnx/model.onnx_data']
  await page.route('https://huggingface.co/**', (route) => {
    const { pathname } = new URL(route.request().url())
    const headers = { 'Access-Control-Allow-Origin': '*' }
    if (!isOnline) return route.abort('internetdisconnected')
    if (pathname.includes('/revision/')) return route.fulfill({ json: { sha: 'a'.repeat(40) }, headers })
    if (pathname.includes('/tree/')) {
      return route.fulfill({ json: files.map((path) => ({ type: 'file', path, size: 0 })), headers })
    }
    return route.fulfill({ path: join(folder, pathname.replace(/^.*\/a{40}\//, '')), headers })
  })
  await openFromHub(page)
  const again = page.getByRole('alert').getByRole('button', { name: 'Try again' })
  await expect(again).toBeVisible()
  isOnline = true
  await again.click()
  await expectOpen(page, 'model')
})

const folders: readonly [string, (folder: string) => void, string, string, RegExp][] = [
  [
    'with a graph that ends early',
    (folder) => truncateSync(join(folder, 'onnx/model_q4.onnx'), 5000),
    'A file is damaged or cut short.',
    'Try again',
    /not a whole ONNX file.*fetch it again/
  ],
  [
    'with weights that end early',
    (folder) => truncateSync(join(folder, 'onnx/model_q4.onnx_data'), 5000),
    'A file is damaged or cut short.',
    'Try again',
    /model_q4\.onnx_data ends before byte \d+: fetch it again/
  ],
  [
    'without its weights',
    (folder) => rmSync(join(folder, 'onnx/model_q4.onnx_data')),
    'A file is not what it should be.',
    'Choose another model',
    /no onnx\/model_q4\.onnx_data among its/
  ],
  [
    'without a graph',
    (folder) => rmSync(join(folder, 'onnx'), { recursive: true }),
    'A file is not what it should be.',
    'Choose another model',
    /no \.onnx file in "broken"; choose the folder that holds config\.json and onnx\//
  ],
  [
    'without a config',
    (folder) => rmSync(join(folder, 'config.json')),
    'A file is not what it should be.',
    'Choose another model',
    /no config\.json among its \d+ files: choose the folder/
  ],
  [
    "with another model's config",
    (folder) => writeFileSync(join(folder, 'config.json'), '{"model_type":"llama","num_hidden_layers":7}'),
    'A file is not what it should be.',
    'Choose another model',
    /different models/
  ]
]

for (const [what, damage, sentence, action, details] of folders) {
  test(`a folder ${what}`, async ({ page, folder }) => {
    const broken = join(folder, '..', 'broken')
    cpSync(folder, broken, { recursive: true })
    damage(broken)
    await page.goto(`./#/models?${settings}`)
    await chooseFolder(page, broken)
    await expectFailure(page, sentence, action, details)
    await expectWorking(page, folder)
  })
}

test('a question beyond the context; another model that is open stays so', async ({ page, folder }) => {
  await page.goto(`./#/models?${settings}`)
  await expectWorking(page, folder)
  await page.getByLabel('Question').fill('t5 '.repeat(200))
  await ask(page)
  await expectFailure(page, 'do not fit together', 'Edit the prompts', /200 tokens.*context holds 128.*shorten/)
  await page.getByLabel('Question').fill('t1 t2')
  await ask(page)
  await expect(answer(page, 'base')).toHaveText(/^(t\d+ ?)+$/)
  await expect(page.getByRole('alert')).toHaveCount(0)
})

/** The small model opens on WebAssembly for this reason; asked for WebGPU, the page offers WebAssembly instead. */
async function expectWasm(page: Page, folder: string, reason: string): Promise<void> {
  await chooseFolder(page, folder)
  await expect(await expectOpen(page, name)).toContainText(reason)
  await page.getByRole('button', { name: `Unload ${name}` }).click()
  await page.getByRole('combobox', { name: /^Device/ }).selectOption('WebGPU')
  await chooseFolder(page, folder)
  await expectFailure(page, 'The device failed', 'Open on WebAssembly', /webgpu was asked for.*offers wasm/)
  await page.getByRole('alert').getByRole('button').click()
  await expectOpen(page, name)
}

test('a browser without WebGPU', async ({ page, folder }) => {
  // What a page's own script takes away, its workers still have: their script has to do it.
  await page.route('**/assets/model-*.js', async (route) => {
    const response = await route.fetch()
    const without = `Reflect.deleteProperty(WorkerNavigator.prototype, 'gpu');`
    await route.fulfill({ response, body: without + (await response.text()) })
  })
  await page.goto(`./#/models?${settings}`)
  await expectWasm(page, folder, 'WASM, since this browser has no WebGPU')
})

test('a machine without a graphics adapter', async ({ baseURL, folder }) => {
  test.skip(Boolean(process.env['AZIMUTH_GPU']), 'this machine has one')
  const executablePath = await findBrowser()
  const args = browserFlags.filter((flag) => !flag.includes('webgpu'))
  const without = await chromium.launch({ args, ...(executablePath && { executablePath }) })
  try {
    const page = await without.newPage()
    await page.goto(`${baseURL}#/models?${settings}`)
    await expectWasm(page, folder, 'WASM, since WebGPU found no graphics adapter')
  } finally {
    await without.close()
  }
})
