import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { readLink } from '../../src/state/link'
import { Lab } from '../../src/state/lab.svelte'
import { fakeModel, fakeOutside, type FakeOptions } from '../fake-lab'

const lab = (options: FakeOptions = {}): Lab => new Lab(fakeOutside(options))
const states = (of: Lab): string => of.steps.map(({ state }) => state).join(' ')

describe('Lab', () => {
  it('goes from nothing to two answers in two presses', async () => {
    const one = lab()
    expect(states(one)).toBe('ready done waiting waiting waiting waiting ready ready')
    await one.start()
    expect(states(one)).toBe('done done ready done ready waiting ready ready')
    expect(one.fit?.directions).toHaveLength(30)
    await one.ask()
    expect(one.chat.answer('steered')?.tokens.length).toBeGreaterThan(0)
  })

  it('finds the planted direction in the middle layers', async () => {
    const one = lab()
    await one.start()
    const accuracy = one.fit?.separation?.layers[one.fits.layer]?.accuracy ?? 0
    expect(accuracy).toBeGreaterThan(0.8)
    expect(one.fits.layer).toBeGreaterThan(5)
    expect(one.fits.layer).toBeLessThan(25)
  })

  it('does not steer one model by the direction of another', async () => {
    let sha256 = 'a'
    const one = new Lab({ ...fakeOutside(), connect: () => fakeModel({ info: { sha256 } }) })
    await one.start()
    expect(one.steering).not.toBeNull()
    sha256 = 'b'
    await one.open({ kind: 'hub', repo: 'other/model' })
    expect(one.steering).toBeNull()
    expect(one.steps.find(({ view }) => view === 'steer')?.why).toBe('waits for a direction')
  })

  it('tells why a model did not open, and opens the next one', async () => {
    const one = lab()
    expect(await one.open({ kind: 'hub', repo: 'missing/model' })).toBe(false)
    expect(one.models.chosen?.status).toMatchObject({ kind: 'failed', error: { code: 'network' } })
    expect(await one.open({ kind: 'hub', repo: 'a/model' })).toBe(true)
    expect(one.models.list).toHaveLength(1)
  })

  it('forgets a model whose opening was cancelled', async () => {
    const one = lab({ delay: 5 })
    const opening = one.open({ kind: 'hub', repo: 'a/model' })
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
    await one.open({ kind: 'hub', repo: 'a/model' })
    fails = true
    await one.runFit()
    expect(one.fits.status).toMatchObject({ kind: 'failed', error: { code: 'shape' } })
    fails = false
    const fitting = one.runFit()
    one.fits.cancel()
    await fitting
    expect(one.fits.status.kind).toBe('idle')
    expect(one.models.active).not.toBeNull()
  })

  it('says when the prompts were edited since the fit', async () => {
    const one = lab()
    await one.start()
    expect(one.isStale).toBe(false)
    one.prompts.positiveText += '\nOne more sunny day!'
    expect(one.isStale).toBe(true)
  })

  it('gives the whole experiment as a link', async () => {
    const one = lab()
    one.contrast.kind = 'lists'
    one.prompts.positiveText = 'yes\nof course'
    await one.start()
    one.controls.alpha = -1.5
    one.chat.question = 'What is love? #1 & more'
    const other = lab()
    other.follow(one.link)
    expect(other.settings).toEqual({ ...one.settings, layer: one.fits.layer })
    await other.start()
    expect(other.link).toBe(one.link)
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
    one.follow(link)
    await one.draft.load()
    expect(one.link).toBe(link)
    // And keeps it while another view is looked at.
    one.follow('#/steer?alpha=0.5')
    one.view = readLink(link, () => one.settings).view
    expect(one.link.replace(/alpha=0.5&|\?alpha=0.5$/, '')).toBe(link)
  })
})
