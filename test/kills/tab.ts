/** A study whose tab is killed at random moments: its process crashed, or the tab closed without a word. */
import { setTimeout as wait } from 'node:timers/promises'
import { expect, type Browser, type BrowserContext, type Page } from '@playwright/test'
import type { StudySettings } from '../../src/study/settings'
import { tiny } from '../study/samples/reduced'
import { differences, killsEach, lostCells, momentOf, timelessFiles, type Cells, type Kills } from './kills'
import { bundleOf, cellsOf, hasEnded, openStudy, startStudy, waitForCells } from './page'

/** The study's own protocol on models with a planted habit: a study takes some seconds. */
const asked = '?planted&protocol&layers=6&delay=0'
const settings: StudySettings = { ...tiny, preset: 'custom', device: 'wasm' }
/** A moment is at most so long after a cell, in milliseconds. */
const longest = 150

/** Kills tabs `n` times in all; each study ends at last. `url` is that of the fake page. */
export async function killTabs(
  browser: Browser,
  url: string,
  n: number,
  random: () => number,
  told: (sentence: string) => void
): Promise<Kills> {
  const whole = await inContext(browser, (context) => wholeStudy(context, url + asked))
  let kills: Kills = { killed: 0, resumed: 0, lost: 0, studies: 0, differing: 0 }
  while (kills.killed < n) {
    const most = Math.min(killsEach, n - kills.killed)
    const one = await inContext(browser, (context) => new Tabs(context, url + asked, random).kill(most, whole.cells))
    const other = differences(whole.files, timelessFiles(one.bundle))
    kills = {
      killed: kills.killed + one.killed,
      resumed: kills.resumed + one.resumed,
      lost: kills.lost + one.lost,
      studies: kills.studies + 1,
      differing: kills.differing + (other.length > 0 ? 1 : 0)
    }
    told(`${kills.killed} killed, ${kills.lost} cells lost; other files: ${other.join(', ') || 'none'}`)
  }
  return kills
}

/** What a study that runs through says, and how many cells it has. */
async function wholeStudy(
  context: BrowserContext,
  url: string
): Promise<{ readonly files: ReadonlyMap<string, string>; readonly cells: number }> {
  const page = await context.newPage()
  await openStudy(page, url)
  await startStudy(page, settings)
  let cells = 0
  while (!(await hasEnded(page))) cells = Math.max(cells, (await cellsOf(page)).size)
  return { files: timelessFiles(await bundleOf(page)), cells }
}

async function inContext<T>(browser: Browser, work: (context: BrowserContext) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ serviceWorkers: 'block' })
  try {
    return await work(context)
  } finally {
    await context.close()
  }
}

interface Outcome {
  readonly killed: number
  readonly resumed: number
  readonly lost: number
  readonly bundle: Uint8Array
}

/** One study in one browser, in tab after tab. */
class Tabs {
  readonly #context: BrowserContext
  readonly #url: string
  readonly #random: () => number

  constructor(context: BrowserContext, url: string, random: () => number) {
    this.#context = context
    this.#url = url
    this.#random = random
  }

  /** Kills up to `n` tabs, then lets the study end. */
  async kill(n: number, total: number): Promise<Outcome> {
    let page = await this.#open()
    await startStudy(page, settings)
    let [killed, resumed, lost, seen]: [number, number, number, Cells] = [0, 0, 0, new Map()]
    while (killed < n) {
      const { cells, ms } = momentOf(this.#random, total, longest)
      await waitForCells(page, Math.min(total, seen.size + cells))
      await wait(ms)
      if (await hasEnded(page)) break
      const before = await cellsOf(page)
      await this.#killTab(page)
      killed++
      page = await this.#open()
      if (await hasEnded(page)) break
      seen = await cellsOf(page)
      lost += lostCells(before, seen)
      await page.getByRole('region', { name: 'Kept studies' }).getByRole('button', { name: 'Go on' }).click()
      await expect(page.getByRole('region', { name: 'Running study' })).toBeVisible()
      resumed++
    }
    // Those that ended between two looks were not to be gone on with.
    return { killed, resumed: (await hasEnded(page)) ? killed : resumed, lost, bundle: await bundleOf(page) }
  }

  async #open(): Promise<Page> {
    const page = await this.#context.newPage()
    await openStudy(page, this.#url)
    return page
  }

  async #killTab(page: Page): Promise<void> {
    if (this.#random() < 0.5) return page.close({ runBeforeUnload: false })
    const session = await this.#context.newCDPSession(page)
    const crashed = page.waitForEvent('crash')
    session.send('Page.crash').catch(() => undefined)
    await crashed
    await page.close()
  }
}
