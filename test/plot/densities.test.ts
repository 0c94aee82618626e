import { csvParse } from 'd3'
import { describe, expect, it } from 'vitest'
import { density } from '../../src/math/density'
import { densitiesCsv, dividedBy, plotDensities } from '../../src/plot/densities'

const sides = { positive: [1, 2, 3, 2], negative: [-2, -1, -3] }

describe('density', () => {
  it('has an area of 1, a peak at the middle of a symmetric sample, and no part without values', () => {
    const points = density([-1, 0, 0, 1], 401)
    const step = (points[1]?.at ?? 0) - (points[0]?.at ?? 0)
    expect(points.reduce((sum, { height }) => sum + height * step, 0)).toBeCloseTo(1, 2)
    const peak = points.reduce((best, point) => (point.height > best.height ? point : best))
    expect(peak.at).toBeCloseTo(0, 6)
    expect(density([])).toEqual([])
  })

  it('of one Gaussian kernel is that Gaussian', () => {
    const [point] = density([5, 5, 5], 3).slice(1)
    expect(point?.at).toBeCloseTo(5, 9)
    const width = Math.max(1e-3, 1.06e-3 * 3 ** -0.2)
    expect(point?.height).toBeCloseTo(1 / (width * Math.sqrt(2 * Math.PI)), 6)
  })
})

describe('plotDensities', () => {
  const plot = plotDensities(sides, 600)

  it('puts the midpoint between the two means, one line a prompt below the axis, and all of it inside', () => {
    expect(plot.negative.mean).toBeLessThan(plot.midpoint)
    expect(plot.midpoint).toBeCloseTo((plot.positive.mean + plot.negative.mean) / 2, 6)
    expect(plot.positive.rug.match(/M/g)).toHaveLength(4)
    expect(plot.negative.rug.match(/M/g)).toHaveLength(3)
    const xs = [...`${plot.positive.curve}${plot.negative.curve}`.matchAll(/[ML]([\d.-]+),/g)].map(([, x]) => Number(x))
    expect(Math.min(...xs)).toBeCloseTo(plot.margin.left, 0)
    expect(Math.max(...xs)).toBeCloseTo(600 - plot.margin.right, 0)
  })

  it('draws the other side where one has no prompts', () => {
    const { positive, negative } = plotDensities({ positive: [], negative: [1, 2] }, 300)
    expect(positive).toMatchObject({ curve: '', area: '', rug: '' })
    expect(negative.curve).not.toContain('NaN')
  })
})

it('the table has one line a prompt, in gaps, with its text', () => {
  const csv = densitiesCsv(dividedBy(sides, 2), {
    positive: { name: 'sad', prompts: ['a', 'b, c', 'd', 'e'] },
    negative: { name: 'glad', prompts: ['f', 'g', 'h'] }
  })
  const rows = csvParse(csv)
  expect(rows).toHaveLength(7)
  expect(rows[1]).toEqual({ side: 'sad', prompt: '2', projection: '1', text: 'b, c' })
  expect(rows[6]).toEqual({ side: 'glad', prompt: '3', projection: '-1.5', text: 'h' })
})
