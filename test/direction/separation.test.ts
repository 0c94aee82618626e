import { describe, expect, it } from 'vitest'
import { shuffledContrast } from '../../src/direction/baseline'
import { adapter, lists, response, type Contrast } from '../../src/direction/contrast'
import type { HiddenStates } from '../../src/direction/hidden-states'
import { joinHiddenStates, numberedByText } from '../../src/direction/join'
import type { Method } from '../../src/direction/method'
import { separation, separationSteps, type LayerSeparation } from '../../src/direction/separation'
import { auroc } from '../../src/math/statistics'
import { moved, planted } from './planted'

const methods: readonly Method[] = [
  'difference-in-means',
  'pca-paired',
  'pca-pooled',
  'logistic',
  'linear-discriminant'
]

const unpaired = methods.filter((method) => method !== 'pca-paired')

/** The only layer. */
function single(contrast: Contrast, options: Parameters<typeof separation>[1]): LayerSeparation {
  const [layer] = separation(contrast, options).layers
  if (!layer) throw new Error('no layer')
  return layer
}

describe('separation', () => {
  it('is perfect where the sides are far apart, and beats its null', () => {
    const { layers, n, bestNull95 } = separation(lists(planted(12, 4, 1), planted(12, -4, 2)))
    expect(n).toBe(24)
    for (const layer of layers) {
      expect(layer).toMatchObject({ accuracy: 1, auroc: 1 })
      expect(layer.low).toBeGreaterThan(0.85)
      // Of 1,000 swaps, few give the real labels, or all of them turned around.
      expect(layer.p).toBeLessThan(0.005)
      expect(layer.null95).toBeLessThanOrEqual(bestNull95)
    }
    expect(bestNull95).toBeLessThan(0.85)
  })

  it.each([
    ['lists', (seed: number): Contrast => lists(planted(8, 0, 2 * seed, small), planted(8, 0, 2 * seed + 1, small))],
    ['pairs', (seed: number): Contrast => paired(planted(10, 0, 2 * seed, small), 0, 2 * seed + 1)]
  ])('calls noise in %s significant 1 time in 20 over 1,000 seeds', (_, contrast) => {
    const hits = Array.from({ length: 1000 }, (_, seed) => {
      return single(contrast(seed), { swaps: 39, seed }).p <= 0.05
    }).filter(Boolean).length
    // Ties of few prompts make it conservative; two standard errors above .05.
    expect(hits / 1000).toBeLessThan(0.064)
    expect(hits / 1000).toBeGreaterThan(0.01)
  })

  it.each(methods)(
    'does not see the prompts that it tests: noise of many dimensions stays at chance (%s)',
    (method) => {
      const wide = { layers: 1, width: 100 }
      const accuracies = Array.from({ length: 20 }, (_, seed) => {
        const contrast = paired(planted(8, 0, 2 * seed, wide), 0, 2 * seed + 1)
        return single(contrast, { method, swaps: 0, seed }).accuracy
      })
      expect(accuracies.reduce((sum, value) => sum + value, 0) / 20).toBeLessThan(0.6)
      expect(accuracies.reduce((sum, value) => sum + value, 0) / 20).toBeGreaterThan(0.4)
    }
  )

  it.each(methods)('finds what is there, in units of the hidden states (%s)', (method) => {
    const contrast = paired(planted(40, 0, 1, { layers: 1 }), 6, 2)
    const layer = single(contrast, { method, swaps: method === 'logistic' ? 0 : 20 })
    expect(layer.accuracy).toBeGreaterThan(0.9)
    expect(layer.auroc).toBeGreaterThan(0.98)
    expect(Math.abs(layer.heldOutGap - 6)).toBeLessThan(1)
    expect(layer.cohenD).toBeGreaterThan(3)
    if (method !== 'logistic') expect(layer.p).toBe(1 / 21)
  })

  it('gives the same numbers for the same seed, whatever is added to both sides', () => {
    const [up, down] = [planted(9, 1, 1), planted(7, 0, 2)]
    const shift = (side: HiddenStates): HiddenStates => ({ ...side, data: side.data.map((value) => value + 8) })
    const there = separation(lists(shift(up), shift(down)), { swaps: 20 })
    const here = separation(lists(up, down), { swaps: 20 })
    there.layers.forEach((layer, i) => {
      const { heldOutGap, cohenD, withoutMassive, ...rest } = here.layers[i] ?? layer
      expect(layer).toMatchObject(rest)
      expect(layer.heldOutGap).toBeCloseTo(heldOutGap, 5)
      expect(layer.cohenD).toBeCloseTo(cohenD, 5)
      // Which means are largest does depend on what is added.
      expect(withoutMassive).toBeGreaterThan(0)
    })
  })

  it('leaves nothing where all the difference is in massive dimensions', () => {
    const massive = (states: HiddenStates): HiddenStates => ({
      ...states,
      data: states.data.map((value, i) => value + (i % states.width === 0 ? 400 : 0))
    })
    const contrast = lists(massive(planted(40, 3, 1, { layers: 1 })), massive(planted(40, -3, 2, { layers: 1 })))
    const layer = single(contrast, { swaps: 0 })
    expect(layer.accuracy).toBeGreaterThan(0.95)
    expect(layer.withoutMassive).toBeLessThan(0.7)
  })

  it('says nothing of massive dimensions where a state has hardly more', () => {
    const narrow = (width: number): number =>
      single(lists(planted(40, 3, 1, { layers: 1, width }), planted(40, -3, 2, { layers: 1, width })), { swaps: 0 })
        .withoutMassive
    for (const width of [2, 3, 15]) expect(narrow(width)).toBeNaN()
    expect(narrow(16)).toBeGreaterThan(0)
  })

  it('does not fit on a text that it holds out under another id', () => {
    const noise = planted(12, 0, 1, { layers: 1, width: 64, noise: 0.1 })
    const six = (states: HiddenStates): HiddenStates => joinHiddenStates(Array<HiddenStates>(6).fill(states))
    const texts = Array.from({ length: 72 }, (_, row) => `text ${row % 12}`)
    // Nothing but noise lies between the two, fixed a text: a copy in another fold gives it away.
    const sides = [six(moved(noise, 0, 2)), six(noise)] as const
    const apart = (number: (states: HiddenStates) => HiddenStates): number =>
      single(adapter(number(sides[0]), number(sides[1])), { swaps: 0 }).accuracy
    expect(apart((states) => states)).toBeGreaterThan(0.9)
    expect(apart((states) => numberedByText(states, texts))).toBeLessThan(0.75)
  })

  it('holds out one prompt of each side at a time where there are few', () => {
    expect(separation(lists(planted(3, 2, 1), planted(4, 0, 2)), { swaps: 2 }).folds).toBe(3)
    expect(separation(lists(planted(30, 2, 1), planted(40, 0, 2)), { swaps: 2 }).folds).toBe(5)
    const few = lists(planted(1, 2, 1), planted(4, 0, 2))
    expect(() => separation(few)).toThrow('needs 2 prompts on each side; add prompts')
  })

  it('tells how far it is, layer by layer', () => {
    const steps = separationSteps(lists(planted(3, 2, 1), planted(4, 0, 2)), { swaps: 2 })
    expect([steps.next().value, steps.next().value, steps.next().value]).toEqual([1 / 3, 2 / 3, 1])
    expect(steps.next().done).toBe(true)
  })

  it.each(unpaired)('keeps, where it is asked to, the projections that its scores are made of (%s)', (method) => {
    const contrast = lists(planted(7, 0.4, 1), planted(6, -0.4, 2))
    expect(separation(contrast, { method, swaps: 0 }).heldOut).toBeUndefined()
    const { layers, heldOut } = separation(contrast, { method, swaps: 0, keepProjections: true })
    expect(heldOut).toHaveLength(layers.length)
    layers.forEach((scores, layer) => {
      const { positive, negative } = heldOut?.[layer] ?? { positive: [], negative: [] }
      expect([positive.length, negative.length]).toEqual([7, 6])
      expect(auroc(positive, negative)).toBe(scores.auroc)
      const right = positive.filter((value) => value > 0).length + negative.filter((value) => value < 0).length
      expect(right / 13).toBeCloseTo(scores.accuracy, 9)
    })
  })

  it('has no null without swaps', () => {
    const layer = single(lists(planted(9, 1, 1), planted(9, 0, 2)), { swaps: 0 })
    expect([layer.nullMean, layer.null95, layer.p]).toEqual([NaN, NaN, NaN])
  })

  it('keeps the two sides of a prompt in one fold', () => {
    // Prompts that lie far apart, and no difference between the sides: a fold that held the other side back would leak it.
    const base = planted(20, 0, 1, { layers: 1, width: 400, noise: 20 })
    const layer = single(paired(base, 0, 2, 0.1), { swaps: 200 })
    expect(layer.p).toBeGreaterThan(0.05)
  })
})

describe('baselines', () => {
  it('shuffled: labels are swapped within prompts, and nothing is left to find', () => {
    const contrast = paired(planted(40, 0, 1, { layers: 1 }), 4, 2)
    const shuffled = shuffledContrast(contrast, 5)
    expect([shuffled.positive.rows, shuffled.negative.rows]).toEqual([40, 40])
    expect(shuffled.positive.prompt).toEqual(contrast.positive.prompt)
    expect(single(contrast, { swaps: 0 }).accuracy).toBeGreaterThan(0.9)
    expect(single(shuffled, { swaps: 99 }).p).toBeGreaterThan(0.05)
  })
})

describe('answers of one prompt on both sides', () => {
  it('are swapped within the prompt, the others between prompts', () => {
    const answers: HiddenStates = { ...planted(40, 0, 1, { layers: 1 }), position: 'answer-mean' }
    const states = { ...answers, prompt: Array.from({ length: 40 }, (_, i) => Math.floor(i / 2)) }
    const isCode = states.prompt.map((prompt, i) => (prompt < 10 ? i % 2 === 0 : prompt % 2 === 0))
    const { n, layers } = separation(response(states, isCode), { swaps: 99 })
    expect(n).toBe(30)
    expect(layers[0]?.p).toBeGreaterThan(0.05)
  })
})

const small = { layers: 1, width: 4 }

function paired(base: HiddenStates, shift: number, seed: number, noise = 1): Contrast {
  return adapter(moved(base, shift, seed, { noise }), base)
}
