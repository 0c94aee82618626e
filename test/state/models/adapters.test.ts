import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import type { AdapterSource } from '../../../src/lab/api'
import { adapterDrift, isFitFor } from '../../../src/state/directions/fits.svelte'
import { Lab } from '../../../src/state/lab.svelte'
import { fakeOutside, type FakeOptions } from '../../fake-lab'

const source = (name: string): AdapterSource => ({ kind: 'zip', name: `${name}.zip`, blob: new Blob() })

async function openLab(options: FakeOptions = {}): Promise<Lab> {
  const lab = new Lab(fakeOutside({ layers: 6, ...options }))
  await lab.opening.choose({ kind: 'hub', repo: 'owner/fake' })
  return lab
}

const inUse = (lab: Lab): string | undefined => lab.models.active?.info.adapter?.id

describe('the adapters of a model', () => {
  it('are loaded one beside the other, the last one in use, each measured once', async () => {
    const calls: string[] = []
    const lab = await openLab({ onCall: (name) => calls.push(name) })
    await lab.models.adapters?.load(source('one'))
    await lab.models.adapters?.load(source('zero'))
    await lab.models.adapters?.load(source('one'))
    expect(lab.models.adapters?.list.map(({ info }) => info.name)).toEqual(['one', 'zero'])
    expect(lab.models.adapters?.list.map(({ proof }) => (proof.kind === 'measured' ? proof.proof.change : null))).toEqual([
      50.8, 0
    ])
    expect(calls.filter((name) => name === 'proveAdapter')).toHaveLength(2)
    expect(inUse(lab)).toBe('zip:one.zip')
  })

  it('can be put in use, turned off and removed', async () => {
    const lab = await openLab()
    await lab.models.adapters?.load(source('one'))
    await lab.models.adapters?.load(source('two'))
    const [one, two] = lab.models.adapters?.list ?? []
    await lab.models.adapters?.use(one?.info.sha256 ?? '')
    expect(inUse(lab)).toBe('zip:one.zip')
    await lab.models.adapters?.use(null)
    expect(inUse(lab)).toBeUndefined()
    await lab.models.adapters?.use(two?.info.sha256 ?? '')
    await lab.models.adapters?.remove(two?.info.sha256 ?? '')
    expect([inUse(lab), lab.models.adapters?.inUse, lab.models.adapters?.list.length]).toEqual([undefined, null, 1])
  })

  it('belong to their model alone', async () => {
    const lab = await openLab()
    await lab.models.adapters?.load(source('one'))
    const [first] = lab.models.list
    await lab.opening.choose({ kind: 'hub', repo: 'owner/second' })
    expect(lab.models.adapters?.list).toEqual([])
    if (first) lab.models.choose(first)
    expect(lab.models.adapters?.list).toHaveLength(1)
  })

  it('that cannot be attached leave the others as they are; what failed is told, and can be tried again', async () => {
    const lab = await openLab()
    await lab.models.adapters?.load(source('one'))
    await lab.models.adapters?.load(source('pickle'))
    expect(lab.models.adapters?.status).toMatchObject({ kind: 'failed', error: { code: 'format' } })
    expect(inUse(lab)).toBe('zip:one.zip')
    await lab.models.adapters?.retry()
    expect(lab.models.adapters?.status.kind).toBe('failed')
    lab.models.adapters?.dismiss()
    expect(lab.models.adapters?.status.kind).toBe('idle')
  })

  it('stay in use where what they change cannot be measured', async () => {
    const lab = await openLab({
      onCall: (name) => {
        if (name === 'proveAdapter') throw new LabError('device', 'the GPU was lost')
      }
    })
    await lab.models.adapters?.load(source('one'))
    expect(lab.models.adapters?.list[0]?.proof).toMatchObject({ kind: 'failed', error: { message: 'the GPU was lost' } })
    expect(inUse(lab)).toBe('zip:one.zip')
  })
})

describe('the scale', () => {
  it('goes to the model, the newest one last, and is kept while the adapter is off', async () => {
    const lab = await openLab()
    await lab.models.adapters?.load(source('one'))
    const { adapters } = lab.models
    if (!adapters) throw new Error('no model is open')
    await Promise.all([0.2, 0.4, 1.5].map((scale) => adapters.setScale(scale)))
    expect(lab.models.active?.info.adapter?.scale).toBe(1.5)
    await adapters.use(null)
    await adapters.setScale(7)
    await adapters.use(adapters.list[0]?.info.sha256 ?? '')
    expect(lab.models.active?.info.adapter?.scale).toBe(2)
  })

  it('marks both answers where it changes while they run', async () => {
    const lab = await openLab({ delay: 2 })
    await lab.models.adapters?.load(source('one'))
    await lab.inUse.run()
    lab.chat.maxTokens = 30
    const asking = lab.first.ask()
    await expect.poll(() => lab.chat.answer('base')?.tokens.length ?? 0).toBeGreaterThan(3)
    await lab.models.adapters?.setScale(0.5)
    await asking
    for (const answer of lab.chat.shown?.answers ?? []) {
      expect(answer.tokens.flatMap(({ mark }) => mark ?? [])).toEqual(['adapter 0.50'])
    }
  })
})

describe('a direction', () => {
  it('stays with its base when the adapter changes, and is marked', async () => {
    const lab = await openLab()
    await lab.inUse.run()
    expect(lab.inUse.drift).toBeNull()
    await lab.models.adapters?.load(source('one'))
    expect(lab.inUse.fit).not.toBeNull()
    expect(lab.inUse.drift).toBe('Fitted without an adapter; the model now runs with adapter one.zip at 1.00.')
    await lab.inUse.run()
    expect(lab.inUse.drift).toBeNull()
    await lab.models.adapters?.setScale(0.5)
    expect(lab.inUse.drift).toMatch(
      /^Fitted with adapter one\.zip at 1\.00; the model now runs with adapter one\.zip at 0\.50/
    )
  })

  it('never goes to another base', async () => {
    const lab = await openLab()
    await lab.inUse.run()
    const { models } = lab
    const { fit } = lab.inUse
    if (!fit || !models.active) throw new Error('nothing was fitted')
    const other = { ...models.active.info, sha256: 'other' }
    expect([isFitFor(fit, other), adapterDrift(fit, other)]).toEqual([false, null])
  })
})
