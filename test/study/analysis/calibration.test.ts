/**
 * How often verdicts are wrong. Arms share the random numbers of 4 in 5 answers. 400 draws in place of 10,000: they place an end of an
 * interval with a standard error of 7 % of its half width, and the least p, 1/401, lies far below what one test asks.
 */
import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../../src/study/analysis/analyse'
import { families } from '../../../src/study/analysis/measure/families'
import type { VerdictKind } from '../../../src/study/findings'
import { gaussian, seeded } from '../../../src/math/random'
import { counts, simulate } from './simulate'
import { specific, type Planted } from './world'

const studies = 500
const controlled = families.filter((family) => specific.controls[family] !== undefined)
/** Every family alike. To add a direction is to add code: that is no control that could do as well. */
const alike = (delta: number): Planted['controls'] => ({
  ...Object.fromEntries(controlled.map((family) => [family, delta])),
  sign: -5
})
const planted: Planted = { ...specific, spillover: 0.6, own: 21 }

/** The direction is one more draw from the bell that every control comes from: it leads by luck alone. */
function drawn(seed: number, spread: number): Planted {
  const normal = gaussian(seeded(seed, 99))
  const draw = (): number => Math.max(-5, 21 + spread * normal())
  const own = draw()
  const controls = controlled.map((family) => [family, Array.from({ length: counts[family] ?? 1 }, draw)])
  return { ...planted, own, controls: { ...Object.fromEntries(controls), sign: -5 } }
}

/** Share of each verdict over studies of 54 prompts x 4 samples, 8 where an arm decides alone. */
function verdictsOver(modelOf: (seed: number) => Planted): (kind: VerdictKind) => number {
  const kinds = Array.from({ length: studies }, (_, seed) => {
    const run = simulate({
      seed,
      models: [modelOf(seed)],
      prompts: 54,
      samples: 4,
      deciding: 8,
      common: 0.8,
      draws: 400
    })
    return findingsOf(run).within[0]?.verdict.kind
  })
  return (kind) => kinds.filter((one) => one === kind).length / studies
}

describe('over 500 studies', () => {
  it('an effect that every control has is called specific in no more than 2 of 100', { timeout: 600_000 }, () => {
    const share = verdictsOver(() => ({ ...planted, controls: alike(21) }))
    expect(share('specific')).toBeLessThanOrEqual(0.02)
    expect(share('non-specific')).toBeGreaterThanOrEqual(0.9)
  })

  it('nor is one that leads by luck among directions that differ', { timeout: 600_000 }, () => {
    const share = verdictsOver((seed) => drawn(seed, 8))
    expect(share('specific')).toBeLessThanOrEqual(0.02)
    expect(share('non-specific')).toBeGreaterThanOrEqual(0.8)
  })

  it('21 points beside 5 of every family are called specific in 90 of 100 or more', { timeout: 600_000 }, () => {
    expect(verdictsOver(() => ({ ...planted, controls: alike(5) }))('specific')).toBeGreaterThanOrEqual(0.9)
  })
})
