import { describe, expect, it } from 'vitest'
import { colourLimit, inGaps, plotSparkline, tintOf } from '../../src/plot/projection'

describe('projections as colour', () => {
  it('count from the midpoint in gaps, and from 0 where there is no midpoint', () => {
    expect(inGaps(7, { midpoint: 3, norm: 2 })).toBe(2)
    expect(inGaps(7, { midpoint: NaN, norm: 2 })).toBe(3.5)
    expect(inGaps(7, { midpoint: 3, norm: 0 })).toBe(4)
  })

  it('are symmetric about 0, full where 19 of 20 tokens lie within', () => {
    const gaps = Array.from({ length: 21 }, (_, i) => (i % 2 === 0 ? i : -i) / 10)
    expect(colourLimit(gaps)).toBeCloseTo(1.9, 10)
    expect(tintOf(-0.95, 1.9)).toEqual({ side: 'away', share: 0.5 })
    expect(tintOf(0.95, 1.9)).toEqual({ side: 'toward', share: 0.5 })
    expect(tintOf(9, 1.9).share).toBe(1)
    expect(colourLimit([0.01])).toBe(0.5)
  })

  it('go through the layers as a line that has 0 in sight', () => {
    const points = [0, 1, 2].map((layer) => ({ layer, gaps: layer + 1 }))
    const plot = plotSparkline(points, 1, { width: 108, height: 38 })
    expect(plot).toEqual({ path: 'M4,24L54,14L104,4', zero: 34, at: { x: 54, y: 14 } })
  })
})
