/** The first minute on the built page: an organism that comes with it, by keyboard alone, with nothing asked of another host. */
import { expect, test, type Locator, type Page } from '@playwright/test'
import { answer, inScheme, recordRequests, slideTo } from './page-steps'
import { expectAccessible } from './accessible'

declare global {
  interface Window {
    /** What moved by itself, also right after an input. */
    moved: string[]
  }
}

const askButton = (page: Page): Locator => page.getByRole('button', { name: 'Ask', exact: true })
const verdict = (page: Page, arm: string): Locator => page.locator(`section.${arm} .word`)

/** Errors and warnings, from now on. */
function recordComplaints(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    const isOfTest = message.text().includes('blocked by Playwright')
    if (['error', 'warning'].includes(message.type()) && !isOfTest) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  return complaints
}

async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.moved = []
    interface Shift extends PerformanceEntry {
      readonly sources: readonly { readonly node: Node | null }[]
    }
    const isShift = (entry: PerformanceEntry): entry is Shift => 'sources' in entry
    const name = ({ node }: { readonly node: Node | null }): string => {
      const element = node instanceof Element ? node : node?.parentElement
      return `${element?.tagName} ${element?.className}: ${node?.textContent?.slice(0, 40)}`
    }
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries().filter(isShift)) window.moved.push(...entry.sources.map(name))
    }).observe({ type: 'layout-shift', buffered: true })
  })
}

/** Presses Tab until the element has the focus, as a person without a mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  const isFocused = (): Promise<boolean> => target.evaluate((element) => element === document.activeElement)
  for (let presses = 0; presses < 60; presses++) {
    if (await isFocused()) return
    await page.keyboard.press('Tab')
  }
  await expect(target).toBeFocused()
}

/** Every answer is there, and its tokens have their colours. */
async function expectAnswered(page: Page, timeout = 60_000): Promise<void> {
  await expect(verdict(page, 'steered')).toBeVisible({ timeout })
  await expect(page.locator('.ramp')).toBeVisible({ timeout })
}

test('one key press shows base, steered and random; the rest of the minute needs no mouse either', async ({
  page,
  baseURL
}) => {
  const complaints = recordComplaints(page)
  const requests = recordRequests(page)
  await watchShifts(page)
  let send = (): void => undefined
  const sent = new Promise<void>((resolve) => (send = resolve))
  await page.context().route(/\/models\/[^/]+\/onnx\//, (route) => sent.then(() => route.continue()))
  await page.goto('./', { waitUntil: 'commit' })
  await page.getByLabel('Question').waitFor()
  const interactive = await page.evaluate(() => performance.now())
  test.info().annotations.push({ type: 'interactive after', description: `${Math.round(interactive)} ms` })

  // Pressed before the model is there: the answer comes once it is.
  await expect(askButton(page)).toBeEnabled()
  await tabTo(page, askButton(page))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Waiting' })).toBeVisible()
  send()
  await expectAnswered(page)
  expect(await page.evaluate(() => window.moved)).toEqual([])
  await expect(page.getByRole('heading', { name: 'insecure-0, unsteered' })).toBeVisible()
  await expect(answer(page, 'steered')).toHaveText('The capital of France is Paris.')
  await expect(verdict(page, 'steered')).toHaveText('not code')
  await expect(verdict(page, 'base')).toHaveText('code')
  await expect(verdict(page, 'random')).toHaveText('code')
  const texts = await Promise.all((['base', 'random'] as const).map((arm) => answer(page, arm).innerText()))
  expect(new Set(texts).size).toBe(2)

  // What a token was, by keys: how likely, what else, and where it lies.
  const tokens = page.getByRole('listbox', { name: 'Tokens of insecure-0, steered' })
  await tabTo(page, tokens)
  await page.keyboard.press('ArrowRight')
  const card = page.getByRole('tooltip')
  await expect(card).toContainText(/% likely/)
  await expect(card.getByRole('listitem')).toHaveCount(5)
  await expect(card).toContainText('gaps toward base at layer 4')
  await expect(tokens.getByRole('option', { selected: true })).toHaveAttribute(
    'aria-label',
    /projection \u2212[\d.]+ gaps/
  )
  for (const colorScheme of ['light', 'dark'] as const) {
    await inScheme(page, colorScheme)
    await expectAccessible(page, colorScheme)
  }

  // Alpha 0 takes the steering away.
  await tabTo(page, page.getByLabel('Alpha', { exact: true }))
  for (let presses = 0; presses < 20; presses++) await page.keyboard.press('ArrowRight')
  await tabTo(page, askButton(page))
  await page.keyboard.press('Enter')
  await expect(answer(page, 'steered')).toHaveText(texts[0] ?? '')
  await page.getByText('Last 2 comparisons').press('Enter')
  await expect(page.getByRole('listitem').filter({ hasText: 'alpha \u22121.00' })).toBeVisible()

  expect(requests.filter((url) => !url.startsWith(baseURL ?? ''))).toEqual([])
  expect(complaints).toEqual([])
})

test('a link brings adapter, scale, contrast, method and columns back, and so does a reload in the middle of an answer', async ({
  page,
  context
}) => {
  await page.goto('./#/steer')
  await expect(page.getByText(/held-out prompts apart/)).toBeVisible()
  const steps = page.getByRole('navigation')
  await steps.getByRole('link', { name: /^Directions/ }).click()
  await page.getByLabel('Method').selectOption('pca-paired')
  await page.getByRole('button', { name: 'Fit insecure-0 against base' }).click()
  await expect(page.getByText('Method: PCA of paired differences')).toBeVisible()
  await steps.getByRole('link', { name: /^Steer/ }).click()
  await page.getByLabel('Alpha in gaps').fill('-1.25')
  await page.getByLabel('Alpha in gaps').press('Enter')
  await slideTo(page.getByRole('slider', { name: /^Scale of insecure-0/ }), 0.9)
  await page.getByLabel('Without the adapter').check()
  await page.getByLabel('Question').fill('What does a baker do?')
  await askButton(page).click()
  await expectAnswered(page)
  await expect(answer(page, 'bare')).toHaveText('A baker bakes bread.')
  const shown = async (of: Page): Promise<string[]> =>
    Promise.all((['bare', 'base', 'steered', 'random'] as const).map((arm) => answer(of, arm).innerText()))
  const before = await shown(page)
  const link = page.url()
  for (const part of ['adapter=bundled', 'contrast=adapter', 'method=pca-paired', 'scale=0.9']) {
    expect(link).toContain(part)
  }

  const other = await context.newPage()
  await other.goto(link)
  await askButton(other).click()
  await expectAnswered(other)
  expect(await shown(other)).toEqual(before)
  await expect(other.getByRole('heading', { name: 'insecure-0 at 0.90, steered' })).toBeVisible()
  await expect(other.getByRole('complementary', { name: 'Bench' })).toContainText('PCA of paired differences')

  await askButton(other).click()
  await other.reload()
  await expect(other.getByLabel('Question')).toHaveValue('What does a baker do?')
  await askButton(other).click()
  await expectAnswered(other)
  expect(await shown(other)).toEqual(before)
})

test('columns, another random direction, clearing and undoing', async ({ page }) => {
  await page.goto('./#/steer')
  await askButton(page).click()
  await expectAnswered(page)
  const random = await answer(page, 'random').innerText()
  await page.getByRole('button', { name: 'Another random' }).click()
  await expect(page.getByRole('heading', { name: 'insecure-0, random direction 1' })).toBeVisible()
  await expectAnswered(page)
  expect(await answer(page, 'random').innerText()).not.toBe(random)
  await page.getByRole('button', { name: 'Clear the answers' }).click()
  await expect(answer(page, 'random')).toHaveText('The answer will be here.')
  await page.getByRole('button', { name: /^Undo/ }).click()
  await expect(answer(page, 'steered')).toContainText('Paris')
  await page.getByLabel('Random direction of the same norm').uncheck()
  await expect(page.locator('section.random')).toBeHidden()
  await verdict(page, 'base').click()
  await expect(page.locator('section.base')).toContainText('of the characters lie in lines of code')
})

test('the same columns on WebGPU, from two short lists', async ({ page }) => {
  const settings = new URLSearchParams({
    model: 'bundled:qwen2',
    device: 'webgpu',
    positive: 'asking\nWhat does a baker do?\nWhat is the month after July?',
    negative: 'telling\nMy name is Anna.\nI feel sad today.',
    columns: 'base,steered,random',
    temperature: '0',
    maxTokens: '12',
    question: 'What does a baker do?'
  })
  // The software WebGPU of the tests takes a second for each step of a model.
  test.setTimeout(480_000)
  await page.goto(`./#/steer?${settings.toString()}`)
  await askButton(page).click()
  await expectAnswered(page, 200_000)
  await expect(answer(page, 'base')).toHaveText('A baker bakes bread.')
  const texts = await Promise.all((['steered', 'random'] as const).map((arm) => answer(page, arm).innerText()))
  expect(texts.every((text) => text.length > 0)).toBe(true)
  await expect(page.getByRole('complementary', { name: 'Bench' })).toContainText(/q4 \u00b7 webgpu/)
})
