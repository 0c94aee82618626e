/** Whether a direction took code away, and whether random ones of the same length do as well. */
import { estimate, type Draws, type Estimate } from '../math/bootstrap'
import { mean } from '../math/statistics'
import { sharesOf, type Outcome, type Share } from './outcome'

/** One arm of an experiment: every prompt's outcome, in the order of the prompts. */
export type ArmOutcomes = readonly Outcome[]

export interface ArmShares {
  readonly code: Share
  readonly good: Share
}

/** Arms with their rates; drops in points of code, with 95 % intervals over prompts. */
export interface Effect {
  readonly none: ArmShares
  readonly own: ArmShares
  readonly carried: ArmShares
  readonly mapped: readonly ArmShares[]
  readonly ownDrop: Estimate
  readonly carriedDrop: Estimate
  /** Mean over the random directions. */
  readonly mappedDrop: Estimate
  /** How much more the carried direction takes away than the random ones do. */
  readonly margin: Estimate
  readonly verdict: EffectVerdict
}

/**
 * `little-to-remove`: the receiver hardly answers with code to begin with. `broken`: more goes than by random directions, but
 * fewer than half of the answers that were code have become good ones.
 */
export type EffectVerdict = 'little-to-remove' | 'no-effect' | 'specific' | 'broken' | 'not-specific' | 'unresolved'

export interface Arms {
  readonly none: ArmOutcomes
  readonly own: ArmOutcomes
  readonly carried: ArmOutcomes
  readonly mapped: readonly ArmOutcomes[]
}

/** Points below which a drop is none to speak of; the study's m0. */
export const leastDrop = 5
/** Share of code before, below which there is too little to take away. */
const leastBefore = 0.2

/** Code of every arm as the bootstrap takes it: one row a prompt; none, own, carried, then the mapped ones. */
export function codeRows({ none, own, carried, mapped }: Arms): { data: Float64Array; rows: number; width: number } {
  const arms = [none, own, carried, ...mapped]
  const data = Float64Array.from(none.flatMap((_, prompt) => arms.map((arm) => Number(arm[prompt]?.code ?? false))))
  return { data, rows: none.length, width: arms.length }
}

/** Reads an experiment, given the bootstrap's draws of `codeRows`. */
export function effectOf({ none, own, carried, mapped }: Arms, draws: Draws): Effect {
  const random = (means: Float64Array): number => mean(means.subarray(3))
  const points = (statistic: (means: Float64Array) => number): Estimate =>
    estimate(draws, (means) => 100 * statistic(means))
  const shares = sharesOf(none)
  const carriedDrop = points((means) => (means[0] ?? NaN) - (means[2] ?? NaN))
  const margin = points((means) => random(means) - (means[2] ?? NaN))
  const carriedShares = sharesOf(carried)
  const gained = carriedShares.good.share - shares.good.share
  return {
    none: shares,
    own: sharesOf(own),
    carried: carriedShares,
    mapped: mapped.map(sharesOf),
    ownDrop: points((means) => (means[0] ?? NaN) - (means[1] ?? NaN)),
    carriedDrop,
    mappedDrop: points((means) => (means[0] ?? NaN) - random(means)),
    margin,
    verdict: verdictOf(shares.code.share, carriedDrop, margin, gained)
  }
}

function verdictOf(before: number, drop: Estimate, margin: Estimate, gained: number): EffectVerdict {
  if (before < leastBefore) return 'little-to-remove'
  if (drop.low <= 0 || drop.estimate < leastDrop) return 'no-effect'
  if (margin.low > leastDrop) return 100 * gained < drop.estimate / 2 ? 'broken' : 'specific'
  // Shown comparable, and not merely failing to be told apart.
  return margin.high < 2 * leastDrop ? 'not-specific' : 'unresolved'
}
