/** A study in the built page whose model worker ends at random moments, without an event: the study opens the model again. */
import { setTimeout as wait } from 'node:timers/promises'
import { expect, type Browser, type Page } from '@playwright/test'
import type { StudySettings } from '../../src/study/settings'
import { tiny } from '../study/reduced'
import { differences, killsEach, lostCells, momentOf, timelessFiles, type Cells, type Kills } from './kills'
import { bundleOf, cellsOf, hasEnded, openStudy, startStudy, waitForCells } from './page'

const settings: StudySettings = { ...tiny, preset: 'custom', device: 'wasm' }
/** A moment is at most so long after a cell, in milliseconds. */
const longest = 1000

/** Kills workers `n` times in all. `url` is that of the built page. */
export async function killWorkers(
  browser: Browser,
  url: string,
  n: number,
  random: () => number,
  told: (sentence: string) => void
): Promise<Kills> {
  const whole = await study(browser, url, async () => ({ killed: 0, lost: 0 }))
  const expected = timelessFiles(whole.bundle)
  let kills: Kills = { killed: 0, resumed: 0, lost: 0, studies: 0, differing: 0 }
  while (kills.killed < n) {
    const most = Math.min(killsEach, n - kills.killed)
    const one = await study(browser, url, (page) => killSome(page, most, random))
    const other = differences(expected, timelessFiles(one.bundle))
    kills = {
      killed: kills.killed + one.killed,
      resumed: kills.resumed + one.killed,
      lost: kills.lost + one.lost,
      studies: kills.studies + 1,
      differing: kills.differing + (other.length > 0 ? 1 : 0)
    }
    told(`${kills.killed} killed, ${kills.lost} cells lost; other files: ${other.join(', ') || 'none'}`)
  }
  return kills
}

interface Lost {
  readonly killed: number
  readonly lost: number
}

async function study(
  browser: Browser,
  url: string,
  kill: (page: Page) => Promise<Lost>
): Promise<Lost & { readonly bundle: Uint8Array }> {
  const context = await browser.newContext({ serviceWorkers: 'block' })
  try {
    const page = await context.newPage()
    await openStudy(page, url)
    await startStudy(page, settings)
    return { ...(await kill(page)), bundle: await bundleOf(page) }
  } finally {
    await context.close()
  }
}

/** Kills the worker of the model that is open, up to `n` times. A study that does not open it again by itself is told to. */
async function killSome(page: Page, n: number, random: () => number): Promise<Lost> {
  let [killed, lost, seen]: [number, number, Cells] = [0, 0, new Map()]
  while (killed < n) {
    const { cells, ms } = momentOf(random, 100, longest)
    await waitForCells(page, seen.size + Math.max(1, cells))
    await wait(ms)
    if (await hasEnded(page)) break
    const now = await cellsOf(page)
    lost += lostCells(seen, now)
    seen = now
    if (!(await endWorker(page))) continue
    killed++
    await waitForCells(page, seen.size + 1)
  }
  return { killed, lost }
}

/** False where no model is open just now. */
async function endWorker(page: Page): Promise<boolean> {
  const worker = page.workers().find((one) => /\/model-[^/]*\.js/.test(one.url()))
  if (!worker) return false
  const closed = worker.waitForEvent('close')
  await worker.evaluate(() => self.close()).catch(() => undefined)
  await closed
  await expect(page.getByRole('alert')).toHaveCount(0)
  return true
}
