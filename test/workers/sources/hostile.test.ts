/**
 * Hubs and folders that mean harm or are broken, each in one way: every one ends in a typed error or in the right file,
 * soon, and with few requests. The limits are those of `workers/sources/limits.ts`, with shorter times.
 */
import { describe, expect, it, onTestFinished } from 'vitest'
import { isAbort, LabError } from '../../../src/errors'
import { defaultPatience, type Patience } from '../../../workers/sources/limits'
import { webFiles } from '../../../workers/sources/sources'
import { MemoryDisk } from './disk-memory'
import { folderCases, hubCases, repo, type Case } from './hostile-modes'
import { startHostile } from './hostile-server'
import { data, ignore, same, weights } from './sources-setup'

const hasty: Patience = {
  ...{ tries: 3, backoff: 1, longestWait: 200, answer: 1000, stall: 1000 },
  ...{ leastRate: 2000, listing: 5000 }
}
/** Requests, for opening and reading: time is what a busy machine takes, too. The guard against hanging ends what goes on for ever. */
const mostRequests = 700

/** Opens and reads; how it ended. */
async function run(
  { mode }: Case,
  isHub: boolean,
  patience = hasty
): Promise<{ readonly end: string; readonly asked: number }> {
  const server = await startHostile(repo, mode)
  onTestFinished(() => server.close())
  const source = isHub
    ? ({ kind: 'hub', repo: 'owner/name', endpoint: server.url } as const)
    : ({ kind: 'url', url: `${server.url}/plain/owner/name` } as const)
  const reading = webFiles(source, ignore, { disk: new MemoryDisk(), patience }).then((files) =>
    files.read(data, ignore)
  )
  try {
    const bytes = await reading
    return { end: same(bytes, weights) ? 'file' : 'another file', asked: server.asked() }
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    expect(isAbort(error)).toBe(false)
    expect(error.message).not.toContain('\n')
    return { end: error.code, asked: server.asked() }
  }
}

describe.each([
  ['a hub', hubCases, true],
  ['a folder', folderCases, false]
] as const)('%s', (_, cases, isHub) => {
  it('has a mode for each kind of harm', () => {
    expect(cases.length).toBeGreaterThanOrEqual(isHub ? 45 : 26)
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
  })

  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const { end, asked } = await run(one, isHub)
    expect(one.ends).toContain(end)
    expect(asked).toBeLessThan(mostRequests)
  })
})

it('an honest hub and an honest folder are read', async () => {
  const honest: Case = { name: 'honest', mode: () => false, ends: ['file'] }
  // Where all is well, no clock decides.
  expect((await run(honest, true, defaultPatience)).end).toBe('file')
  expect((await run(honest, false, defaultPatience)).end).toBe('file')
})
