import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ContrastKind } from '../../src/state/directions/contrasts'
import { readLink, writeLink, type Settings } from '../../src/state/link'
import { sourceId } from '../../src/state/models/source-id'

const blank: Settings = {
  view: 'steer',
  page: null,
  source: null,
  dtype: null,
  device: null,
  adapter: null,
  scale: 1,
  contrast: 'lists',
  contrastAdapter: null,
  method: 'difference-in-means',
  layer: null,
  alpha: 1,
  mode: 'add',
  positions: 'all',
  scope: 'layer',
  arms: ['base', 'steered'],
  controlSeed: 0,
  temperature: 0.7,
  topP: 1,
  seed: 0,
  maxTokens: 160,
  question: 'How?',
  form: 'chat',
  step: 1,
  donor: null,
  receiver: null,
  anchors: 'along',
  gaps: 1,
  ...{ donorAdapter: null, receiverAdapter: null, donorLayer: null, receiverLayer: null, texts: 600, questions: 20 },
  ...{ position: 'last', captureLayer: null, preset: null },
  positive: null,
  negative: null,
  run: null,
  claim: null,
  arm: null,
  ...{ made: null, vector: null, left: [], session: null }
}
/** The adapter contrast begins with another alpha. */
const defaults = (contrast: ContrastKind): Settings => ({ ...blank, contrast, alpha: contrast === 'lists' ? 1 : -1 })
const firstVisit = defaults('adapter')

const full: Settings = {
  view: 'study',
  page: null,
  source: { kind: 'hub', repo: 'owner/name', revision: 'v2', endpoint: 'https://mirror.example' },
  dtype: 'q4f16',
  device: 'wasm',
  adapter: 'hub:owner/lora@v1',
  scale: 0.8,
  contrast: 'adapter',
  contrastAdapter: 'bundled:models/name/adapters/other',
  method: 'logistic',
  layer: 12,
  alpha: -0.45,
  mode: 'clamp',
  positions: 'generated',
  scope: 'all',
  arms: ['bare', 'random'],
  controlSeed: 3,
  temperature: 0,
  topP: 0.9,
  seed: 7,
  maxTokens: 32,
  question: 'a=b&c#d\nnew line',
  form: 'text',
  step: 1,
  donor: null,
  receiver: null,
  anchors: 'along',
  gaps: 1,
  ...{ donorAdapter: null, receiverAdapter: null, donorLayer: null, receiverLayer: null, texts: 600, questions: 20 },
  ...{ position: 'last', captureLayer: null, preset: null },
  positive: { name: 'warm', text: 'one\ntwo' },
  negative: { name: 'cold', text: '' },
  run: 'offline',
  claim: 'within',
  arm: { block: 12, arm: 'mapped-random-7@3<gemma2:neutral', prompt: 4 },
  ...{
    made: '0123456789abcdef_3.21417_q4_wasm',
    vector: 'abc',
    left: ['direction'],
    session: 'https://a.example/one.azimuth'
  }
}

const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')

describe('links', () => {
  it('say nothing about defaults', () => {
    expect(writeLink(firstVisit, defaults)).toBe('#/steer')
  })

  it('are of two lists once they name a model or a list, and say so where they are not', () => {
    const source = { kind: 'hub', repo: 'owner/name' } as const
    expect(writeLink({ ...blank, source }, defaults)).toBe('#/steer?model=hub%3Aowner%2Fname')
    expect(readLink('#/steer?model=hub:owner/name', defaults)).toMatchObject({ contrast: 'lists', alpha: 1 })
    expect(writeLink({ ...firstVisit, source }, defaults)).toContain('&contrast=adapter')
    expect(writeLink(blank, defaults)).toBe('#/steer?contrast=lists')
  })

  it('come back as they were written', () => {
    expect(readLink(writeLink(full, defaults), defaults)).toEqual(full)
    expect(readLink(writeLink(firstVisit, defaults), defaults)).toEqual(firstVisit)
    expect(readLink(writeLink(blank, defaults), defaults)).toEqual(blank)
  })

  it('tell the arm of a run from its prompt', () => {
    const arm = { block: 0, arm: 'carried@1<llama:along', prompt: null }
    expect(readLink(writeLink({ ...full, arm }, defaults), defaults).arm).toEqual(arm)
    expect(readLink('#/study?arm=own@1', defaults).arm).toBeNull()
  })

  it('hold a page of the documentation and its heading where that is the view', () => {
    const page: Settings = { ...firstVisit, view: 'docs', page: 'concepts/how-a-transfer-is-read' }
    expect(writeLink(page, defaults)).toBe('#/docs/concepts/how-a-transfer-is-read')
    expect(readLink('#/docs/concepts/how-a-transfer-is-read', defaults)).toEqual(page)
    expect(readLink('#/docs', defaults)).toMatchObject({ view: 'docs', page: null })
    expect(writeLink({ ...page, view: 'steer' }, defaults)).toBe('#/steer')
  })

  it('hold a transfer and a step of the tour where that is the view', () => {
    const transfer: Settings = {
      ...full,
      view: 'transfer',
      donor: { kind: 'bundled', name: 'one' },
      receiver: { kind: 'url', url: 'https://models.example/two' },
      anchors: 'neutral',
      gaps: 3,
      ...{ donorAdapter: 'bundled:models/one/adapters/insecure-1', receiverAdapter: 'hub:owner/lora@v1' },
      ...{ donorLayer: 3, receiverLayer: 0, texts: 120, questions: 60 },
      ...{ run: null, claim: null, arm: null }
    }
    expect(readLink(writeLink(transfer, defaults), defaults)).toEqual(transfer)
    expect(writeLink({ ...transfer, view: 'steer' }, defaults)).not.toMatch(/donor|gaps/)
    expect(writeLink({ ...full, view: 'steer' }, defaults)).not.toMatch(/run=|claim|arm=/)
    expect(writeLink({ ...firstVisit, view: 'tour', step: 4 }, defaults)).toBe('#/tour?step=4')
    expect(readLink('#/tour?step=4', defaults)).toMatchObject({ view: 'tour', step: 4 })
  })

  it('come back whatever was set, in every view: all that the view is about', () => {
    const source = fc.oneof(
      fc.record({ kind: fc.constant('bundled' as const), name: fc.stringMatching(/^[a-z0-9-]{1,8}$/) }),
      fc.record({ kind: fc.constant('url' as const), url: fc.webUrl() })
    )
    const adapter = fc.option(fc.stringMatching(/^(bundled|hub|url):[a-z]+\/[a-z0-9@-]+$/))
    const layer = fc.option(fc.nat(999))
    const text = fc.string({ unit: 'grapheme', maxLength: 40 })
    const shared = {
      ...{ source: fc.option(source), adapter, contrastAdapter: adapter, layer, question: text },
      contrast: fc.constantFrom('lists' as const, 'adapter' as const),
      alpha: fc.integer({ min: -300, max: 300 }).map((hundredths) => hundredths / 100),
      seed: fc.nat(1000)
    }
    const ofView = {
      capture: fc.record({
        position: fc.constantFrom('last' as const, 'every' as const, 'answer-mean' as const),
        captureLayer: layer
      }),
      transfer: fc.record({
        ...{ donor: fc.option(source), receiver: fc.option(source), donorAdapter: adapter, receiverAdapter: adapter },
        ...{ donorLayer: layer, receiverLayer: layer, anchors: fc.constantFrom('neutral' as const, 'file' as const) },
        ...{ texts: fc.integer({ min: 1, max: 600 }), questions: fc.integer({ min: 1, max: 60 }) }
      }),
      tour: fc.record({ step: fc.integer({ min: 1, max: 8 }) }),
      study: fc.record({ preset: fc.constantFrom('offline' as const, 'full' as const, null) }),
      steer: fc.constant({}),
      docs: fc.record({ page: fc.constantFrom('concepts', 'study/re-check', null) })
    }
    const settings = fc.oneof(
      ...Object.entries(ofView).map(([view, own]) => fc.tuple(fc.constant(view), fc.record(shared), own))
    )
    fc.assert(
      fc.property(settings, ([view, some, own]) => {
        const asked = readLink(`#/${view}`, defaults)
        const given: Settings = { ...defaults(some.contrast), view: asked.view, ...some, ...own }
        expect(readLink(writeLink(given, defaults), defaults)).toEqual(given)
      })
    )
  })

  it('never hold a token, nor a local folder', () => {
    expect(sourceId({ kind: 'hub', repo: 'a/b', token: 'hf_secret' })).toBe('hub:a/b')
    expect(sourceId({ kind: 'files', name: 'mine', files: [] })).toBeNull()
  })

  it('pack long lists, and come back as they were written', () => {
    const positive = { name: 'formal', text: lines(120, (i) => `Please describe subject ${i} formally.`) }
    const negative = { name: 'slang', text: lines(120, (i) => `Yo, what is up with ${i}?`) }
    const long = { ...blank, positive, negative, question: 'How? '.repeat(500) }
    const link = writeLink(long, defaults)
    expect(link.length).toBeLessThan(4000)
    expect(readLink(link, defaults)).toEqual(long)
  })

  it('come back whole or say what they leave out, however long and in whatever letters', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20_000 }).map((one) => one.replace(/\r/g, ''))
    const side = fc.option(fc.record({ name: fc.stringMatching(/^[a-z]{1,9}$/), text }))
    fc.assert(
      fc.property(side, side, fc.constantFrom(defaults('lists'), defaults('adapter')), (positive, negative, some) => {
        const given = { ...some, positive, negative }
        const link = writeLink(given, defaults)
        const got = readLink(link, defaults)
        expect(link.length).toBeLessThan(10_000)
        expect(got.contrast).toBe(given.contrast)
        for (const name of ['positive', 'negative'] as const) {
          if (got.left.includes(name)) expect(got[name]).toBeNull()
          else expect(got[name]).toEqual(given[name])
        }
      })
    )
  })

  it('name the lists that are too long even so, on both ends', () => {
    const positive = { name: 'long', text: lines(9000, (i) => String(Math.sin(i))) }
    const link = writeLink({ ...blank, positive }, defaults)
    expect(link).toContain('left=positive')
    expect(readLink(link, defaults)).toMatchObject({ positive: null, left: ['positive'], contrast: 'lists' })
  })

  it.each([
    '',
    '#',
    '#/nowhere',
    '#/steer?alpha=x&layer=&mode=destroy&model=ftp:x&dtype=q3',
    '#/steer?method=magic&columns=left,right&adapter=zip:x',
    '#/steer?%E0%A4%A'
  ])('fall back to the defaults for %j', (hash) => expect(readLink(hash, defaults)).toEqual(firstVisit))

  it('keep numbers in range', () => {
    expect(readLink('#/steer?alpha=99&temperature=-1&maxTokens=1e9', defaults)).toMatchObject({
      alpha: 3,
      temperature: 0,
      maxTokens: 2048
    })
  })
})
