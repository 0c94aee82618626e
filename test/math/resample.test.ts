import { describe, expect, it } from 'vitest'
import { bootstrap, estimate } from '../../src/math/bootstrap'
import { gaussian, seeded } from '../../src/math/random'
import { resampler } from '../../src/math/resample'
import { mean } from '../../src/math/statistics'

const draw = gaussian(seeded(4))
const columns = Array.from({ length: 3 }, () => Float64Array.from({ length: 25 }, draw))
const [a = new Float64Array(), b = new Float64Array(), c = new Float64Array()] = columns
const options = { draws: 777, seed: 3 }

describe('drawing one column', () => {
  it('is the cluster bootstrap of every statistic that is linear in the prompts', () => {
    const rows = { data: Float64Array.from({ length: 75 }, (_, i) => columns[i % 3]?.[Math.floor(i / 3)] ?? NaN) }
    const draws = bootstrap({ ...rows, rows: 25, width: 3 }, options)
    const table = estimate(draws, ([x = NaN, y = NaN, z = NaN]) => x - (y + z) / 2)
    const column = resampler(options)(a.map((value, i) => value - mean([b[i] ?? NaN, c[i] ?? NaN])))
    for (const end of ['estimate', 'low', 'high'] as const) expect(column[end]).toBeCloseTo(table[end], 12)
  })

  it('gives the same again, and the same draws to every column', () => {
    const resample = resampler(options)
    const first = resample(a)
    resample(b)
    expect(resample(a)).toEqual(first)
    const twice = resample(a.map((value) => 2 * value))
    expect(twice.low).toBeCloseTo(2 * first.low, 12)
    expect(twice.p).toBe(first.p)
  })

  it('knows no end of a column of which one prompt is not known', () => {
    const unknown = { estimate: NaN, low: NaN, high: NaN, p: NaN }
    expect(resampler(options)(a.map((value, i) => (i === 3 ? NaN : value)))).toEqual(unknown)
  })

  it('p counts the column itself, and ties with 0 against it', () => {
    const resample = resampler({ draws: 99, seed: 1 })
    expect(resample(new Float64Array(5).fill(2)).p).toBe(1 / 100)
    expect(resample(new Float64Array(5)).p).toBe(1)
    expect(() => resample(new Float64Array(0))).toThrow('measure at least one')
  })
})
