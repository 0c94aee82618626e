import { describe, expect, it } from 'vitest'
import type { LayerNorms } from '../../src/direction/norms'
import type { Scatter } from '../../src/direction/scatter'
import { normsCsv, plotNorms } from '../../src/plot/norms'
import { mostPoints, plotScatter, pointAt, scatterCsv, shapeOf } from '../../src/plot/scatter'

const cloud = (count: number): Scatter => ({
  layer: 3,
  points: Array.from({ length: count }, (_, row) => ({
    group: row % 2,
    row,
    x: 10 * Math.cos(row),
    y: 4 * Math.sin(row),
    norm: 12.3456789
  })),
  explained: [0.614, 0.2],
  fitted: count
})

describe('plotScatter', () => {
  const plot = plotScatter(cloud(40), { width: 500, height: 300 })

  it('keeps every point inside the frame, from left to right', () => {
    const xs = plot.points.map(({ x }) => x)
    expect(xs).toEqual(xs.toSorted((a, b) => a - b))
    for (const { x, y } of plot.points) {
      expect(x).toBeGreaterThan(plot.margin.left)
      expect(x).toBeLessThan(500 - plot.margin.right)
      expect(y).toBeGreaterThan(plot.margin.top)
      expect(y).toBeLessThan(300 - plot.margin.bottom)
    }
  })

  it('draws a unit as long across as up', () => {
    const { points } = cloud(40)
    const [a, b] = [plot.points[0], plot.points.at(-1)]
    if (!a || !b) throw new Error('there are no points')
    const [from, to] = [points[a.index], points[b.index]]
    const unit = (b.x - a.x) / ((to?.x ?? 0) - (from?.x ?? 0))
    expect((a.y - b.y) / ((to?.y ?? 0) - (from?.y ?? 0))).toBeCloseTo(unit, 6)
  })

  it('finds a point where it was drawn, and none where there is none', () => {
    for (const point of plot.points) expect(pointAt(plot, point.x + 0.01, point.y)).toBe(point)
    expect(pointAt(plot, 0, 0)).toBeNull()
  })

  it('says how much each axis explains', () => {
    expect([plot.xLabel, plot.yLabel]).toEqual([
      'first component, 61\u00a0% of the variance',
      'second component, 20\u00a0% of the variance'
    ])
  })

  it('thins out what could not be told apart', () => {
    const many = plotScatter(cloud(5000), { width: 500, height: 300 })
    expect(many.points).toHaveLength(mostPoints)
    expect(new Set(many.points.map(({ index }) => index)).size).toBe(mostPoints)
  })

  it('has a place for a single point', () => {
    const [point] = plotScatter(cloud(1), { width: 500, height: 300 }).points
    expect([point?.x, point?.y].every(Number.isFinite)).toBe(true)
  })

  it('gives each capture its own shape', () => {
    expect(new Set([0, 1, 2, 3, 4, 5].map((group) => shapeOf(group))).size).toBe(6)
  })

  it('writes all points as CSV', () => {
    const csv = scatterCsv(cloud(3), (group, row) => ({ capture: `c${group}`, prompt: row, text: 'a, "b"' }))
    const [head, first] = csv.split('\r\n')
    expect(head?.replaceAll('"', '')).toBe('layer,capture,prompt,row,component1,component2,norm,text')
    expect(first).toBe('3,"c0",0,0,10,0,12.3457,"a, ""b"""')
  })
})

describe('plotNorms', () => {
  const norms = (scale: number): readonly LayerNorms[] =>
    [1, 2, 4].map((mean, layer) => ({
      layer,
      mean: mean * scale,
      low: 0.9 * mean * scale,
      median: mean * scale,
      high: 1.1 * mean * scale,
      largest: [{ dimension: 7, mean: -mean, ratio: 30 }]
    }))

  it('draws a line and a band a capture over the same layers', () => {
    const plot = plotNorms([norms(1), norms(2)], { width: 300, height: 200 })
    expect(plot.series).toHaveLength(2)
    expect(plot.xTicks.map(({ label }) => label)).toEqual(['0', '1', '2'])
    expect(plot.isLog).toBe(false)
    for (const { mean, band } of plot.series) {
      const numbers = (mean + band).match(/-?\d+(\.\d+)?/g)?.map(Number) ?? []
      expect(numbers.length).toBeGreaterThan(12)
      for (const value of numbers) {
        expect(value).toBeGreaterThanOrEqual(28)
        expect(value).toBeLessThanOrEqual(288)
      }
    }
  })

  it('turns logarithmic where lengths differ much, with ticks at powers of ten', () => {
    const plot = plotNorms([norms(1), norms(1000)], { width: 300, height: 200 })
    expect(plot.isLog).toBe(true)
    expect(plot.yTicks.every(({ label }) => /^0?\.?0*1[0,]*$/.test(label))).toBe(true)
  })

  it('writes its rows as CSV', () => {
    const [head, first] = normsCsv([{ name: 'a', norms: norms(1) }]).split('\r\n')
    expect(head?.replaceAll('"', '')).toBe('capture,layer,mean,quartile1,median,quartile3,largestDimensions')
    expect(first).toBe('"a",0,1,0.9,1,1.1,"7 (-1)"')
  })
})
