/**
 * Hubs and folders that mean harm, against the page's worker and its file system: each ends in a typed error or in the
 * right file. The list is that of the tests in Node.
 */
import { createHash } from 'node:crypto'
import { expect, type Browser } from '@playwright/test'
import { defaultPatience, type Patience } from '../../../workers/sources/limits'
import { folderCases, hubCases, repo, type Case } from '../../workers/sources/hostile-modes'
import { startHostile } from '../../workers/sources/hostile-server'
import { data, weights } from '../../workers/sources/small-repo'
import { ask, test } from './sources-site'

/** So that most modes take seconds. A mode that a busy machine cannot answer within it is met again as the page meets it. */
const short: Patience = {
  ...{ tries: 2, backoff: 1, longestWait: 200, answer: 3000, stall: 3000 },
  ...{ leastRate: 2000, listing: 10_000 }
}
/** Modes at the same time, each in a browser context of its own: most of them wait. */
const lanes = 4
const sum = createHash('sha256').update(weights).digest('hex')

/** How a mode ended: `file`, `another file`, or the code of an error on one line. */
async function end(
  browser: Browser,
  site: string,
  { mode }: Case,
  isHub: boolean,
  patience: Patience
): Promise<string> {
  const server = await startHostile(repo, mode)
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(site)
    const source = isHub
      ? ({ kind: 'hub', repo: 'owner/name', endpoint: server.url } as const)
      : ({ kind: 'url', url: `${server.url}/plain/owner/name` } as const)
    const answer = await ask(page, { verb: 'read', source, paths: [data], patience })
    if (typeof answer === 'string') return /^([a-z-]+): [^\n]+$/.exec(answer)?.[1] ?? answer
    return (answer as { sums: Record<string, string> }).sums[data] === sum ? 'file' : 'another file'
  } finally {
    await context.close()
    await server.close()
  }
}

for (const [what, cases, isHub] of [
  ['a hub', hubCases, true],
  ['a folder', folderCases, false]
] as const) {
  test(`${what} that means harm, in ${cases.length} ways`, async ({ browser, site }) => {
    test.setTimeout(900_000)
    const ends: { readonly name: string; readonly end: string; readonly isExpected: boolean }[] = []
    const left = [...cases]
    const lane = async (): Promise<void> => {
      for (let one = left.shift(); one; one = left.shift()) {
        const expected: readonly string[] = one.ends
        let ended = await end(browser, site.url, one, isHub, short)
        if (ended === 'network' && !expected.includes(ended)) {
          ended = await end(browser, site.url, one, isHub, defaultPatience)
        }
        ends.push({ name: one.name, end: ended, isExpected: expected.includes(ended) })
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    expect(ends).toHaveLength(cases.length)
    expect(ends.filter(({ isExpected }) => !isExpected)).toEqual([])
  })
}
