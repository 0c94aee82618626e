/** One-sided p values of effects, and Holm's correction over those that are tested together. */
import { holm } from '../../../math/statistics'
import { level } from '../ladder/effect'
import type { Measured } from './effects'
import type { Measurements } from './measurements'

export interface Chance {
  readonly p: number
  readonly pHolm: number
}

/** Of each effect; where p after Holm lies within a factor of 2 of its threshold, from ten times the draws. */
export function chancesOf(
  { resample, closer }: Pick<Measurements, 'resample' | 'closer'>,
  effects: readonly Pick<Measured, 'delta'>[]
): readonly Chance[] {
  const first = effects.map(({ delta }) => resample(delta).p)
  const rough = holm(first)
  const p = effects.map(({ delta }, i) => (isNear(rough[i] ?? NaN) ? closer(delta).p : (first[i] ?? NaN)))
  const adjusted = holm(p)
  return p.map((value, i) => ({ p: value, pHolm: adjusted[i] ?? NaN }))
}

function isNear(p: number): boolean {
  return p >= level / 2 && p <= 2 * level
}
