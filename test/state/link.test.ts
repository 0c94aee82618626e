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
  positive: null,
  negative: null,
  run: null,
  claim: null,
  arm: null
}

const full: Settings = {
  view: 'directions',
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
