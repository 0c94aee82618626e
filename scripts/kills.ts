/**
 * `npm run kills -- [--node N] [--tab N] [--worker N] [--seed S]`: kills studies at random moments, goes on with them, and
 * counts cells that were lost and bundles that differ from that of a study that ran through.
 */
import { parseArgs } from 'node:util'
import { chromium } from '@playwright/test'
import { seeded } from '../src/math/random'
import type { Kills } from '../test/kills/kills'
import { killNode } from '../test/kills/node'
import { killTabs } from '../test/kills/tab'
import { killWorkers } from '../test/kills/worker'
import { withFakeSite } from '../test/browser/fake-build'
import { browserFlags, findBrowser } from './browser.mjs'
import { serve } from './serve.mjs'

type Kind = (n: number, random: () => number, told: (sentence: string) => void) => Promise<Kills>

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { node: text, tab: text, worker: text, seed: text } })

const kinds: readonly (readonly [string, string | undefined, Kind])[] = [
  ['npm run study, SIGKILL', values.node, killNode],
  [
    'tab, crashed or closed',
    values.tab,
    inBrowser((browser, ...rest) => withFakeSite((url) => killTabs(browser, url, ...rest)))
  ],
  [
    'worker of the model',
    values.worker,
    inBrowser((browser, ...rest) => withPage((url) => killWorkers(browser, url, ...rest)))
  ]
]

async function main(): Promise<number> {
  const seed = natural(values.seed ?? '1')
  const chosen = kinds.map(([name, n, kill]) => [name, natural(n ?? '0'), kill] as const).filter(([, n]) => n !== 0)
  if (!Number.isInteger(seed) || chosen.length === 0 || chosen.some(([, n]) => Number.isNaN(n))) {
    console.error('npm run kills -- [--node N] [--tab N] [--worker N] [--seed S]: at least one N of 1 or more')
    return 2
  }
  let wrong = 0
  for (const [name, n, kill] of chosen) {
    const { killed, resumed, lost, studies, differing } = await kill(n, seeded(seed), (line) => console.error(line))
    console.log(
      `${name}: ${killed} killed, ${resumed} resumed, ${lost} cells lost, ${differing} of ${studies} bundles differ`
    )
    wrong += lost + differing + killed - resumed
  }
  return wrong === 0 ? 0 : 1
}

/** NaN for what is no number of kills. */
function natural(option: string): number {
  return /^\d{1,6}$/.test(option) ? Number(option) : NaN
}

type BrowserKind = (browser: Awaited<ReturnType<typeof chromium.launch>>, ...rest: Parameters<Kind>) => Promise<Kills>

function inBrowser(kill: BrowserKind): Kind {
  return async (...rest) => {
    const executablePath = await findBrowser()
    const browser = await chromium.launch({ args: browserFlags, ...(executablePath && { executablePath }) })
    try {
      return await kill(browser, ...rest)
    } finally {
      await browser.close()
    }
  }
}

/** The page as `npm run build` left it. */
async function withPage<T>(work: (url: string) => Promise<T>): Promise<T> {
  const site = await serve({ root: 'dist' })
  try {
    return await work(site.url)
  } finally {
    await site.close()
  }
}

process.exitCode = await main()
