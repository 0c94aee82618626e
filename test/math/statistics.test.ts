import { describe, expect, it } from 'vitest'
import { bootstrap, estimate, sampleMeans } from '../../src/math/bootstrap'
import { gaussian, permutation, seeded } from '../../src/math/random'
import * as statistics from '../../src/math/statistics'
import { additiveFit } from '../../src/math/transfer-table'
import reference from './reference.json'

const { statistics: known, transfers } = reference

/** To 10 digits. */
const near = (values: ArrayLike<number>, expected: readonly number[]): void => {
  expect(values.length).toBe(expected.length)
  expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 10))
}

describe('statistics equal those of scipy and scikit-learn', () => {
  it('of two groups', () => {
    expect(statistics.auroc(known.a, known.b)).toBeCloseTo(known.auroc, 12)
    expect(statistics.cohenD(known.a, known.b)).toBeCloseTo(known.cohenD, 12)
    expect(statistics.variance(known.a)).toBeCloseTo(known.variance, 12)
  })

  it('of order', () => {
    near(
      known.shares.map((share) => statistics.quantile(known.a, share)),
      known.quantiles
    )
    near(statistics.ranks(known.x), known.ranks)
    expect(statistics.spearman(known.x, known.y)).toBeCloseTo(known.spearman, 12)
  })

  it('of rates and many tests', () => {
    known.trials.forEach(([successes = 0, n = 0], i) => {
      const { low, high } = statistics.wilson(successes / n, n)
      near([low, high], known.wilson[i] ?? [])
    })
    near(statistics.holm(known.p), known.holm)
  })

  it('of a table of transfers', () => {
    const { mean, sending, receiving } = additiveFit(transfers.table.flat(), 4)
    near([mean, ...sending, ...receiving], [transfers.mean, ...transfers.sending, ...transfers.receiving])
  })
})

describe('edges', () => {
  it('rank p counts the value itself', () => {
    expect(statistics.rankP(3, [1, 2, 3, 4])).toBe(3 / 5)
    expect(statistics.rankP(9, Array<number>(20).fill(1))).toBe(1 / 21)
  })

  it('rank p of what is not known is not known, and no control that is not known is beaten', () => {
    expect(statistics.rankP(NaN, Array<number>(20).fill(1))).toBeNaN()
    expect(statistics.rankP(9, [...Array<number>(19).fill(1), NaN])).toBe(2 / 21)
  })

  it('ranks are compared pair by pair', () => {
    expect(() => statistics.spearman([1, 2, 3], [1, 2])).toThrow('3 values against 2')
    expect(statistics.spearman([1, 2, NaN], [1, 2, 3])).toBeNaN()
  })

  it('nothing gives NaN, not 0', () => {
    expect(statistics.quantile([], 0.5)).toBeNaN()
    expect(statistics.mean([])).toBeNaN()
    expect(statistics.variance([1])).toBeNaN()
    expect(statistics.spearman([1, 1], [1, 2])).toBeNaN()
    expect(statistics.auroc([], [1])).toBeNaN()
  })

  it('a table needs three models', () => {
    expect(() => additiveFit([0, 1, 2, 0], 2)).toThrow('it takes at least 3')
  })
})

describe('seeds', () => {
  it('give the same numbers again, and neighbours have nothing in common', () => {
    const draws = (seed: number, stream = 0): number[] => Array.from({ length: 4 }, seeded(seed, stream))
    expect(draws(1)).toEqual(draws(1))
    const first = Array.from({ length: 2000 }, (_, seed) => draws(seed)[0] ?? NaN)
    expect(statistics.mean(first)).toBeCloseTo(0.5, 1)
    const next = first.slice(1)
    expect(Math.abs(statistics.spearman(first.slice(0, -1), next))).toBeLessThan(0.06)
    expect(draws(1, 1)).not.toEqual(draws(1))
  })

  it('order numbers', () => {
    expect(permutation(5, seeded(1)).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4])
  })
})

describe('the cluster bootstrap', () => {
  it('covers the truth 93 to 97 times in 100, over 1,000 data sets of 54 prompts x 4 samples', () => {
    const [prompts, samples] = [54, 4]
    const hits = Array.from({ length: 1000 }, (_, seed) => {
      const draw = gaussian(seeded(seed))
      const values = new Float64Array(prompts * samples)
      for (let prompt = 0; prompt < prompts; prompt++) {
        // Samples of one prompt are alike: taken for independent, they would give an interval half as wide.
        const own = draw()
        for (let sample = 0; sample < samples; sample++) values[prompt * samples + sample] = own + draw() / 2
      }
      const draws = bootstrap(sampleMeans(values, prompts, samples, 1), { draws: 1000, seed })
      const { low, high } = estimate(draws, ([mean = NaN]) => mean)
      return low <= 0 && 0 <= high
    }).filter(Boolean).length
    expect(hits / 1000).toBeGreaterThanOrEqual(0.93)
    expect(hits / 1000).toBeLessThanOrEqual(0.97)
  })

  it('keeps arms paired: a difference that every prompt shares has no width', () => {
    const draw = gaussian(seeded(1))
    const values = Float64Array.from({ length: 20 }, draw)
    const data = Float64Array.from([...values].flatMap((value) => [value, value + 3]))
    const draws = bootstrap({ data, rows: 20, width: 2 }, { draws: 200, seed: 1 })
    const { estimate: middle, low, high } = estimate(draws, ([a = NaN, b = NaN]) => b - a)
    for (const value of [middle, low, high]) expect(value).toBeCloseTo(3, 12)
    expect(() => bootstrap({ data, rows: 0, width: 2 }, { seed: 1 })).toThrow('measure at least one')
  })

  it('has the width that the standard error gives', () => {
    const draw = gaussian(seeded(3))
    const data = Float64Array.from({ length: 200 }, draw)
    const { low, high } = estimate(bootstrap({ data, rows: 200, width: 1 }, { seed: 1 }), ([mean = NaN]) => mean)
    expect(high - low).toBeCloseTo(2 * 1.96 * Math.sqrt(statistics.variance(data) / 200), 1)
  })
})
