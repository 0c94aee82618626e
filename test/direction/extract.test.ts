import { describe, expect, it } from 'vitest'
import { assertFits } from '../../src/direction/direction'
import { extract } from '../../src/direction/extract'
import { hiddenState, type HiddenStates } from '../../src/direction/hidden-states'
import { joinHiddenStates, promptMeans } from '../../src/direction/join'
import { cosine, dot, length } from '../../src/math/vector'
import { model, planted } from './planted'

const axis = (layer: number, width: number): Float64Array =>
  Float64Array.from({ length: width }, (_, i) => +(i === layer))

describe('extract', () => {
  it('finds a planted direction at every layer', async () => {
    const directions = await extract(planted(200, 4, 1), planted(200, -4, 2))
    for (const { vector, layer, norm } of directions) {
      expect(cosine(vector, axis(layer, 16))).toBeGreaterThan(0.99)
      expect(length(vector)).toBeCloseTo(1, 6)
      expect(norm).toBeCloseTo(8, 0)
    }
  })

  it('is odd: swapped lists give the opposite vector, the same norm, the opposite midpoint', async () => {
    const [up, down] = [planted(20, 2, 1), planted(30, 0, 2)]
    const [there, back] = [await extract(up, down), await extract(down, up)]
    there.forEach((direction, layer) => {
      const other = back[layer]
      expect(cosine(direction.vector, other?.vector ?? new Float32Array())).toBeCloseTo(-1, 10)
      expect(other?.norm).toBeCloseTo(direction.norm, 10)
      expect(other?.midpoint).toBeCloseTo(-direction.midpoint, 5)
      expect([other?.positive, other?.negative]).toEqual([direction.negative, direction.positive])
    })
  })

  it('puts the two means half a gap on either side of the midpoint', async () => {
    const [up, down] = [planted(20, 2, 1), planted(30, 0, 2)]
    for (const { vector, layer, norm, midpoint } of await extract(up, down)) {
      expect(meanProjection(up, vector, layer)).toBeCloseTo(midpoint + norm / 2, 4)
      expect(meanProjection(down, vector, layer)).toBeCloseTo(midpoint - norm / 2, 4)
    }
  })

  it('hashes what it was extracted from', async () => {
    const [a, b] = [planted(5, 1, 1), planted(5, 0, 2)]
    const [same, again, other] = await Promise.all([extract(a, b), extract(a, b), extract(b, a)])
    expect(same[0]?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(again[0]?.sha256).toBe(same[0]?.sha256)
    expect(other[0]?.sha256).not.toBe(same[0]?.sha256)
  })

  it.each<[string, HiddenStates, HiddenStates, string]>([
    ['an empty list', planted(0, 0, 1), planted(3, 0, 1), 'positive list is empty; add'],
    ['unequal widths', planted(3, 0, 1), planted(3, 0, 1, { width: 8 }), 'of 8; capture both with one open model'],
    ['different models', planted(3, 0, 1), { ...planted(3, 0, 1), model: { ...model, sha256: 'b' } }, 'one open model'],
    ['different positions', planted(3, 0, 1), { ...planted(3, 0, 1), position: 'every' }, 'both at one position'],
    ['NaN', planted(3, 0, 1), planted(3, 0, 1, { noise: Number.NaN }), 'NaN at layer 0, negative prompt 1; open'],
    ['the same list twice', planted(3, 0, 1), planted(3, 0, 1), 'same mean at layer 0; use prompts that differ']
  ])('refuses %s and names the way out', async (_, positive, negative, message) => {
    await expect(extract(positive, negative)).rejects.toThrow(message)
  })
})

describe('assertFits', () => {
  it('refuses another model and lets the same one pass', async () => {
    const [direction] = await extract(planted(3, 1, 1), planted(3, 0, 2))
    if (!direction) throw new Error('no direction')
    assertFits(direction, { ...model, id: 'hub:the/same' })
    const adapter = { id: 'x', sha256: 'c', scale: 0.5 }
    expect(() => assertFits(direction, { ...model, adapter })).toThrow('(fp32, adapter x x 0.5); fit it again')
  })
})

describe('hidden states', () => {
  it('are the same captured at once or in batches', () => {
    const whole = planted(7, 1, 3)
    const parts = [
      [0, 3],
      [3, 7]
    ].map(([from = 0, to = 0]) => rowsOf(whole, from, to))
    expect(joinHiddenStates(parts)).toEqual(whole)
    expect(() => joinHiddenStates([])).toThrow('add at least one prompt')
  })

  it('weigh each prompt the same', () => {
    const states = { ...planted(3, 1, 3), prompt: [0, 0, 1] }
    const means = promptMeans(states)
    expect(means.rows).toBe(2)
    expect(hiddenState(means, 1, 1)).toEqual(hiddenState(states, 1, 2))
    const mean = (hiddenState(states, 2, 0)[5] ?? 0) / 2 + (hiddenState(states, 2, 1)[5] ?? 0) / 2
    expect(hiddenState(means, 2, 0)[5]).toBeCloseTo(mean, 6)
  })
})

function meanProjection(states: HiddenStates, vector: Float32Array, layer: number): number {
  const rows = Array.from({ length: states.rows }, (_, row) => dot(hiddenState(states, layer, row), vector))
  return rows.reduce((sum, value) => sum + value / rows.length, 0)
}

function rowsOf(states: HiddenStates, from: number, to: number): HiddenStates {
  const layers = Array.from({ length: states.layers }, (_, layer) =>
    Array.from({ length: to - from }, (_, row) => [...hiddenState(states, layer, from + row)])
  )
  const prompt = Array.from({ length: to - from }, (_, i) => i)
  return { ...states, rows: to - from, data: Float32Array.from(layers.flat(2)), prompt }
}
