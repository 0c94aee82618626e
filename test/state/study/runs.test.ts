/** A run that comes with the page is shown as it states itself, then worked out again as any other. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { localMath } from '../../../src/lab/math'
import type { Recheck } from '../../../src/study/files/recheck'
import { Runs } from '../../../src/state/study/runs.svelte'
import { fakeModel } from '../../fake-lab'
import { ForeignHosts } from '../../../src/state/models/foreign-hosts.svelte'
import { fakeProtocol } from '../../fake-study'
import { noFindings } from '../../study/samples/no-findings'

const shipped = { name: 'one', title: 'One', file: 'one.zip', bytes: 2, sentence: 'A run.' }
const wrong: Recheck = {
  holds: false,
  compared: [{ name: 'findings', n: 10, agree: 9, exact: true, differences: ['line 3: noFindings 1, computed 2'] }]
}

/** Runs whose check ends when it is told to. */
function open(): { readonly runs: Runs; readonly end: (result: Recheck) => void; readonly asked: AbortSignal[] } {
  let end: (result: Recheck) => void = () => undefined
  const waiting = new Promise<Recheck>((resolve) => (end = resolve))
  const asked: AbortSignal[] = []
  const protocol = fakeProtocol({
    more: {
      readBundle: async () => ({ run: JSON.parse('{"blocks":[]}'), stated: () => noFindings }),
      findings: async () => noFindings,
      recheck: (_, { signal } = {}) => {
        if (signal) asked.push(signal)
        return waiting
      }
    }
  })
  const get = async (url: URL): Promise<Response> =>
    /index/.test(url.href) ? Response.json([shipped]) : new Response('{}')
  vi.stubGlobal('fetch', get)
  const runs = new Runs(
    { connect: () => fakeModel(), math: localMath() },
    () => Promise.resolve(protocol),
    new ForeignHosts()
  )
  return { runs, end, asked }
}

afterEach(() => vi.unstubAllGlobals())

describe('a run that comes with the page', () => {
  it('is shown before it is worked out again, and a difference is there to be shown', async () => {
    const { runs, end } = open()
    await runs.load('https://lab.example/')
    await runs.openShipped(shipped)
    expect(runs.opened?.findings).toBe(noFindings)
    expect(runs.status.kind).toBe('done')
    expect(runs.checked).toMatchObject({ kind: 'running' })
    end(wrong)
    await vi.waitFor(() => expect(runs.checked).toEqual({ kind: 'done', result: wrong }))
  })

  it('is left alone once it is closed', async () => {
    const { runs, end, asked } = open()
    await runs.load('https://lab.example/')
    await runs.openShipped(shipped)
    await vi.waitFor(() => expect(asked).toHaveLength(1))
    runs.close()
    expect(asked[0]?.aborted).toBe(true)
    end(wrong)
    await Promise.resolve()
    expect(runs.checked).toBeNull()
  })
})

describe('a run of the reader', () => {
  it('is worked out before it is shown, and not again', async () => {
    const { runs, asked } = open()
    await runs.openBundle(new Blob(['{}']), 'mine')
    expect(runs.opened?.findings).toBe(noFindings)
    expect(runs.checked).toBeNull()
    expect(asked).toEqual([])
  })
})
