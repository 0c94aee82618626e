import { afterEach, describe, expect, it, vi } from 'vitest'
import { LabError } from '../../../src/errors'
import type { ModelHandle } from '../../../src/lab/connect/connect'
import { Lab } from '../../../src/state/lab.svelte'
import { firstOrganism, presets } from '../../../src/state/presets'
import { fakeModel, fakeOutside, type FakeOptions } from '../../fake-lab'

const organism = { kind: 'bundled', name: firstOrganism.model } as const
const config = (name: string): object => ({ path: `adapters/${name}/adapter_config.json`, size: 400 })
const index = [{ ...organism, organism: true, files: [config('insecure-0'), config('secure-0')] }]

/** A page that has settled on what comes with it: one organism with two adapters. Models open once `onOpen` has ended. */
async function organismLab({
  onOpen = async () => undefined,
  ...options
}: FakeOptions & { readonly onOpen?: () => Promise<void> } = {}): Promise<Lab> {
  const answer = (json: unknown): Response =>
    new Response(JSON.stringify(json), { headers: { 'content-type': 'application/json' } })
  vi.stubGlobal('fetch', async (url: URL) => answer(url.pathname.startsWith('/models') ? index : []))
  const info = { id: `bundled:${firstOrganism.model}`, name: firstOrganism.model }
  const connect = (): ModelHandle => {
    const model = fakeModel({ layers: 4, info, ...options })
    return { ...model, open: async (...args) => (await onOpen(), model.open(...args)) }
  }
  const lab = new Lab({ ...fakeOutside(), connect })
  await lab.catalogue.load('http://page.example/')
  return lab
}

afterEach(() => vi.unstubAllGlobals())

describe('the first visit', () => {
  it('opens an organism by itself, attaches its adapter, fits it against the base and needs one press', async () => {
    const lab = await organismLab()
    await lab.first.welcome()
    expect(lab.models.active?.info).toMatchObject({ name: 'qwen2', device: 'wasm', adapter: { scale: 1 } })
    expect(lab.inUse.fit).toMatchObject({ contrast: 'adapter', positiveName: 'insecure-0', negativeName: 'base' })
    expect([lab.fits.layer, lab.inUse.drift, lab.inUse.isStale]).toEqual([3, null, false])
    await lab.first.ask()
    expect(lab.chat.shown?.answers.map(({ title }) => title)).toEqual([
      'insecure-0, unsteered',
      'insecure-0, steered',
      'insecure-0, random direction 0'
    ])
  })

  it('answers a question that was put before the model is there', async () => {
    let open = (): void => undefined
    const held = new Promise<void>((resolve) => (open = resolve))
    let opened = 0
    const lab = await organismLab({ onOpen: () => (opened++, held) })
    const welcome = lab.first.welcome()
    // By the welcome, before anything is asked.
    await vi.waitFor(() => expect(opened).toBe(1))
    const answer = lab.first.ask()
    expect(lab.models.active).toBeNull()
    open()
    await Promise.all([welcome, answer])
    expect(lab.chat.shown?.answers[1]?.tokens.length).toBeGreaterThan(0)
    expect([opened, lab.models.list.length]).toEqual([1, 1])
  })

  it.each([
    ['#/steer?model=bundled:qwen2', 1],
    ['#/steer?model=hub:owner/name', 0],
    ['#/steer?model=bundled:qwen2&adapter=hub:owner/lora', 0]
  ])('opens nothing by itself where that would ask another host: %s opens %i', async (link, models) => {
    const lab = await organismLab()
    lab.address.follow(link)
    await lab.first.welcome()
    expect(lab.models.list).toHaveLength(models)
    expect(lab.first.now.ask !== 'nothing').toBe(models > 0)
  })

  it('welcomes once: what the reader has closed stays closed', async () => {
    const lab = await organismLab()
    await lab.first.welcome()
    const [model] = lab.models.list
    expect([lab.models.active?.info.name, lab.models.list.length]).toEqual(['qwen2', 1])
    if (model) await lab.models.close(model)
    await lab.first.welcome()
    expect(lab.models.list).toHaveLength(0)
  })

  it('gives way to two lists where another model is opened, but for what the reader has set', async () => {
    const lab = await organismLab()
    await lab.first.welcome()
    lab.chat.question = 'Mine?'
    await lab.opening.choose({ kind: 'hub', repo: 'owner/name' })
    expect(lab.contrast.kind).toBe('lists')
    expect([lab.controls.alpha, lab.chat.question]).toEqual([presets.lists.alpha, 'Mine?'])
    await lab.opening.choose(organism)
    expect([lab.contrast.kind, lab.controls.alpha]).toEqual(['adapter', presets.adapter.alpha])
  })

  it('comes back from a link: another adapter off, another in the contrast, method and scale', async () => {
    const lab = await organismLab()
    await lab.first.welcome()
    await lab.models.adapters?.setScale(0.4)
    lab.contrast.wanted = 'bundled:models/qwen2/adapters/secure-0'
    lab.fits.method = 'pca-paired'
    lab.chat.arms = ['bare', 'random']
    lab.controls.controlSeed = 5
    await lab.inUse.run()
    const other = await organismLab()
    other.address.follow(lab.address.link)
    await other.first.welcome()
    expect(other.inUse.fit).toMatchObject({ positiveName: 'secure-0', separation: { method: 'pca-paired' } })
    expect(other.models.adapters?.used?.name).toBe('insecure-0')
    expect(other.models.adapters?.scale).toBe(0.4)
    expect(other.address.link).toBe(lab.address.link)
  })
})

describe('a model against its adapter', () => {
  it('reads the base first, then the adapter, and puts back what was in use', async () => {
    const calls: string[] = []
    const lab = await organismLab({ onCall: (name) => calls.push(name) })
    await lab.opening.choose(organism)
    await lab.models.adapters?.load({ kind: 'bundled', name: 'models/qwen2/adapters/secure-0' })
    await lab.models.adapters?.setScale(0.5)
    lab.contrast.wanted = 'bundled:models/qwen2/adapters/insecure-0'
    calls.length = 0
    await lab.inUse.run()
    expect(calls.filter((name, i) => name !== calls[i - 1]).slice(-5)).toEqual([
      'useAdapter',
      'capture',
      'useAdapter',
      'capture',
      'useAdapter'
    ])
    expect(lab.models.active?.info.adapter).toMatchObject({ scale: 0.5 })
    expect([lab.models.adapters?.used?.name, lab.inUse.fit?.positiveName]).toEqual(['secure-0', 'insecure-0'])
    expect(lab.inUse.drift).toMatch(
      /^Fitted with adapter insecure-0 at 1.00; the model now runs with adapter secure-0 at 0.50/
    )
  })

  it('puts back what was in use when it fails', async () => {
    let fails = false
    const lab = await organismLab({
      onCall: (name) => {
        if (fails && name === 'capture') throw new LabError('device', 'the device was lost; open the model again')
      }
    })
    await lab.first.welcome()
    lab.contrast.wanted = 'bundled:models/qwen2/adapters/secure-0'
    fails = true
    await lab.inUse.run()
    expect(lab.fits.status).toMatchObject({ kind: 'failed', error: { code: 'device' } })
    expect(lab.models.active?.info.adapter).toMatchObject({ scale: 1 })
    expect(lab.models.adapters?.used?.name).toBe('insecure-0')
  })

  it('has a reason where there is no adapter', async () => {
    const lab = new Lab(fakeOutside({ layers: 4 }))
    await lab.opening.choose({ kind: 'hub', repo: 'owner/name' })
    lab.contrast.kind = 'adapter'
    expect(lab.contrast.problem).toMatch(/^This model has no adapter/)
    await lab.inUse.run()
    expect(lab.fits.status).toMatchObject({ kind: 'failed', error: { code: 'adapter' } })
  })
})
