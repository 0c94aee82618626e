import { describe, expect, it } from 'vitest'
import { cosine } from '../../../src/direction/algebra'
import { factsOf } from '../../../src/direction/files/metadata'
import { memoryShelf, type Shelf } from '../../../src/storage/shelf'
import type { ModelInfo } from '../../../src/lab/api'
import { Lab } from '../../../src/state/lab.svelte'
import { arithmeticName, readKept, type SavedDirection } from '../../../src/state/directions/saved-direction'
import { fakeModel, fakeOutside } from '../../fake-lab'

const layers = 8

async function fittedLab(shelf: Shelf = memoryShelf(), info: Partial<ModelInfo> = {}): Promise<Lab> {
  const lab = new Lab({ ...fakeOutside(), connect: () => fakeModel({ layers, info }), shelf })
  await lab.opening.choose({ kind: 'bundled', name: 'fake' })
  await lab.inUse.run()
  return lab
}

/** Two directions of one layer, by two methods. */
async function labWithTwo(shelf?: Shelf): Promise<{ lab: Lab; means: SavedDirection; pca: SavedDirection }> {
  const lab = await fittedLab(shelf)
  lab.fits.layer = 4
  save(lab, 'means')
  lab.fits.method = 'pca-pooled'
  await lab.inUse.run()
  lab.fits.layer = 4
  save(lab, 'pca')
  return { lab, means: named(lab, 'means'), pca: named(lab, 'pca') }
}

function save(lab: Lab, name: string): void {
  if (!lab.inUse.fit) throw new Error('nothing was fitted')
  lab.saved.save(lab.inUse.fit, lab.fits.layer, name)
}

function named(lab: Lab, name: string): SavedDirection {
  const found = lab.saved.list.find((one) => one.name === name)
  if (!found) throw new Error(`nothing is saved as ${name}`)
  return found
}

describe('saved directions', () => {
  it('steer as the fit did that they are of', async () => {
    const { lab, means } = await labWithTwo()
    const [first] = lab.fits.list
    if (first) lab.fits.choose(first)
    lab.fits.layer = 4
    const before = lab.asking.steering
    lab.fits.layer = 6
    lab.inUse.useSaved(means)
    expect([lab.inUse.fit?.kind, lab.fits.layer]).toEqual(['imported', 4])
    expect(lab.asking.steering?.steering).toEqual(before?.steering)
    await lab.first.ask()
    expect(lab.chat.status.kind).toBe('done')
    const { length } = lab.fits.list
    lab.inUse.useSaved(means)
    expect(lab.fits.list).toHaveLength(length)
  })

  it('keep their names apart, and an empty name changes nothing', async () => {
    const { lab, pca } = await labWithTwo()
    save(lab, 'pca')
    lab.saved.rename(pca, 'means')
    lab.saved.rename(named(lab, 'means'), '  ')
    expect(lab.saved.list.map(({ name }) => name)).toEqual(['means', 'means (2)', 'pca (2)'])
  })

  it('come back from the shelf as they were, and from undo to their place', async () => {
    const shelf = memoryShelf()
    const { lab, means } = await labWithTwo(shelf)
    lab.saved.remove(means)
    expect(lab.saved.undo.sentence).toBe('\u201cmeans\u201d was deleted.')
    lab.saved.undo.take()
    lab.saved.rename(means, 'mean difference')
    const later = new Lab({ ...fakeOutside(), shelf })
    await later.restore({ reloaded: true, hash: '' })
    expect(later.saved.keeping.error).toBeNull()
    const plain = ({ direction, ...facts }: SavedDirection): unknown => [facts, factsOf(direction), direction.vector]
    expect(later.saved.list.map(plain)).toEqual(lab.saved.list.map(plain))
    expect(later.saved.list.map(({ name }) => name)).toEqual(['mean difference', 'pca'])
  })

  it('that cannot be read hide no others', async () => {
    const shelf = memoryShelf()
    await labWithTwo(shelf)
    await shelf.put('directions', '0', { id: '0', name: 'of another time' })
    const later = new Lab({ ...fakeOutside(), shelf })
    await later.restore({ reloaded: true, hash: '' })
    expect(later.saved.list).toHaveLength(2)
    expect(later.saved.keeping.error).toMatchObject({ code: 'format' })
    expect(() => readKept(null)).toThrow(/should be an object/)
  })

  it('of another model are refused with both names', async () => {
    const { means } = await labWithTwo()
    const other = await fittedLab(memoryShelf(), { id: 'hub:owner/other@main', sha256: 'b' })
    expect(() => other.inUse.useSaved(means)).toThrow(/^direction is for .*fake.*, open model is hub:owner\/other@main/)
  })

  it('are compared within one layer', async () => {
    const { lab } = await labWithTwo()
    lab.fits.layer = 5
    save(lab, 'another layer')
    expect(lab.saved.groups.map(({ members }) => members.map(({ name }) => name))).toEqual([['means', 'pca']])
  })
})

describe('arithmetic', () => {
  it('saves its result, which steers', async () => {
    const { lab, means, pca } = await labWithTwo()
    const asked = { operation: 'orthogonalize', first: means, others: [pca], factor: 1 } as const
    lab.saved.compute(asked, arithmeticName(asked))
    const rest = named(lab, 'means without pca')
    expect(cosine(rest.direction, pca.direction)).toBeCloseTo(0, 5)
    expect(rest.direction.method).toBe('combined')
    lab.inUse.useSaved(rest)
    expect(lab.asking.steering?.steering.interventions[0]?.layer).toBe(4)
  })

  it('turns the names of the sides around with the direction', async () => {
    const { lab, means } = await labWithTwo()
    lab.saved.compute({ operation: 'scale', first: means, others: [], factor: -2 }, 'turned')
    const turned = named(lab, 'turned')
    expect([turned.positiveName, turned.negativeName]).toEqual([means.negativeName, means.positiveName])
    expect(turned.direction.norm).toBeCloseTo(2 * means.direction.norm, 6)
  })

  it('that leaves nothing saves nothing', async () => {
    const { lab, means } = await labWithTwo()
    const nothing = { operation: 'subtract', first: means, others: [means], factor: 1 } as const
    expect(() => lab.saved.compute(nothing, 'nothing')).toThrow(/cancel each other/)
    expect(lab.saved.list).toHaveLength(2)
  })
})
