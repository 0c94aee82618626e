import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import type { Intervention } from '../../../src/lab/api'
import { checkSteering, compose, steeringMask, type AffineMap } from '../../../workers/run/steering'

const width = 6
const vector = (seed: number): Float32Array => Float32Array.from({ length: width }, (_, i) => Math.sin(seed + 3 * i))
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)

/** r + b + (r U) W */
function apply(map: AffineMap, r: Float32Array): Float32Array {
  const out = r.map((x, i) => x + (map.b[i] ?? 0))
  map.U.forEach((u, k) => {
    const p = dot(r, u)
    map.W[k]?.forEach((w, i) => (out[i] = (out[i] ?? 0) + p * w))
  })
  return out
}

function one(h: Float32Array, intervention: Intervention): Float32Array {
  if (intervention.mode === 'add') return h.map((x, i) => x + intervention.coefficient * (intervention.vector[i] ?? 0))
  const norm = Math.hypot(...intervention.vector)
  const d = intervention.vector.map((x) => x / norm)
  const target = intervention.mode === 'clamp' ? intervention.value : 0
  const p = dot(h, d)
  return h.map((x, i) => x + (target - p) * (d[i] ?? 0))
}

const interventions: Intervention[] = [
  { mode: 'add', layer: 0, vector: vector(1), coefficient: 2 },
  { mode: 'ablate', layer: 0, vector: vector(2) },
  { mode: 'add', layer: 0, vector: vector(3), coefficient: -1 },
  { mode: 'clamp', layer: 0, vector: vector(4), value: 3 },
  { mode: 'ablate', layer: 0, vector: vector(5) }
]

describe('compose', () => {
  it.each([1, 2, 3, 4, 5])('equals %i interventions one after another', (n) => {
    const some = interventions.slice(0, n)
    const r = vector(9)
    const want = some.reduce(one, r)
    apply(compose(some, width), r).forEach((x, i) => expect(x).toBeCloseTo(want[i] ?? NaN, 5))
  })

  it('leaves nothing to project after an ablation, and the value after a clamp', () => {
    const d = vector(2).map((x) => x / Math.hypot(...vector(2)))
    expect(dot(apply(compose([{ mode: 'ablate', layer: 0, vector: d }], width), vector(9)), d)).toBeCloseTo(0, 6)
    expect(dot(apply(compose([{ mode: 'clamp', layer: 0, vector: d, value: 7 }], width), vector(9)), d)).toBeCloseTo(
      7,
      5
    )
  })

  it('is the identity without interventions', () => {
    expect(apply(compose([], width), vector(9))).toEqual(vector(9))
  })
})

describe('steeringMask', () => {
  const steering = (
    positions: 'all' | 'prompt' | 'generated'
  ): { interventions: Intervention[]; positions: typeof positions } => ({
    interventions,
    positions
  })

  it('takes prompt tokens, or the last prompt token and what follows it', () => {
    const rows = [steering('all'), steering('prompt'), steering('generated')]
    expect([...steeringMask(rows, [3, 3, 3], [0, 0, 0], 4)]).toEqual([1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1])
    expect([...steeringMask(rows, [3, 3, 3], [3, 3, 3], 1)]).toEqual([1, 0, 1])
  })
})

describe('checkSteering', () => {
  const info = { layers: 2, width } as Parameters<typeof checkSteering>[1]
  const check =
    (intervention: Intervention, level: 'none' | 'add' | 'affine' = 'affine') =>
    () =>
      checkSteering({ interventions: [intervention] }, info, { write: level })

  it.each([
    ['another width', { mode: 'add', layer: 0, vector: new Float32Array(5), coefficient: 1 }, /width 5/],
    ['a layer too many', { mode: 'add', layer: 2, vector: vector(1), coefficient: 1 }, /layers 0 to 1/],
    ['NaN', { mode: 'add', layer: 0, vector: vector(1).fill(NaN), coefficient: 1 }, /NaN/],
    ['an infinite strength', { mode: 'add', layer: 0, vector: vector(1), coefficient: Infinity }, /infinity/],
    ['nothing to ablate', { mode: 'ablate', layer: 0, vector: new Float32Array(width) }, /zero/]
  ] satisfies [string, Intervention, RegExp][])('refuses %s', (_, intervention, message) => {
    expect(check(intervention)).toThrow(message)
    expect(check(intervention)).toThrow(LabError)
  })

  it('refuses what the open graph cannot do', () => {
    expect(check({ mode: 'ablate', layer: 0, vector: vector(1) }, 'add')).toThrow(/affine/)
    expect(check({ mode: 'add', layer: 0, vector: vector(1), coefficient: 1 }, 'none')).toThrow(/affine/)
    expect(check({ mode: 'add', layer: 0, vector: vector(1), coefficient: 1 }, 'add')).not.toThrow()
  })

  it('names the option that keeping lengths takes', () => {
    const steering = { interventions: interventions.slice(0, 1), keepNorm: true }
    expect(() => checkSteering(steering, info, { write: 'affine' })).toThrow(/keepNorm: true/)
    expect(() => checkSteering(steering, info, { write: 'affine', keep: true })).not.toThrow()
  })
})
