/** A direction beside its controls: what it does beyond what any vector of its length does. */
import type { Resampled, Resampler } from '../../math/resample'
import { mean, rankP } from '../../math/statistics'
import type { Measured } from './effects'
import type { ControlFinding } from '../findings'
import type { Measurements } from './measurements'
import type { Family } from '../run'

/** S_F = delta(u) - mean delta(F) on each prompt; null where the two were not measured on the same prompts. [prompt], in points */
export function advantageColumn(effect: Measured, members: readonly Measured[]): Float64Array | null {
  const isPaired = ({ prompts }: Measured): boolean =>
    prompts.length === effect.prompts.length && prompts.every((prompt, i) => prompt === effect.prompts[i])
  if (members.length === 0 || !members.every(isPaired)) return null
  return effect.delta.map((value, i) => value - mean(members.map(({ delta }) => delta[i] ?? NaN)))
}

/** The same with its interval. */
export function advantageOf(effect: Measured, members: readonly Measured[], resample: Resampler): Resampled | null {
  const column = advantageColumn(effect, members)
  return column && resample(column)
}

/** One family beside the direction; null where it has no member that is paired with it. */
export function controlFinding(
  { resample, resultOf }: Measurements,
  effect: Measured,
  family: Family,
  members: readonly Measured[]
): ControlFinding | null {
  const advantage = advantageOf(effect, members, resample)
  if (!advantage) return null
  const { estimate, low, high } = advantage
  const deltas = members.map(({ delta }) => mean(delta))
  return {
    family,
    deltas,
    members: members.map(resultOf),
    advantage: { estimate, low, high },
    // Means of the same answers may differ in their last bit, and a control that does as well has reached it.
    rankP: rankP(mean(effect.delta) - 1e-9, deltas)
  }
}
