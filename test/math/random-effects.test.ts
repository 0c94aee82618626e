import { describe, expect, it } from 'vitest'
import { gaussian, seeded } from '../../src/math/random'
import { crossedVariance, randomEffects } from '../../src/math/random-effects'

describe('a mean over runs', () => {
  it('has the t interval of plain numbers where none has an error', () => {
    const { estimate, low, high, n } = randomEffects([10, 20, 30].map((value) => ({ value, error: 0 })))
    expect(estimate).toBeCloseTo(20, 10)
    expect(n).toBe(3)
    // 4.3027 * 10 / sqrt(3)
    expect(high - estimate).toBeCloseTo(24.84, 2)
    expect(estimate - low).toBeCloseTo(24.84, 2)
  })

  it('leans on the surer runs where they agree, and hardly where they do not', () => {
    const alike = randomEffects([
      { value: 10, error: 1 },
      { value: 11, error: 10 }
    ])
    expect(alike.between).toBe(0)
    expect(alike.estimate).toBeCloseTo((10 + 0.01 * 11) / 1.01, 10)
    const apart = randomEffects([
      { value: 0, error: 1 },
      { value: 100, error: 2 }
    ])
    expect(apart.estimate).toBeCloseTo(50, 0)
    expect(apart.between).toBeGreaterThan(60)
  })

  it('holds the truth in 95 of 100 when three runs differ', () => {
    const draw = gaussian(seeded(5))
    const holds = Array.from({ length: 2000 }, () => {
      const runs = [0, 1, 2].map(() => ({ value: 30 + 8 * draw() + 2 * draw(), error: 2 }))
      const { low, high } = randomEffects(runs)
      return low <= 30 && high >= 30
    })
    expect(holds.filter(Boolean).length / 2000).toBeGreaterThan(0.93)
    expect(holds.filter(Boolean).length / 2000).toBeLessThan(0.97)
  })

  it('of one run has no interval, and of none no number', () => {
    expect(randomEffects([{ value: 5, error: 1 }])).toMatchObject({ estimate: 5, low: NaN, high: NaN, n: 1 })
    expect(randomEffects([])).toMatchObject({ estimate: NaN, n: 0 })
  })
})

describe('where a mean over prompts and directions varies', () => {
  it('finds what was put in', () => {
    const draw = gaussian(seeded(6))
    const parts = Array.from({ length: 400 }, () => {
      const prompts = Array.from({ length: 12 }, () => 3 * draw())
      const table = Array.from({ length: 8 }, () => {
        const own = 2 * draw()
        return prompts.map((prompt) => prompt + own + draw())
      })
      return crossedVariance(table)
    })
    const average = (part: 'prompts' | 'directions' | 'both'): number =>
      parts.reduce((sum, one) => sum + one[part], 0) / parts.length
    expect(average('prompts')).toBeCloseTo(9 / 12, 1)
    expect(average('directions')).toBeCloseTo(4 / 8, 1)
    expect(average('both')).toBeCloseTo(1 / 96, 3)
  })

  it('is not known of one direction', () => {
    expect(crossedVariance([[1, 2, 3]])).toEqual({ prompts: NaN, directions: NaN, both: NaN })
  })
})
