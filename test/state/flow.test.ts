/** What happens on one panel leaves the others as the reader set them, and nothing says what is not so. */
import { describe, expect, it } from 'vitest'
import type { Lab } from '../../src/state/lab.svelte'
import { textOf } from '../../src/state/steer/comparison'
import { plantedLab } from '../planted-lab'
import type { FakeOptions } from '../fake-lab'

const organism = { kind: 'bundled', name: 'qwen2' } as const

async function labOf(options: FakeOptions = {}): Promise<Lab> {
  const lab = await plantedLab(['qwen2', 'gemma2'], { reveals: true, ...options })
  lab.chat.maxTokens = 4
  lab.chat.isColoured = false
  return lab
}

const said = (lab: Lab): readonly string[] => (lab.chat.shown?.answers ?? []).map((answer) => textOf(answer))

describe('a question', () => {
  it('that is put during a fit against another adapter is answered under the one in use', async () => {
    const lab = await labOf()
    await lab.first.welcome()
    const insecure = lab.models.adapters?.inUse ?? null
    await lab.models.adapters?.load({ kind: 'bundled', name: 'models/qwen2/adapters/secure-0' })
    await lab.models.adapters?.use(insecure)
    await lab.first.ask()
    const alone = said(lab)
    lab.contrast.wanted = 'bundled:models/qwen2/adapters/secure-0'
    const fit = lab.inUse.fit
    // The fit stands at a gate until the question was put.
    let open: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    const held = lab.models.active?.live.under(null, () => gate, { what: 'capture' })
    const fitting = lab.inUse.run()
    await expect.poll(() => lab.models.chosen?.queue.waiting, { timeout: 60_000 }).toEqual(['fit'])
    const asking = lab.first.ask()
    expect(lab.models.chosen?.queue.waiting).toEqual(['fit', 'answer'])
    open()
    await Promise.all([held, fitting, asking])
    expect(lab.inUse.fit).not.toBe(fit)
    expect(lab.chat.shown?.answers.map(({ title }) => title)[0]).toBe('insecure-0, unsteered')
    expect(said(lab)).toEqual(alone)
  })

  it('is answered as it stood when it was put, whatever is moved while it waits', async () => {
    const lab = await labOf()
    await lab.first.welcome()
    await lab.first.ask()
    const alone = said(lab)
    let open: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    const held = lab.models.active?.live.under(null, () => gate, { what: 'capture' })
    const asking = lab.first.ask()
    await lab.chat.follow(lab.asking.arms)
    void lab.models.adapters?.setScale(0.5)
    lab.chat.seed = 7
    open()
    await Promise.all([held, asking])
    expect(said(lab)).toEqual(alone)
    expect(lab.asking.outdated(lab.chat.shown?.answers[0] ?? never())).toBe(
      'Made with insecure-0; now insecure-0 at 0.50.'
    )
  })

  it('has answers that say how they were made, once the adapter or the model is another', async () => {
    const lab = await labOf()
    await lab.first.welcome()
    await lab.first.ask()
    const words = (): string | null => lab.asking.outdated(lab.chat.shown?.answers[0] ?? never())
    expect(words()).toBeNull()
    await lab.models.adapters?.use(null)
    expect(words()).toBe('Made with insecure-0; now no adapter.')
    await lab.opening.choose({ kind: 'bundled', name: 'gemma2' })
    expect(words()).toMatch(/^Made with qwen2.*; now gemma2/)
    for (const model of lab.models.list) await lab.models.close(model)
    expect(words()).toBe('Made with qwen2; now no model.')
  })
})

describe('a model that is opened beside another', () => {
  it('changes neither the model in use nor what is set for it', async () => {
    const lab = await labOf()
    await lab.opening.choose({ kind: 'hub', repo: 'owner/mine' })
    const before = lab.address.settings
    await lab.opening.beside(organism)
    expect(lab.models.active?.info.id).toBe('hub:owner/mine@main')
    expect(lab.address.settings).toEqual(before)
  })

  it('is not in use while it opens, either', async () => {
    const lab = await labOf()
    await lab.opening.choose({ kind: 'hub', repo: 'owner/mine' })
    const opening = lab.opening.beside(organism)
    expect(lab.models.active?.info.id).toBe('hub:owner/mine@main')
    await opening
  })
})

it('from the tour to Steer: the organism is tuned and fitted, and its answers differ', async () => {
  const lab = await labOf()
  lab.address.follow('#/tour?step=4')
  await lab.tour.run()
  expect(lab.tour.status.kind).toBe('done')
  lab.address.view = 'steer'
  expect(lab.first.now).toMatchObject({ kind: 'arriving', ask: 'prepares', about: 'organism' })
  await lab.first.welcome()
  expect(lab.models.adapters?.used?.name).toBe('insecure-0')
  await lab.first.ask()
  expect(new Set(said(lab)).size).toBe(3)
})

it('an adapter that the reader turned off stays off when it is fitted against', async () => {
  const lab = await labOf()
  await lab.first.welcome()
  await lab.models.adapters?.use(null)
  await lab.inUse.run()
  expect(lab.models.adapters?.inUse).toBeNull()
})

describe('a result of another panel', () => {
  it('says how it was made otherwise: a step of the tour, and a transfer', async () => {
    const lab = await labOf()
    lab.tour.step = 2
    await lab.tour.run()
    expect(lab.tour.outdated).toBeNull()
    await lab.opening.beside({ kind: 'bundled', name: 'gemma2' })
    lab.transfer.questions = 5
    await lab.transfer.measure()
    expect([lab.transfer.results.length, lab.transfer.outdated]).toEqual([1, null])
    lab.transfer.alpha = 3
    expect(lab.transfer.outdated).toBe('Made with 1 gaps subtracted; now 3 gaps subtracted.')
    lab.transfer.alpha = 1
    const [own] = lab.models.list
    await own?.adapters.setScale(0.5)
    expect(lab.tour.outdated).toBe('Made with insecure-0; now insecure-0 at 0.50.')
  })

  it('is a fit, too: by method, contrast, lists and adapter', async () => {
    const lab = await labOf()
    await lab.first.welcome()
    expect(lab.inUse.outdated).toBeNull()
    lab.fits.method = 'pca-pooled'
    expect(lab.inUse.outdated).toBe('Made with difference in means; now PCA of all prompts.')
    lab.fits.method = 'difference-in-means'
    lab.contrast.kind = 'lists'
    expect(lab.inUse.outdated).toBe('Made with insecure-0 against base; now gloomy against joyful.')
  })
})

function never(): never {
  throw new Error('there is no answer')
}
