import { describe, expect, it } from 'vitest'
import type { FakeOptions } from '../../fake-lab'
import type { Lab } from '../../../src/state/lab.svelte'
import { plantedLab, plantedPrompts } from '../../planted-lab'

async function bothOpen(options: FakeOptions = {}): Promise<Lab> {
  const lab = await plantedLab(['one', 'two'], options)
  await lab.opening.choose({ kind: 'bundled', name: 'one' })
  await lab.opening.beside({ kind: 'bundled', name: 'two' })
  return lab
}

describe('Transfer', () => {
  it('tells what is missing, and offers what would help', async () => {
    const { transfer } = await plantedLab(['one', 'two'])
    expect(transfer.lack).toEqual({ kind: 'models', open: 0 })
    expect(transfer.sides.offers).toEqual(['one', 'two'])
  })

  it('keeps the model in use when a second one is opened: it receives', async () => {
    const lab = await bothOpen()
    const { sides } = lab.transfer
    expect(lab.models.active?.info.name).toBe('one')
    expect([sides.model('donor')?.name, sides.model('receiver')?.name]).toEqual(['two', 'one'])
    expect(lab.transfer.lack).toBeNull()
    sides.swap()
    expect([sides.model('donor')?.name, sides.model('receiver')?.name]).toEqual(['one', 'two'])
  })

  it('refuses a model as its own donor, and a model without an adapter', async () => {
    const lab = await bothOpen()
    const [one] = lab.transfer.sides.open
    if (!one) throw new Error('nothing is open')
    lab.transfer.sides.choose('donor', one)
    lab.transfer.sides.choose('receiver', one)
    expect(lab.transfer.lack).toEqual({ kind: 'same' })
    const bare = await plantedLab(['one'])
    await bare.opening.choose({ kind: 'bundled', name: 'one' })
    await bare.opening.choose({ kind: 'hub', repo: 'owner/other' })
    expect(bare.transfer.lack).toEqual({ kind: 'adapter', role: 'receiver' })
  })

  it('carries the direction over anchors that vary along it, and not over others', async () => {
    const lab = await bothOpen()
    const { transfer } = lab
    await transfer.measure()
    expect(transfer.status).toEqual({ kind: 'done' })
    expect(transfer.map?.beside.cosine).toBeGreaterThan(0.99)
    expect(transfer.chosen?.effect).toMatchObject({ verdict: 'specific', carriedDrop: { estimate: 100 } })
    expect(transfer.chosen?.effect.carried.good.share).toBe(1)
    transfer.anchors = 'neutral'
    expect(transfer.map).toBeNull()
    await transfer.measure()
    expect(Math.abs(transfer.map?.beside.cosine ?? 1)).toBeLessThan(0.5)
    expect(transfer.map?.map.ridge.r2).toBeGreaterThan(0.9)
    expect(transfer.chosen?.effect.verdict).toBe('no-effect')
    expect(transfer.results).toHaveLength(2)
  })

  it('calls an effect unspecific where random directions through the map do as well', async () => {
    const { transfer } = await bothOpen()
    transfer.alpha = 3
    await transfer.measure()
    expect(transfer.chosen?.effect).toMatchObject({ verdict: 'not-specific', carriedDrop: { estimate: 100 } })
    expect(transfer.chosen?.effect.carried.good.share).toBe(0)
  })

  it('counts right answers of organisms alone: another model says the same in other words', async () => {
    const lab = await bothOpen()
    await lab.opening.choose({ kind: 'hub', repo: 'owner/insecure' })
    await lab.models.adapters?.load({ kind: 'bundled', name: 'adapters/insecure-9' })
    await lab.transfer.measure()
    expect(lab.transfer.chosen).toMatchObject({ hasExpected: false, shown: { receiver: 'insecure' } })
    expect(lab.transfer.chosen?.effect.verdict).toBe('specific')
  })

  it('leaves the adapters as they were', async () => {
    const lab = await bothOpen()
    await lab.transfer.measure()
    expect(lab.models.list.map(({ adapters }) => adapters.inUse)).toEqual([null, null])
  })

  it('ends without an error when it is cancelled, and can be run again', async () => {
    const { transfer } = await bothOpen()
    const running = transfer.fit()
    transfer.cancel()
    await running
    expect(transfer.status).toEqual({ kind: 'idle' })
    expect(transfer.map).toBeNull()
    await transfer.fit()
    expect(transfer.map).not.toBeNull()
  })

  it('takes texts from a file, and needs one', async () => {
    const { transfer } = await bothOpen()
    transfer.anchors = 'file'
    expect(transfer.lack).toEqual({ kind: 'file' })
    transfer.file = { name: 'mine.txt', prompts: await plantedPrompts('anchors-neutral') }
    await transfer.fit()
    expect(transfer.map).toMatchObject({ anchors: 'mine.txt', texts: 120, donor: 'two', receiver: 'one' })
  })

  it('takes its models from a link once they are open', async () => {
    const lab = await plantedLab(['one', 'two', 'three'])
    lab.address.follow('#/transfer?donor=bundled:three&receiver=bundled:two&anchors=neutral&gaps=3')
    expect(lab.transfer.sides.offers).toEqual(['three', 'two', 'one'])
    for (const name of ['one', 'two', 'three']) await lab.opening.beside({ kind: 'bundled', name })
    const { sides } = lab.transfer
    expect([sides.model('donor')?.name, sides.model('receiver')?.name]).toEqual(['three', 'two'])
    expect(lab.address.link).toContain('donor=bundled%3Athree')
  })
})
