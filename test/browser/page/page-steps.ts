/** What a person does on the page, for specs. */
import { expect, type Locator, type Page, type Request } from '@playwright/test'
import type { Arm } from '../../../src/state/steer/comparison'

/** Lists as short as a fit can be, greedy answers of 24 tokens, and this question, as a link's settings. */
export function shortSettings(question: string, contrast: readonly [readonly string[], readonly string[]]): string {
  const [positive, negative] = contrast
  return new URLSearchParams({
    temperature: '0',
    maxTokens: '24',
    question,
    positive: ['up', ...positive].join('\n'),
    negative: ['down', ...negative].join('\n')
  }).toString()
}

export const answer = (page: Page, kind: Arm): Locator => page.locator(`section.${kind} .text`)

/** Presses Ask and waits until both answers have ended. */
export async function ask(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Ask', exact: true })
  await button.click()
  await expect(button).toBeVisible()
}

/** Opens a model of six layers on the fake lab, as from the hub. @param delay milliseconds a token */
export async function openHubModel(page: Page, url: string, delay: number): Promise<void> {
  await page.goto(`${url}?delay=${delay}&layers=6#/models`)
  await page.getByLabel('Repository', { exact: true }).fill('owner/one')
  await page.getByLabel('Repository', { exact: true }).press('Enter')
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible({ timeout: 60_000 })
}

/** Goes to a panel by its step. */
export async function goTo(page: Page, panel: string): Promise<void> {
  const steps = page.getByRole('navigation', { name: 'Steps' })
  await steps.getByRole('link', { name: new RegExp(`^${panel}`) }).click()
}

/** Fits the lists on the open model. */
export async function fit(page: Page): Promise<void> {
  await page
    .getByRole('navigation')
    .getByRole('link', { name: /^Steer/ })
    .click()
  await page.getByRole('button', { name: /^Fit / }).click()
  await expect(page.getByLabel('Alpha', { exact: true })).toBeEnabled()
}

/** Moves a slider to one of its steps: by a press on its track, and by the arrow keys where a pixel is more than a step. */
export async function slideTo(slider: Locator, wanted: number): Promise<void> {
  const read = async (what: 'now' | 'min' | 'max'): Promise<number> =>
    Number(await slider.getAttribute(`aria-value${what}`))
  const [min, max] = [await read('min'), await read('max')]
  const track = slider.locator('..')
  const { width = 0, height = 0 } = (await track.boundingBox()) ?? {}
  await track.click({ position: { x: Math.min(width - 1, ((wanted - min) / (max - min)) * width), y: height / 2 } })
  await expect(slider).toBeFocused()
  for (let now = await read('now'); Math.abs(now - wanted) > 1e-9;) {
    const before = now
    await slider.press(now < wanted ? 'ArrowRight' : 'ArrowLeft')
    now = await read('now')
    if (now === before) throw new Error(`the slider stays at ${now}; ${wanted} was wanted`)
  }
}

/** Gives the folder picker a folder, on the Models panel. */
export async function chooseFolder(page: Page, folder: string): Promise<void> {
  await page.locator('input[webkitdirectory]:not([data-adapter])').setInputFiles(folder)
}

/** Waits for the card of a model that is open. */
export async function expectOpen(page: Page, name: string): Promise<Locator> {
  const card = page.getByRole('region', { name: 'Model card' })
  await expect(card.getByRole('heading', { name })).toBeVisible()
  return card
}

/** Waits until the page has laid itself out in so many pixels: no part of it is wider. A new size is not drawn at once. */
export async function expectWidth(page: Page, width: number, where = 'the page'): Promise<void> {
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: where }).toBe(width)
}

/** Waits for colours on their way: they are neither those before nor those after. */
export async function endTransitions(page: Page): Promise<void> {
  await page.evaluate(() => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
    return Promise.allSettled(ending.map(({ finished }) => finished))
  })
}

/** Shows the page in a colour scheme. */
export async function inScheme(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme })
  await endTransitions(page)
}

/** Addresses that the page and its workers ask for from now on, but their own data. */
export function recordRequests(page: Page): string[] {
  const urls: string[] = []
  page.context().on('request', (request: Request) => {
    if (!/^(data|blob):/.test(request.url())) urls.push(request.url())
  })
  return urls
}
