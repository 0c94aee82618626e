import { describe, expect, it } from 'vitest'
import { cosine } from '../../src/direction/algebra'
import { combine, placeKey, type Combination } from '../../src/direction/combine'
import type { Direction } from '../../src/direction/direction'
import { model } from './planted'

const along = (x: number, y: number, facts: Partial<Direction> = {}): Direction => {
  const norm = Math.hypot(x, y)
  const shared = { model, against: model, layer: 2, method: 'difference-in-means', contrast: 'lists' } as const
  const counts = { meanNorm: 1, positive: 3, negative: 3, midpoint: 0, sha256: 'a' }
  return { ...shared, ...counts, vector: Float32Array.of(x / norm, y / norm, 0), norm, ...facts }
}
const gap = ({ vector, norm }: Direction): number[] => [...vector].map((value) => Number((value * norm).toFixed(5)))
const asked = (combination: Partial<Combination>): Direction =>
  combine({ operation: 'add', first: along(3, 0), others: [], factor: 1, ...combination })

describe('combine', () => {
  it('adds and subtracts what each adds at alpha 1', () => {
    expect(gap(asked({ others: [along(0, 4)] }))).toEqual([3, 4, 0])
    expect(asked({ others: [along(0, 4)] }).norm).toBeCloseTo(5, 6)
    expect(gap(asked({ operation: 'subtract', others: [along(0, 4)] }))).toEqual([3, -4, 0])
  })

  it('scales, and turns around where the factor is negative', () => {
    expect(gap(asked({ operation: 'scale', factor: 2 }))).toEqual([6, 0, 0])
    const turned = asked({ operation: 'scale', factor: -0.5 })
    expect([turned.norm, cosine(turned, along(1, 0)), turned.method]).toEqual([1.5, -1, 'combined'])
  })

  it('leaves nothing along the others', () => {
    const [first, b, c] = [along(3, 4), along(1, 0), along(2, 0)]
    const rest = asked({ operation: 'orthogonalize', first, others: [b, c] })
    expect(cosine(rest, b)).toBeCloseTo(0, 6)
    expect(gap(rest)).toEqual([0, 4, 0])
  })

  it.each<[string, Partial<Combination>, RegExp]>([
    ['a - a', { operation: 'subtract', others: [along(3, 0)] }, /cancel each other/],
    ['a + (-a)', { others: [along(-3, 0)] }, /cancel each other/],
    ['0 a', { operation: 'scale', factor: 0 }, /factor is 0/],
    ['a field left empty', { operation: 'scale', factor: NaN }, /factor is no number/],
    ['one direction', { operation: 'orthogonalize' }, /this takes two/],
    ['a without 2 a', { operation: 'orthogonalize', others: [along(6, 0)] }, /lies in the span/],
    [
      'two layers',
      { others: [along(0, 4, { layer: 3 })] },
      /layer 2 of .* and for layer 3 of .*combine directions of one/
    ]
  ])('refuses %s in one sentence', (_, combination, sentence) => {
    expect(() => asked(combination)).toThrow(
      expect.objectContaining({ code: 'shape', message: expect.stringMatching(sentence) })
    )
  })

  it('tells places apart by base, layer and width', () => {
    const here = placeKey(along(1, 0))
    expect(placeKey(along(0, 1, { method: 'logistic', sha256: 'b' }))).toBe(here)
    expect(placeKey(along(1, 0, { layer: 3 }))).not.toBe(here)
    expect(placeKey(along(1, 0, { vector: Float32Array.of(1, 0) }))).not.toBe(here)
    expect(placeKey(along(1, 0, { model: { ...model, sha256: 'other' } }))).not.toBe(here)
  })
})
