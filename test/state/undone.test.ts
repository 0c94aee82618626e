/** What was taken off the bench or out of a plan, and comes back as it was. */
import { describe, expect, it, vi } from 'vitest'
import type { AdapterSource } from '../../src/lab/api'
import { Lab } from '../../src/state/lab.svelte'
import { fakeOutside } from '../fake-lab'

const zip = (name: string): AdapterSource => ({ kind: 'zip', name: `${name}.zip`, blob: new Blob() })

async function openLab(): Promise<Lab> {
  const lab = new Lab(fakeOutside({ layers: 6 }))
  await lab.opening.choose({ kind: 'hub', repo: 'owner/fake' })
  return lab
}

describe('what is taken off the bench comes back', () => {
  it('a direction, to its place, in use at its layer', async () => {
    const lab = await openLab()
    await lab.inUse.run()
    lab.fits.method = 'pca-pooled'
    await lab.inUse.run()
    const before = lab.fits.list
    const [first] = before
    if (!first) throw new Error('nothing was fitted')
    lab.fits.choose(first)
    lab.fits.layer = 2
    lab.fits.remove(first)
    expect(lab.fits.chosen).toBe(before[1])
    lab.fits.layer = 5
    expect(lab.fits.undo.sentence).toContain('was taken off the bench')
    lab.fits.undo.take()
    expect(lab.fits.list).toEqual(before)
    expect(lab.fits.chosen).toBe(first)
    expect(lab.fits.layer).toBe(2)
    expect(lab.fits.undo.sentence).toBeNull()
  })

  it('a direction that was not in use leaves the one in use as it is', async () => {
    const lab = await openLab()
    await lab.inUse.run()
    await lab.inUse.run()
    const [first, second] = lab.fits.list
    if (!first) throw new Error('nothing was fitted')
    lab.fits.remove(first)
    lab.fits.undo.take()
    expect(lab.fits.list).toEqual([first, second])
    expect(lab.fits.chosen).toBe(second)
  })

  it('an adapter, in use or off as it was', async () => {
    const lab = await openLab()
    await lab.models.adapters?.load(zip('one'))
    await lab.models.adapters?.load(zip('two'))
    const { adapters } = lab.models
    const names = (): unknown => adapters?.list.map(({ info }) => info.name).toSorted()
    const one = adapters?.list[0]?.info.sha256 ?? ''
    const two = adapters?.inUse
    await adapters?.remove(one)
    adapters?.undo.take()
    await vi.waitFor(() => expect([names(), adapters?.inUse]).toEqual([['one', 'two'], two]))
    await adapters?.remove(two ?? '')
    expect(adapters?.inUse).toBeNull()
    adapters?.undo.take()
    await vi.waitFor(() => expect([names(), adapters?.inUse]).toEqual([['one', 'two'], two]))
  })

  it('a model is opened again, with its adapters and their scale', async () => {
    const lab = await openLab()
    await lab.models.adapters?.load(zip('one'))
    await lab.models.adapters?.load(zip('two'))
    const one = lab.models.adapters?.list[0]?.info.sha256 ?? null
    await lab.models.adapters?.use(one)
    await lab.models.adapters?.setScale(0.4)
    const [model] = lab.models.list
    if (!model) throw new Error('nothing is open')
    await lab.models.close(model)
    expect([lab.models.list, lab.models.undo.sentence]).toEqual([[], '\u201cfake\u201d was closed.'])
    lab.models.undo.take()
    await vi.waitFor(() => expect(lab.models.adapters?.list).toHaveLength(2))
    await vi.waitFor(() => expect(lab.models.active?.info.adapter).toMatchObject({ sha256: one, scale: 0.4 }))
  })

  it('a model whose opening is cancelled is not offered again', async () => {
    const lab = new Lab(fakeOutside({ layers: 6, delay: 5 }))
    const opening = lab.opening.choose({ kind: 'hub', repo: 'owner/fake' })
    const [model] = lab.models.list
    if (model) await lab.models.close(model)
    await opening
    expect(lab.models.undo.sentence).toBeNull()
  })
})

describe('what is taken out of a study that is planned comes back', () => {
  it('a model with its adapters, an adapter, and settings that a preset replaced', async () => {
    const { draft } = new Lab(fakeOutside({ layers: 6 }))
    await draft.load()
    expect(draft.settings?.preset).toBe('demo')
    draft.choose('full')
    // Nobody's work was in the demonstration.
    expect(draft.undo.sentence).toBeNull()
    const [model] = draft.settings?.models ?? []
    if (!model) throw new Error('the preset has no models')
    draft.addAdapter(model.key, 'insecure', zip('one'))
    const attached = draft.settings
    draft.removeAdapter(model.key, attached?.models[0]?.adapters[0]?.name ?? '')
    expect(draft.settings?.models[0]?.adapters).toEqual([])
    draft.undo.take()
    expect(draft.settings).toBe(attached)

    draft.toggle(model, false)
    expect(draft.settings?.models).toHaveLength((attached?.models.length ?? 0) - 1)
    draft.undo.take()
    expect(draft.settings).toBe(attached)

    draft.choose('demo')
    expect(draft.undo.sentence).toBe('Your own settings were replaced.')
    draft.undo.take()
    expect(draft.settings).toBe(attached)
  })
})

describe('the models of a study', () => {
  it('are all there to be taken in: an organism and the family that it is of have keys of their own then', async () => {
    const { draft } = new Lab(fakeOutside({ layers: 6 }))
    await draft.load()
    draft.choose('full')
    const families = draft.settings?.models ?? []
    for (const model of draft.available.filter(({ source }) => source.kind === 'bundled')) draft.toggle(model, true)
    const keys = draft.settings?.models.map(({ key }) => key) ?? []
    expect(keys).toHaveLength(families.length + 4)
    expect(new Set(keys).size).toBe(keys.length)
  })
})
