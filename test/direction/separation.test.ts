import { describe, expect, it } from 'vitest'
import { separation, separationSteps, wilson } from '../../src/direction/separation'
import { planted } from './planted'

describe('separation', () => {
  it('is perfect where the sides are far apart, and beats its null', () => {
    const { layers, n, bestNull95 } = separation(planted(12, 4, 1), planted(12, -4, 2))
    expect(n).toBe(24)
    for (const layer of layers) {
      expect(layer.accuracy).toBe(1)
      expect(layer.low).toBeGreaterThan(0.85)
      expect(layer.p).toBe(1 / 201)
      expect(layer.null95).toBeLessThanOrEqual(bestNull95)
    }
    expect(bestNull95).toBeLessThan(0.85)
  })

  it('calls noise significant no more often than 1 time in 20', () => {
    const trials = 300
    const small = { layers: 1, width: 4 }
    const hits = Array.from({ length: trials }, (_, seed) => {
      const [layer] = separation(planted(8, 0, 2 * seed, small), planted(8, 0, 2 * seed + 1, small), {
        swaps: 99,
        seed
      }).layers
      return (layer?.p ?? 1) <= 0.05
    }).filter(Boolean).length
    expect(hits / trials).toBeLessThan(0.08)
    expect(hits / trials).toBeGreaterThan(0.005)
  })

  it('does not see the prompts that it tests: noise of many dimensions stays at chance', () => {
    const wide = { layers: 1, width: 400 }
    const accuracies = Array.from({ length: 20 }, (_, seed) => {
      const options = { swaps: 1, seed }
      return (
        separation(planted(10, 0, 2 * seed, wide), planted(10, 0, 2 * seed + 1, wide), options).layers[0]?.accuracy ?? 0
      )
    })
    expect(accuracies.reduce((sum, value) => sum + value, 0) / 20).toBeLessThan(0.6)
  })

  it('gives the same numbers for the same seed, whatever is added to both sides', () => {
    const [up, down] = [planted(9, 1, 1), planted(7, 0, 2)]
    const shifted = [up, down].map((side) => ({ ...side, data: side.data.map((value) => value + 8) }))
    const [first, second] = shifted
    if (!first || !second) throw new Error('two sides')
    expect(separation(first, second, { swaps: 20 })).toEqual(separation(up, down, { swaps: 20 }))
  })

  it('holds out one prompt of each side at a time where there are few', () => {
    expect(separation(planted(3, 2, 1), planted(4, 0, 2), { swaps: 2 }).folds).toBe(3)
    expect(separation(planted(30, 2, 1), planted(40, 0, 2), { swaps: 2 }).folds).toBe(5)
    expect(() => separation(planted(1, 2, 1), planted(4, 0, 2))).toThrow('needs 2 prompts on each side; add prompts')
  })

  it('tells how far it is, layer by layer', () => {
    const steps = separationSteps(planted(3, 2, 1), planted(4, 0, 2), { swaps: 2 })
    expect([steps.next().value, steps.next().value, steps.next().value]).toEqual([1, 2, 3])
    expect(steps.next().done).toBe(true)
  })
})

describe('wilson', () => {
  it('agrees with published values', () => {
    const { low, high } = wilson(0.9, 10)
    expect(low).toBeCloseTo(0.5958, 4)
    expect(high).toBeCloseTo(0.9821, 4)
    expect(wilson(1, 20).high).toBe(1)
    expect(wilson(0, 20).low).toBe(0)
  })
})
