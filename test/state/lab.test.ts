import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { readLink } from '../../src/state/link'
import { Lab } from '../../src/state/lab.svelte'
import { stepsOf } from '../../src/state/steps'
import { fakeModel, fakeOutside, type FakeOptions } from '../fake-lab'

const lab = (options: FakeOptions = {}): Lab => new Lab(fakeOutside(options))
const states = (of: Lab): string =>
  stepsOf(of)
    .map(({ state }) => state)
    .join(' ')

describe('Lab', () => {
  it('goes from nothing to two answers in two presses', async () => {
    const one = lab()
    expect(states(one)).toBe('ready done waiting waiting waiting waiting ready ready')
    await one.first.begin()
    expect(states(one)).toBe('done done ready done ready waiting ready ready')
    expect(one.inUse.fit?.directions).toHaveLength(30)
    await one.first.ask()
    expect(one.chat.answer('steered')?.tokens.length).toBeGreaterThan(0)
  })

  it('finds the planted direction in the middle layers', async () => {
    const one = lab()
    await one.first.begin()
    const accuracy = one.inUse.fit?.separation?.layers[one.fits.layer]?.accuracy ?? 0
    expect(accuracy).toBeGreaterThan(0.8)
    expect(one.fits.layer).toBeGreaterThan(5)
    expect(one.fits.layer).toBeLessThan(25)
  })

  it('does not steer one model by the direction of another', async () => {
    let sha256 = 'a'
    const one = new Lab({ ...fakeOutside(), connect: () => fakeModel({ info: { sha256 } }) })
    await one.first.begin()
    expect(one.asking.steering).not.toBeNull()
    sha256 = 'b'
    await one.opening.choose({ kind: 'hub', repo: 'other/model' })
    expect(one.asking.steering).toBeNull()
    expect(stepsOf(one).find(({ view }) => view === 'steer')?.why).toBe('waits for a direction')
  })

  it('tells why a model did not open, and opens the next one', async () => {
    const one = lab()
    expect(await one.opening.choose({ kind: 'hub', repo: 'missing/model' })).toBe(false)
    expect(one.models.chosen?.status).toMatchObject({ kind: 'failed', error: { code: 'network' } })
    expect(await one.opening.choose({ kind: 'hub', repo: 'a/model' })).toBe(true)
    expect(one.models.list).toHaveLength(1)
  })

  it('forgets a model whose opening was cancelled', async () => {
    const one = lab({ delay: 5 })
    const opening = one.opening.choose({ kind: 'hub', repo: 'a/model' })
    const { opening: model } = one.models
    if (!model) throw new Error('nothing is being opened')
    await one.models.close(model)
    expect(await opening).toBe(false)
    expect(one.models.list).toHaveLength(0)
  })

  it('keeps the model when a fit fails or is cancelled', async () => {
    let fails = false
    const one = lab({
      onCall: (name) => {
        if (fails && name === 'capture') throw new LabError('shape', 'prompt 3 is too long; shorten it')
      }
    })
    await one.opening.choose({ kind: 'hub', repo: 'a/model' })
    fails = true
    await one.inUse.run()
    expect(one.fits.status).toMatchObject({ kind: 'failed', error: { code: 'shape' } })
    fails = false
    const fitting = one.inUse.run()
    one.fits.cancel()
    await fitting
    expect(one.fits.status.kind).toBe('idle')
    expect(one.models.active).not.toBeNull()
  })

  it('says when the prompts were edited since the fit', async () => {
    const one = lab()
    await one.first.begin()
    expect(one.inUse.isStale).toBe(false)
    one.prompts.positiveText += '\nOne more sunny day!'
    expect(one.inUse.isStale).toBe(true)
  })

  it('gives the whole experiment as a link', async () => {
    const one = lab()
    one.contrast.kind = 'lists'
    one.prompts.positiveText = 'yes\nof course'
    await one.first.begin()
    one.controls.alpha = -1.5
    one.chat.question = 'What is love? #1 & more'
    const other = lab()
    other.address.follow(one.address.link)
    expect(other.address.settings).toEqual({ ...one.address.settings, layer: one.fits.layer })
    await other.first.begin()
    expect(other.address.link).toBe(one.address.link)
  })

  it.each([
    '#/capture?position=every&captureLayer=2',
    '#/transfer?donor=bundled%3Aone&receiver=bundled%3Atwo&donorAdapter=bundled%3Aa%2Fb&receiverLayer=3&gaps=2&texts=80',
    '#/study?preset=offline',
    '#/study?run=offline&claim=within',
    '#/tour?step=3',
    '#/docs/concepts/layers'
  ])('follows %s, and says the same', async (link) => {
    const one = lab()
    one.address.follow(link)
    await one.draft.load()
    expect(one.address.link).toBe(link)
    // And keeps it while another view is looked at.
    one.address.follow('#/steer?alpha=0.5')
    one.address.view = readLink(link, () => one.address.settings).view
    expect(one.address.link.replace(/alpha=0.5&|\?alpha=0.5$/, '')).toBe(link)
  })

  it('reads settings of a study from a file, and from none that is larger than any of them', async () => {
    const { draft } = lab()
    await draft.load()
    const before = draft.settings
    draft.choose('offline')
    const saved = draft.text
    draft.choose('demo')
    await draft.open(new File([saved], 'a.json'))
    expect([draft.settings?.preset, draft.failure]).toEqual(['offline', null])
    draft.choose('demo')
    await draft.open(new File([saved, ' '.repeat(1 << 20)], `${'x'.repeat(300)}.json`))
    expect(draft.failure).toMatchObject({ code: 'memory', message: expect.stringMatching(/^"x{60}…" has \d+ bytes/) })
    await draft.open(new File(['{'], 'a.json'))
    expect(draft.failure).toMatchObject({ code: 'format', message: expect.stringMatching(/^"a.json" is not JSON/) })
    expect(draft.settings?.preset).toBe(before?.preset)
  })
})
