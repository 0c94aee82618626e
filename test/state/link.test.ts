import { describe, expect, it } from 'vitest'
import { readLink, sourceId, writeLink, type Settings } from '../../src/state/link'

const defaults: Settings = {
  view: 'steer',
  source: null,
  dtype: null,
  device: null,
  layer: null,
  alpha: 1,
  mode: 'add',
  positions: 'all',
  scope: 'layer',
  temperature: 0.7,
  seed: 0,
  maxTokens: 160,
  question: 'How?',
  step: 1,
  donor: null,
  receiver: null,
  anchors: 'along',
  gaps: 1,
  positive: null,
  negative: null,
  run: null,
  claim: null,
  arm: null
}

const full: Settings = {
  view: 'study',
  source: { kind: 'hub', repo: 'owner/name', revision: 'v2', endpoint: 'https://mirror.example' },
  dtype: 'q4f16',
  device: 'wasm',
  layer: 12,
  alpha: -0.45,
  mode: 'clamp',
  positions: 'generated',
  scope: 'all',
  temperature: 0,
  seed: 7,
  maxTokens: 32,
  question: 'a=b&c#d\nnew line',
  step: 1,
  donor: null,
  receiver: null,
  anchors: 'along',
  gaps: 1,
  positive: { name: 'warm', text: 'one\ntwo' },
  negative: { name: 'cold', text: '' },
  run: 'offline',
  claim: 'within',
  arm: { block: 12, arm: 'mapped-random-7@3<gemma2:neutral', prompt: 4 }
}

describe('links', () => {
  it('say nothing about defaults', () => {
    expect(writeLink(defaults, defaults)).toBe('#/steer')
  })

  it('come back as they were written', () => {
    expect(readLink(writeLink(full, defaults), defaults)).toEqual(full)
    expect(readLink(writeLink(defaults, defaults), defaults)).toEqual(defaults)
  })

  it('tell the arm of a run from its prompt', () => {
    const arm = { block: 0, arm: 'carried@1<llama:along', prompt: null }
    expect(readLink(writeLink({ ...full, arm }, defaults), defaults).arm).toEqual(arm)
    expect(readLink('#/study?arm=own@1', defaults).arm).toBeNull()
  })

  it('hold a transfer and a step of the tour where that is the view', () => {
    const transfer: Settings = {
      ...full,
      view: 'transfer',
      donor: { kind: 'bundled', name: 'one' },
      receiver: { kind: 'url', url: 'https://models.example/two' },
      anchors: 'neutral',
      gaps: 3,
      ...{ run: null, claim: null, arm: null }
    }
    expect(readLink(writeLink(transfer, defaults), defaults)).toEqual(transfer)
    expect(writeLink({ ...transfer, view: 'steer' }, defaults)).not.toMatch(/donor|gaps/)
    expect(writeLink({ ...full, view: 'steer' }, defaults)).not.toMatch(/run=|claim|arm=/)
    expect(writeLink({ ...defaults, view: 'tour', step: 4 }, defaults)).toBe('#/tour?step=4')
    expect(readLink('#/tour?step=4', defaults)).toMatchObject({ view: 'tour', step: 4 })
  })

  it('never hold a token, nor a local folder', () => {
    expect(sourceId({ kind: 'hub', repo: 'a/b', token: 'hf_secret' })).toBe('hub:a/b')
    expect(sourceId({ kind: 'files', name: 'mine', files: [] })).toBeNull()
  })

  it('leave out lists that are too long for some programs', () => {
    const positive = { name: 'long', text: 'x'.repeat(2000) }
    expect(writeLink({ ...defaults, positive }, defaults)).toBe('#/steer')
  })

  it.each(['', '#', '#/nowhere', '#/steer?alpha=x&layer=&mode=destroy&model=ftp:x&dtype=q3', '#/steer?%E0%A4%A'])(
    'fall back to the defaults for %j',
    (hash) => expect(readLink(hash, defaults)).toEqual(defaults)
  )

  it('keep numbers in range', () => {
    expect(readLink('#/steer?alpha=99&temperature=-1&maxTokens=1e9', defaults)).toMatchObject({
      alpha: 3,
      temperature: 0,
      maxTokens: 2048
    })
  })
})
