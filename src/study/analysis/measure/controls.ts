/** A direction beside its controls: what it does beyond what any vector of its length does, on code and on clean prose. */
import type { Estimate } from '../../../math/bootstrap'
import type { Resampler } from '../../../math/resample'
import { mean, rankP } from '../../../math/statistics'
import type { Measured } from './effects'
import { mustBeApart } from './families'
import type { Advantage, ControlFinding } from '../../findings'
import type { Measurements } from './measurements'
import type { Family } from '../../run'

type Outcome = 'delta' | 'cleanGain'

/** S_F on each prompt: the direction less the mean of the family; null where the two were not measured on the same prompts. [prompt], in points */
export function advantageColumn(
  effect: Measured,
  members: readonly Measured[],
  outcome: Outcome = 'delta'
): Float64Array | null {
  const isPaired = ({ prompts }: Measured): boolean =>
    prompts.length === effect.prompts.length && prompts.every((prompt, i) => prompt === effect.prompts[i])
  if (members.length === 0 || !members.every(isPaired)) return null
  return effect[outcome].map((value, i) => value - mean(members.map((member) => member[outcome][i] ?? NaN)))
}

/** The same with its interval. */
export function advantageOf(
  effect: Measured,
  members: readonly Measured[],
  resample: Resampler,
  outcome: Outcome = 'delta'
): Estimate | null {
  const column = advantageColumn(effect, members, outcome)
  return column && estimateOf(resample, column)
}

function estimateOf(resample: Resampler, column: Float64Array): Estimate {
  const { estimate, low, high } = resample(column)
  return { estimate, low, high }
}

/** One family beside the direction; null where it has no member that is paired with it. */
export function controlFinding(
  { resample, resultOf, run }: Measurements,
  effect: Measured,
  family: Family,
  members: readonly Measured[]
): ControlFinding | null {
  const { overlap } = run.settings.thresholds
  // Cosines of a transfer's arms are with the receiver's own direction, not with the carried one.
  const mayDisqualify = mustBeApart.includes(family) && effect.arm.family === 'own'
  const overlaps = ({ arm: { cosine } }: Measured): boolean =>
    mayDisqualify && cosine !== null && Math.abs(cosine) > overlap
  const apart = members.filter((member) => !overlaps(member))
  const counted = apart.length > 0 ? apart : members
  const code = advantage(effect, counted, resample, 'delta')
  const clean = advantage(effect, counted, resample, 'cleanGain')
  if (!code || !clean) return null
  return {
    family,
    decides: apart.length > 0,
    members: counted.map(resultOf),
    overlapping: members.filter(overlaps).map(({ arm }) => arm.id),
    measured: members.length,
    code,
    clean,
    whole: counted.length === members.length ? code : (advantage(effect, members, resample, 'delta') ?? code)
  }
}

function advantage(
  effect: Measured,
  members: readonly Measured[],
  resample: Resampler,
  outcome: Outcome
): Advantage | null {
  const size = advantageOf(effect, members, resample, outcome)
  if (!size) return null
  const each = members.map((member) => mean(member[outcome]))
  // Means of the same answers may differ in their last bit, and a control that does as well has reached it.
  return { size, rankP: rankP(mean(effect[outcome]) - 1e-9, each), members: each }
}
