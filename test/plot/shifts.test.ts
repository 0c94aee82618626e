import { csvParse } from 'd3'
import { describe, expect, it } from 'vitest'
import { plotShifts, shiftsCsv } from '../../src/plot/shifts'

const shifts = [
  { label: 'one', none: 1, steered: 0, random: 1.5 },
  { label: 'two, long', none: 0.5, steered: -0.5, random: 0.25 }
]

describe('plotShifts', () => {
  it('keeps the order of the places, and has 0 within them', () => {
    const { rows, zero } = plotShifts(shifts, 760)
    const [one, two] = rows
    expect(one?.steered).toBeCloseTo(zero, 6)
    expect(one?.none).toBeGreaterThan(zero)
    expect(one?.random).toBeGreaterThan(one?.none ?? NaN)
    // Both move by the same one gap.
    expect((two?.steered ?? NaN) - (two?.none ?? NaN)).toBeCloseTo((one?.steered ?? NaN) - (one?.none ?? NaN), 6)
  })

  it('writes labels beside the marks where there is room, else above them', () => {
    for (const [width, isBeside] of [
      [760, true],
      [340, false]
    ] as const) {
      for (const { none, steered, labelY, y } of plotShifts(shifts, width).rows) {
        expect(Math.min(none, steered) > 250).toBe(isBeside)
        expect(labelY < y - 8).toBe(!isBeside)
        expect(Math.max(none, steered)).toBeLessThanOrEqual(width)
      }
    }
  })

  it('saves the numbers', () => {
    const [one, two] = csvParse(shiftsCsv(shifts))
    expect(one).toMatchObject({ question: 'one', 'not steered': '1', 'direction subtracted': '0' })
    expect(two).toMatchObject({ question: 'two, long', 'random direction subtracted': '0.25' })
  })
})
