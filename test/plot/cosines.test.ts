import { csvParseRows } from 'd3'
import { describe, expect, it } from 'vitest'
import { cosinesCsv, cosinesSvg, cosineTable, letterOf, type NamedDirection } from '../../src/plot/cosines'
import { model } from '../direction/planted'

const named = (name: string, ...vector: readonly number[]): NamedDirection => ({
  name,
  direction: {
    ...{ model, against: model, layer: 2, method: 'logistic', contrast: 'lists', sha256: 'a' },
    ...{ norm: 1, midpoint: 0, meanNorm: 1, positive: 3, negative: 3 },
    vector: Float32Array.from(vector)
  }
})
const three = [named('east', 1, 0), named('north', 0, 1), named('west, a bit south', -0.8, -0.6)]

describe('cosines', () => {
  it('are 1 with itself, 0 at right angles, and the same both ways', () => {
    const table = cosineTable(three).map((row) => row.map(({ cosine }) => Number(cosine.toFixed(6))))
    expect(table).toEqual([
      [1, 0, -0.8],
      [0, 1, -0.6],
      [-0.8, -0.6, 1]
    ])
  })

  it('are labelled with their sign, and tinted by it', () => {
    const [row] = cosineTable(three)
    expect(row?.map(({ label }) => label)).toEqual(['+1.00', '0.00', '\u22120.80'])
    expect(row?.map(({ tint }) => tint.side)).toEqual(['toward', 'toward', 'away'])
    expect(row?.[2]?.tint.share).toBeCloseTo(0.8, 6)
  })

  it('are saved as a square table with names', () => {
    const rows = csvParseRows(cosinesCsv(three))
    expect(rows[0]).toEqual(['direction', 'east', 'north', 'west, a bit south'])
    expect(rows[3]).toEqual(['west, a bit south', '-0.8', '-0.6', '1'])
  })

  it('are drawn as a file that needs no style sheet and takes names as text', () => {
    const svg = cosinesSvg([named('<b>east', 1, 0), ...three.slice(1)], 'Cosines & more')
    expect(svg.match(/<rect /g)).toHaveLength(1 + 9)
    expect(svg).toContain('A  &lt;b&gt;east')
    expect(svg).toContain('<title>Cosines &amp; more</title>')
    expect(svg.match(/>\u22120\.80</g)).toHaveLength(2)
    expect(svg).not.toContain('var(')
  })

  it('name their columns as a spreadsheet does', () => {
    expect([0, 25, 26, 51, 52].map(letterOf)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA'])
  })
})
