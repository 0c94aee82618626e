import { describe, expect, it } from 'vitest'
import { plotDots } from '../../src/plot/dots'
import { plotRates, ratesCsv } from '../../src/plot/rates'
import { plotStrip } from '../../src/plot/strip'
import { shareOf } from '../../src/spillover/outcome'

const lines = [
  { label: 'As it is', tone: 'insecure' as const, left: shareOf(15, 20), right: shareOf(5, 20) },
  { label: 'Steered', tone: 'steered' as const, left: shareOf(0, 20), right: shareOf(20, 20) }
]

describe('figures of a transfer', () => {
  it.each([328, 700])('draw bars in proportion, whiskers around them, inside %i px', (width) => {
    const { rows, height } = plotRates(lines, ['code', 'right'], width)
    const [first, second] = rows.map(({ bars }) => bars)
    const [whole] = second?.slice(1) ?? []
    expect((first?.[0]?.width ?? 0) / (whole?.width ?? 1)).toBeCloseTo(0.75)
    for (const { bars } of rows) {
      for (const { x, width: length, low, high, y, valueX } of bars) {
        expect(low).toBeLessThanOrEqual(x + length + 0.01)
        expect(high).toBeGreaterThanOrEqual(x + length - 2)
        expect(valueX).toBeLessThan(width)
        expect(y).toBeLessThan(height)
      }
    }
    expect(ratesCsv(lines, ['code', 'right']).split('\n')[1]).toMatch(/^"As it is",20,0\.75,/)
  })

  it('stack dots that meet, and keep the two sides apart', () => {
    const { groups } = plotDots([[-0.5, -0.5, -0.5], [0.5]], 600)
    const [base, tuned] = groups
    expect(new Set(base?.dots.map(({ y }) => y)).size).toBe(3)
    expect(base?.mean ?? 0).toBeLessThan(tuned?.mean ?? 0)
    expect(Math.max(...(base?.dots ?? []).map(({ y }) => y))).toBeLessThan(tuned?.dots[0]?.y ?? 0)
  })

  it('show a cosine beside the band of 95 in 100 random ones', () => {
    const others = Array.from({ length: 101 }, (_, i) => (i - 50) / 100)
    const { value, band, dots } = plotStrip(0.9, others, 400)
    expect(band.low).toBeCloseTo(-0.475)
    expect(band.high).toBeCloseTo(0.475)
    expect(value.x).toBeGreaterThan(band.to)
    expect(dots).toHaveLength(101)
  })
})
