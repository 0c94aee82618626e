/** Rungs 1 and 2: whether the direction does anything, and whether language is left. */
import type { Check, Rung } from '../../findings'
import { rung, type Evidence } from './evidence'
import { points, pointsWithin, pValue } from '../words'

/** Of a one-sided p: where a 95 % interval leaves 0. */
export const level = 0.025

/** More than chance after Holm, and more than m0. */
export function causalRung({ thresholds: { margin }, effect, pHolm }: Evidence): Rung {
  const size = `Code falls by ${pointsWithin(effect.delta)}`
  const checks: readonly Check[] = [
    {
      name: 'The effect is not chance',
      holds: effect.delta.low > 0 && pHolm <= level,
      detail: `${size}; the lower end is to lie above 0, and one-sided p after Holm, ${pValue(pHolm)}, at most ${level}.`
    },
    {
      name: 'The effect counts',
      holds: effect.delta.estimate >= margin,
      detail: `${size}; ${margin} points are the least that counts.`
    }
  ]
  return checks.every(({ holds }) => holds)
    ? rung('causal', 'yes', 'causal', checks)
    : rung('causal', 'no', 'no effect', checks)
}

/** Clean prose in the place of code. Asked where m0 points of code are gone, or as much clean prose. */
export function restorativeRung({ effect, none, thresholds: { margin } }: Evidence): Rung {
  const { delta, cleanGain } = effect
  const detail =
    `Clean prose ${points(100 * none.clean.estimate)} % without, ${pointsWithin(cleanGain)} more with; ` +
    `half of the ${points(delta.estimate)} points of code removed is asked.`
  const isRemoved = delta.estimate >= margin
  const holds = cleanGain.estimate >= Math.max(0, delta.estimate / 2)
  const checks: readonly Check[] = [{ name: 'Clean prose comes back', holds, detail }]
  if (!isRemoved && cleanGain.estimate > -margin) return rung('restorative', 'not asked', 'no code removed', checks)
  return isRemoved && holds
    ? rung('restorative', 'yes', 'restorative', checks)
    : rung('restorative', 'no', 'destructive', checks)
}
