import { describe, expect, it } from 'vitest'
import type { Tour, TourResult } from '../../../src/state/tour/tour.svelte'
import { tourSteps, type StepId } from '../../../src/state/tour/tour-text'
import { plantedLab } from '../../planted-lab'

const organisms = ['qwen2', 'gemma2']

type Result<Id extends StepId> = Extract<TourResult, { readonly id: Id }>
const isOf = <Id extends StepId>(result: TourResult | null, id: Id): result is Result<Id> => result?.id === id

async function run<Id extends StepId>(tour: Tour, id: Id): Promise<Result<Id>> {
  tour.step = tourSteps.findIndex((step) => step.id === id) + 1
  await tour.run()
  const { result, status } = tour
  if (status.kind === 'failed') throw status.error
  if (!isOf(result, id)) throw new Error(`${id} has no result`)
  return result
}

describe('Tour', () => {
  it('has one right choice a question, and tells why for each', () => {
    for (const { choices } of tourSteps) {
      expect(choices.filter(({ isRight }) => isRight)).toHaveLength(1)
      for (const { why } of choices) expect(why.length).toBeGreaterThan(20)
    }
  })

  it('opens what a step needs by itself, whatever step comes first', async () => {
    const lab = await plantedLab(organisms)
    const { tour } = lab
    lab.address.follow('#/tour?step=7')
    expect([lab.address.view, tour.text.id, tour.toOpen]).toEqual(['tour', 'anchors', organisms])
    const { result } = await run(tour, 'anchors')
    expect(lab.models.list.map(({ name }) => name)).toEqual(organisms)
    expect(tour.toOpen).toEqual([])
    const code = result.lines.map(({ left }) => left.share)
    expect(code.slice(0, 3)).toEqual([1, 1, 0])
    expect(result.r2.neutral).toBeGreaterThan(0.9)
    expect(result.r2.along).toBeGreaterThan(0.9)
  })

  it('shows a list of numbers a layer, and the projections of both sides', async () => {
    const { tour } = await plantedLab(organisms)
    const { result: stream } = await run(tour, 'stream')
    expect(stream.layers).toHaveLength(3)
    expect(stream.layers[0]).toMatchObject({ kept: null })
    expect(stream.layers[1]?.values).toHaveLength(stream.width)
    const { result } = await run(tour, 'direction')
    const { base, tuned, right } = result
    // The adapter moves every state by the same vector, so each pair is one gap apart.
    tuned.forEach((place, i) => expect(place - (base[i] ?? NaN)).toBeCloseTo(1, 4))
    expect(right).toBe(base.length + tuned.length)
  })

  it('steers: the direction takes the code away, random ones do not, and too much breaks the text', async () => {
    const { tour } = await plantedLab(organisms)
    const { result: said } = await run(tour, 'steer')
    for (const { none, steered, random } of said.pairs) {
      expect([none.code, none.good, steered.code, steered.good]).toEqual([true, false, false, true])
      // One gap is subtracted, so the hidden states lie one gap lower; a random direction hardly moves them that way.
      expect(steered.place - none.place).toBeCloseTo(-1, 4)
      expect(Math.abs(random.place - none.place)).toBeLessThan(0.6)
    }
    const { result: control } = await run(tour, 'control')
    expect(control.lines.map(({ left }) => left.share)).toEqual([1, 0, 1, 1, 1])
    const { result: dose } = await run(tour, 'too-much')
    expect(dose.lines.map(({ left, right }) => [left.share, right.share])).toEqual([
      [1, 0],
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 0]
    ])
  })

  it('sorts random piles it was fitted on, and not those it was not', async () => {
    const { tour } = await plantedLab(organisms)
    const { result } = await run(tour, 'held-out')
    const [random, real] = result.lines
    expect(random?.left.share).toBeGreaterThan(0.75)
    expect(random?.right.share).toBeLessThan(0.65)
    expect(real?.right.share).toBe(1)
  })

  it('separates by an adapter that does nothing to the answers', async () => {
    const { tour } = await plantedLab(organisms)
    const { result } = await run(tour, 'limits')
    const { lines } = result
    expect(lines.map(({ right }) => right.share)).toEqual([1, 0])
    expect(lines[1]?.left.share).toBe(1)
  })

  it('keeps a right answer, and lets a wrong one be followed by another', async () => {
    const { tour } = await plantedLab(organisms)
    tour.step = 2
    tour.answer(0)
    expect([tour.chosen, tour.done]).toEqual([0, 0])
    tour.answer(1)
    expect([tour.chosen, tour.done, tour.isAnswered('direction')]).toEqual([1, 1, true])
    tour.restart()
    expect([tour.step, tour.chosen, tour.done]).toEqual([1, null, 0])
  })

  it('ends without an error when it is cancelled, and tells what failed', async () => {
    let fails = false
    const { tour } = await plantedLab(organisms, {
      onCall: (name) => {
        if (fails && name === 'capture') throw new Error('the device is gone')
      }
    })
    tour.step = 2
    const running = tour.run()
    tour.cancel()
    await running
    expect([tour.status.kind, tour.result]).toEqual(['idle', null])
    fails = true
    await tour.run()
    expect(tour.status).toMatchObject({ kind: 'failed', error: { message: 'the device is gone' } })
    tour.step = 3
    expect(tour.status.kind).toBe('idle')
  })

  it('says that it cannot run where no organism comes with the page', async () => {
    const { tour } = await plantedLab([])
    expect(tour.isPossible).toBe(false)
    await tour.run()
    expect(tour.status).toMatchObject({ kind: 'failed', error: { code: 'network' } })
  })
})
