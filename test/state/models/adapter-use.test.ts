import { describe, expect, it } from 'vitest'
import type { Tuned } from '../../../src/experiments/subject'
import type { AdapterInfo } from '../../../src/lab/api'
import { adapterOptions, loadBeside, pickAdapter } from '../../../src/state/models/adapter-use'
import { Adapters } from '../../../src/state/models/adapters.svelte'
import { OwnDirections } from '../../../src/experiments/own-directions'
import { LiveModel } from '../../../src/lab/live/live-model'
import { tunedBy } from '../../../src/state/models/subject'
import { localMath } from '../../../src/lab/math'
import { fakeInfo, fakeModel, fakePrompts } from '../../fake-lab'
import { plantedLab } from '../../planted-lab'

const shipped = { path: 'models/one/adapters/insecure-0', name: 'insecure-0', base: null, bytes: 1 }

/** Adapters beside a model that answers with these facts, one load after the other. */
function adaptersOf(...facts: readonly Partial<AdapterInfo>[]): Adapters {
  const handle = fakeModel({ layers: 2 })
  const given = [...facts]
  const loadAdapter: typeof handle.loadAdapter = async (...asked) => {
    return { ...(await handle.loadAdapter(...asked)), ...given.shift() }
  }
  const open = { live: new LiveModel({ ...handle, loadAdapter }), info: fakeInfo(2) }
  return new Adapters({ open: () => open, onInfo: () => undefined })
}

describe('the same adapter', () => {
  it('is one of the same content: two files of one name are two, and neither hides one that comes with the page', async () => {
    const file = { id: 'zip:insecure-0.zip', name: 'insecure-0' }
    const adapters = adaptersOf({ ...file, sha256: 'a' }, { ...file, sha256: 'b' })
    for (const repo of ['owner/first', 'owner/second']) await adapters.load({ kind: 'hub', repo })
    const options = adapterOptions(adapters, [shipped])
    expect(options.map(({ key }) => key)).toEqual(['a', 'b', `bundled:${shipped.path}`])
    expect(options.map(({ name }) => name)).toEqual(['insecure-0', 'insecure-0', 'insecure-0'])
  })

  it('is on the list once, and keeps its key when it is loaded', async () => {
    const adapters = adaptersOf({ id: `bundled:${shipped.path}` })
    const [before] = adapterOptions(adapters, [shipped])
    await adapters.load({ kind: 'bundled', name: shipped.path })
    const after = adapterOptions(adapters, [shipped])
    expect(after).toHaveLength(1)
    expect(after[0]).toMatchObject({ key: before?.key, source: null })
    expect([before?.sha256, after[0]?.sha256]).toEqual([null, adapters.inUse])
  })

  it('is found where it was loaded from another place, and what was in use stays in use', async () => {
    const adapters = adaptersOf({ sha256: 'a', id: 'hub:owner/copy@1' }, { sha256: 'b' }, { sha256: 'a' })
    for (const repo of ['owner/copy', 'owner/mine']) await adapters.load({ kind: 'hub', repo })
    const option = pickAdapter(adapterOptions(adapters, [shipped]), `bundled:${shipped.path}`)
    expect(option && (await loadBeside(adapters, option))).toBe('a')
    expect(adapters.inUse).toBe('b')
    expect(adapters.list).toHaveLength(2)
  })

  it('is picked by what was asked for first, then as insecure, then as the first', () => {
    const options = adapterOptions(null, [{ ...shipped, path: 'x', name: 'plain' }, shipped])
    expect(pickAdapter(options, null, 'bundled:x')?.name).toBe('plain')
    expect(pickAdapter(options, 'bundled:gone', undefined)?.name).toBe('insecure-0')
    expect(pickAdapter(options.slice(0, 1))?.name).toBe('plain')
    expect(pickAdapter([], 'a')).toBeNull()
  })
})

describe('its own direction', () => {
  it('is read anew for another scale, and remembered for the same', async () => {
    const calls: string[] = []
    const lab = await plantedLab(['one'], { onCall: (name) => calls.push(name) })
    await lab.opening.choose({ kind: 'bundled', name: 'one' })
    const model = lab.models.chosen
    const info = lab.models.active?.info
    const [option] = model && info ? adapterOptions(model.adapters, lab.catalogue.adaptersFor(info)) : []
    if (!model || !option) throw new Error('one has no adapter')
    const owns = new OwnDirections(localMath())
    const prompts = (await fakePrompts('fit')).slice(0, 4)
    const job = { signal: new AbortController().signal, onProgress: () => undefined }
    const tuned = (): Promise<Tuned> => tunedBy(model, option, { what: 'tour' })
    const first = await owns.read(await tuned(), prompts, job)
    calls.length = 0
    // By the option as it was before it was loaded, too.
    expect(await owns.read(await tuned(), prompts, job)).toBe(first)
    expect(calls).not.toContain('capture')
    await model.adapters.setScale(0.5)
    expect(await owns.read(await tuned(), prompts, job)).not.toBe(first)
    expect(first.tuned.model.adapter?.scale).toBe(1)
    expect(model.adapters.inUse).toBeNull()
  })
})
