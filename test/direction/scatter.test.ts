import { describe, expect, it } from 'vitest'
import type { HiddenStates } from '../../src/direction/hidden-states'
import { layerNorms } from '../../src/direction/norms'
import { mostComponentRows, scatter } from '../../src/direction/scatter'
import { planted } from './planted'

const model = { id: 'folder:x', sha256: 'x', dtype: 'q4', adapter: null }
const states = (rows: readonly (readonly number[])[]): HiddenStates => ({
  model,
  position: 'last',
  layers: 1,
  rows: rows.length,
  width: rows[0]?.length ?? 0,
  data: Float32Array.from(rows.flat()),
  prompt: rows.map((_, row) => row)
})

describe('scatter', () => {
  it('finds the two axes of a cross, and what each explains', () => {
    // Along (3, 4, 0) / 5 at +-10, along (-4, 3, 0) / 5 at +-5, around (1, 1, 1).
    const cross = states([
      [7, 9, 1],
      [-5, -7, 1],
      [-3, 4, 1],
      [5, -2, 1]
    ])
    const { points, explained, fitted } = scatter([cross], 0)
    expect(points.map(({ x, y }) => [Math.round(x) + 0, Math.round(Math.abs(y))])).toEqual([
      [10, 0],
      [-10, 0],
      [0, 5],
      [0, 5]
    ])
    expect(explained[0]).toBeCloseTo(200 / 250, 9)
    expect(explained[1]).toBeCloseTo(50 / 250, 9)
    expect(points[0]?.norm).toBeCloseTo(Math.sqrt(49 + 81 + 1), 5)
    expect(fitted).toBe(4)
  })

  it('puts the first of two captures on the lower side at every layer', () => {
    const [a, b] = [planted(20, 3, 1, { layers: 6 }), planted(20, -3, 2, { layers: 6 })]
    const meanOf = (layer: number, groups: readonly HiddenStates[]): number => {
      const firsts = scatter(groups, layer).points.filter(({ group }) => group === 0)
      return firsts.reduce((sum, { x }) => sum + x, 0) / firsts.length
    }
    for (let layer = 0; layer < 6; layer++) {
      expect(meanOf(layer, [a, b])).toBeLessThanOrEqual(0)
      expect(meanOf(layer, [b, a])).toBeLessThanOrEqual(0)
    }
  })

  it('draws equal rows on one place, and explains nothing', () => {
    const { points, explained } = scatter([states([[1, 2], [1, 2]])], 0) // prettier-ignore
    expect(points.map(({ x, y }) => [x, y])).toEqual([[0, 0], [0, 0]]) // prettier-ignore
    expect(explained).toEqual([0, 0])
  })

  it('finds the components of many rows on some of them, and draws all', () => {
    const many = states(Array.from({ length: 1000 }, (_, i) => [Math.sin(i) * 10, Math.cos(7 * i), 0]))
    const { points, fitted, explained } = scatter([many], 0)
    expect([points.length, fitted]).toEqual([1000, mostComponentRows])
    expect(explained[0] + explained[1]).toBeCloseTo(1, 6)
  })

  it('refuses captures of different models', () => {
    expect(() => scatter([states([[1, 2]]), states([[1, 2, 3]])], 0)).toThrow(/width 2 and 1 of 3/)
    expect(() => scatter([], 0)).toThrow(/no capture/)
  })
})

describe('layerNorms', () => {
  it('gives mean, quartiles, and the dimensions of largest mean', () => {
    const [row] = layerNorms(
      states([
        [3, 4, 0, -100],
        [0, 0, 0, -100],
        [6, 8, 0, -100]
      ])
    )
    const norms = [Math.hypot(5, 100), 100, Math.hypot(10, 100)].toSorted((a, b) => a - b)
    expect(row?.mean).toBeCloseTo(norms.reduce((sum, x) => sum + x, 0) / 3, 9)
    expect(row?.median).toBeCloseTo(norms[1] ?? 0, 9)
    expect(row?.low).toBeCloseTo(((norms[0] ?? 0) + (norms[1] ?? 0)) / 2, 9)
    expect(row?.largest.map(({ dimension, mean }) => [dimension, mean])).toEqual([
      [3, -100],
      [1, 4],
      [0, 3]
    ])
    // |means| are 0, 3, 4 and 100: their median is 3.5.
    expect(row?.largest[0]?.ratio).toBeCloseTo(100 / 3.5, 9)
  })
})
