import { describe, expect, it } from 'vitest'
import { cosine } from '../../../src/direction/algebra'
import type { NamedFile } from '../../../src/direction/files/files'
import { factsOf } from '../../../src/direction/files/metadata'
import { writeControlVector } from '../../../src/formats/control-vector'
import { writeNpy } from '../../../src/formats/npy'
import type { ModelInfo } from '../../../src/lab/api'
import { exportDirections, type ExportOptions } from '../../../src/state/directions/exported'
import type { DirectionSet, Fit } from '../../../src/state/directions/fits.svelte'
import { Lab } from '../../../src/state/lab.svelte'
import { fakeModel, fakeOutside, type FakeOptions } from '../../fake-lab'

const layers = 8
const width = 32

async function fittedLab(options: FakeOptions = {}): Promise<Lab> {
  const lab = new Lab(fakeOutside({ layers, ...options }))
  await lab.opening.choose({ kind: 'bundled', name: 'fake' })
  await lab.inUse.run()
  return lab
}

/** An empty bench with a model of its own. */
async function labWith(info: Partial<ModelInfo> = {}): Promise<Lab> {
  const lab = new Lab({ ...fakeOutside(), connect: () => fakeModel({ layers, info }) })
  await lab.opening.choose({ kind: 'bundled', name: 'fake' })
  return lab
}

function fitOf({ inUse: { fit } }: Lab): Fit {
  if (fit?.kind !== 'fitted') throw new Error('nothing was fitted')
  return fit
}

const exported = (set: DirectionSet, options: Partial<ExportOptions> = {}): readonly NamedFile[] =>
  exportDirections(set, { format: 'safetensors', layer: null, family: 'llama', ...options })

const basis = (place: number, size: number): Float32Array =>
  Float32Array.from({ length: width }, (_, i) => (i === place ? size : 0))

const npy = (name: string, vector: Float32Array): NamedFile => ({
  name,
  bytes: writeNpy({ shape: [vector.length], data: vector })
})

describe('the method', () => {
  it('is the one that is chosen, and reads no hidden states again', async () => {
    const calls: string[] = []
    const lab = await fittedLab({ onCall: (name) => calls.push(name) })
    const means = fitOf(lab)
    const captures = calls.filter((name) => name === 'capture').length
    for (const method of ['pca-pooled', 'linear-discriminant', 'pca-paired'] as const) {
      lab.fits.method = method
      await lab.inUse.run()
      const fit = fitOf(lab)
      expect([fit.separation.method, fit.directions[0]?.method]).toEqual([method, method])
      expect(fit.directions[0]?.sha256).toBe(means.directions[0]?.sha256)
    }
    expect(calls.filter((name) => name === 'capture')).toHaveLength(captures)
    expect(lab.fits.list).toHaveLength(4)
    lab.fits.method = 'difference-in-means'
    await lab.inUse.run()
    expect(fitOf(lab).directions).toEqual(means.directions)
  })

  it('reads hidden states again once the prompts or the adapter have changed', async () => {
    let captures = 0
    const lab = await fittedLab({ onCall: (name) => (captures += name === 'capture' ? 1 : 0) })
    captures = 0
    lab.prompts.positiveText += '\nOne more gloomy day.'
    await lab.inUse.run()
    expect(captures).toBe(4)
    await lab.models.adapters?.load({ kind: 'zip', name: 'one.zip', blob: new Blob() })
    await lab.inUse.run()
    expect(captures).toBe(8)
  })

  it('has a null, for a probe of few prompts as well', async () => {
    const lab = await labWith()
    lab.prompts.positiveText = 'a sad day\ncold rain\ndark sea'
    lab.prompts.negativeText = 'a happy day\nwarm rain\nbright sea'
    lab.fits.method = 'logistic'
    await lab.inUse.run()
    expect(fitOf(lab).separation).toMatchObject({ method: 'logistic', swaps: 20 })
  })

  it('of pairs wants lists of one length, and leaves the bench as it is without', async () => {
    const lab = await fittedLab()
    lab.prompts.positiveText += '\nOne more gloomy day.'
    lab.fits.method = 'pca-paired'
    await lab.inUse.run()
    expect(lab.fits.status).toMatchObject({ kind: 'failed', error: { code: 'shape' } })
    expect(lab.fits.list).toHaveLength(1)
  })
})

describe('directions as files', () => {
  for (const format of ['safetensors', 'npy', 'json', 'gguf'] as const) {
    it(`come back from ${format} as they were, and steer`, async () => {
      const lab = await fittedLab()
      const fit = fitOf(lab)
      const files = exported(fit, { format })
      expect(files[0]?.name).toMatch(/^gloomy-joyful-difference-in-means-all-layers\./)
      await lab.inUse.take(files, null)
      expect(lab.inUse.fit).toMatchObject({ kind: 'imported', separation: null, notes: [] })
      const written = fit.directions.filter(({ layer }) => format !== 'gguf' || layer > 0)
      expect(lab.inUse.fit?.directions.map(({ layer }) => layer)).toEqual(written.map(({ layer }) => layer))
      lab.inUse.fit?.directions.forEach((direction, i) => {
        const own = written[i]
        expect(own && cosine(direction, own)).toBeCloseTo(1, 6)
        expect(factsOf(direction)).toEqual(own && factsOf(own))
      })
      expect([lab.inUse.drift, lab.inUse.isStale]).toEqual([null, false])
      expect(lab.asking.steering?.steering.interventions[0]?.layer).toBe(lab.fits.layer)
      await lab.first.ask()
      expect(lab.chat.status.kind).toBe('done')
    })
  }

  it('hold one layer where one is asked for; GGUF cannot hold layer 0', async () => {
    const fit = fitOf(await fittedLab())
    const [file] = exported(fit, { format: 'json', layer: 3 })
    expect(file?.name).toBe('gloomy-joyful-difference-in-means-layer-3.json')
    expect(() => exported(fit, { format: 'gguf', layer: 0 })).toThrow(/no direction to write/)
  })

  it('of another model are refused with both names; the bench stays as it is', async () => {
    const files = exported(fitOf(await fittedLab()))
    const other = await labWith({ id: 'hub:owner/other@main', sha256: 'b' })
    await expect(other.inUse.take(files, null)).rejects.toThrow(
      /^direction is for bundled:fake \(q4\), open model is hub:owner\/other@main \(q4\)/
    )
    expect([other.fits.list.length, other.inUse.fit]).toEqual([0, null])
  })

  it('of the same model in another dtype are taken with a note', async () => {
    const lab = await fittedLab()
    const other = await labWith({ sha256: 'b', dtype: 'fp32' })
    await other.inUse.take(exported(fitOf(lab)), null)
    expect(other.inUse.drift).toBe(
      'Direction is for bundled:fake (q4), open model is bundled:fake (fp32): the same model in another dtype.'
    )
    expect(other.asking.steering).not.toBeNull()
  })

  it('are marked where the adapter is another one', async () => {
    const lab = await fittedLab()
    await lab.inUse.take(exported(fitOf(lab)), null)
    await lab.models.adapters?.load({ kind: 'zip', name: 'one.zip', blob: new Blob() })
    expect(lab.inUse.drift).toMatch(/the same base under another adapter\.$/)
  })

  it('need an open model, and have to be directions', async () => {
    const lab = new Lab(fakeOutside({ layers }))
    await expect(lab.inUse.take([npy('a.npy', basis(0, 1))], 1)).rejects.toMatchObject({ code: 'shape' })
    const open = await labWith()
    const text = { name: 'readme.md', bytes: new TextEncoder().encode('# hello') }
    await expect(open.inUse.take([text], 1)).rejects.toMatchObject({ code: 'format' })
  })
})

describe('vectors of other programs', () => {
  it('keep their length, and the hint of another model is told', async () => {
    const lab = await labWith()
    const vectors = new Map([
      [2, basis(0, 3)],
      [5, basis(1, 4)]
    ])
    const bytes = writeControlVector({ modelHint: 'mistral', vectors, extra: new Map() })
    await lab.inUse.take([{ name: 'happy.gguf', bytes }], null)
    const { fit } = lab.inUse
    if (fit?.kind !== 'imported') throw new Error('nothing was imported')
    expect(fit).toMatchObject({ name: 'happy', positiveName: 'the direction', negativeName: 'its opposite' })
    expect(fit.directions.map(({ layer, norm, method }) => [layer, norm, method])).toEqual([
      [2, 3, 'imported'],
      [5, 4, 'imported']
    ])
    expect(fit.notes[0]).toBe('The file names mistral as its model, the open one is fake (llama).')
    lab.controls.alpha = 2
    expect(lab.asking.steering?.steering.interventions).toMatchObject([{ layer: 5, coefficient: 8 }])
  })

  it('go to the layer that is said, where their file names none', async () => {
    const lab = await labWith()
    await expect(lab.inUse.take([npy('one.npy', basis(0, 1))], null)).rejects.toThrow(/say which layer/)
    await lab.inUse.take([npy('one.npy', basis(0, 1))], 4)
    expect(lab.inUse.fit?.directions.map(({ layer }) => layer)).toEqual([4])
    await expect(lab.inUse.take([npy('two.npy', new Float32Array(9).fill(1))], 4)).rejects.toThrow(
      /width 9, bundled:fake has 32/
    )
  })
})

describe('the layer', () => {
  it('is always one that the chosen directions have', async () => {
    const lab = await fittedLab()
    const fit = fitOf(lab)
    const vectors = new Map([
      [1, basis(0, 1)],
      [3, basis(0, 1)]
    ])
    const bytes = writeControlVector({ modelHint: '', vectors, extra: new Map() })
    await lab.inUse.take([{ name: 'two.gguf', bytes }], null)
    expect(lab.fits.layer).toBe(3)
    lab.fits.layer = 0
    expect(lab.fits.layer).toBe(1)
    lab.fits.choose(fit)
    lab.fits.layer = 7
    expect(lab.fits.layer).toBe(7)
    lab.fits.remove(fit)
    expect([lab.inUse.fit?.kind, lab.fits.layer]).toEqual(['imported', 3])
    expect(lab.asking.steering).not.toBeNull()
  })
})
