/** All seeds of a model together, and what an interval over prompts alone leaves out. */
import type { Estimate } from '../../../math/bootstrap'
import { crossedVariance, randomEffects } from '../../../math/random-effects'
import { advantageColumn } from '../measure/controls'
import type { Measured } from '../measure/effects'
import type { SeedsFinding, VarianceFinding, WithinFinding } from '../../findings'
import { isAt, select, type Measurements } from '../measure/measurements'

/** One a model: the random-effects mean of its seeds, each at its own alpha. */
export function seedsFindings({ run }: Measurements, within: readonly WithinFinding[]): readonly SeedsFinding[] {
  return run.models.flatMap(({ key }) => {
    const own = within.filter(({ model }) => model === key)
    if (own.length === 0) return []
    const pooled = (of: (finding: WithinFinding) => Estimate): SeedsFinding['delta'] =>
      randomEffects(own.map((finding) => ({ value: of(finding).estimate, error: errorOf(of(finding)) })))
    return [
      {
        model: key,
        adapters: own.map(({ adapter }) => adapter),
        delta: pooled(({ effect }) => effect.delta),
        cleanGain: pooled(({ effect }) => effect.cleanGain)
      }
    ]
  })
}

/** Half of a 95 % interval in standard errors. */
const half = 1.959963984540054

function errorOf({ low, high }: Estimate): number {
  return (high - low) / (2 * half)
}

const family = 'random'

/** One a leading adapter: the standard error of S over random directions as prompts, directions and seeds are each drawn anew. */
export function varianceFindings(
  measurements: Measurements,
  within: readonly WithinFinding[]
): readonly VarianceFinding[] {
  return within.flatMap((finding) => {
    const { model, adapter, isPrimary, controls } = finding
    const control = controls.find((one) => one.family === family)
    const parts = isPrimary && control ? crossedVariance(tableOf(measurements, finding)) : null
    if (!parts || !control) return []
    const { size } = control.code
    const crossed = parts.prompts + parts.directions + parts.both
    const between = betweenSeeds(within.filter((one) => one.model === model))
    return [
      {
        model,
        adapter,
        family,
        size: size.estimate,
        prompts: errorOf(size),
        withDirections: Math.sqrt(crossed),
        withSeeds: Math.sqrt(crossed + between)
      }
    ]
  })
}

/** S of each single random direction. [direction][prompt], in points */
function tableOf(measurements: Measurements, { model, adapter, alpha }: WithinFinding): readonly Float64Array[] {
  const arms = measurements.armsOf(model, adapter, 'eval')
  const at = (name: string): readonly Measured[] =>
    select(arms, 'within', (arm) => arm.family === name && isAt(arm, alpha))
  const [effect] = at('own')
  return effect ? at(family).flatMap((member) => advantageColumn(effect, [member]) ?? []) : []
}

/** Variance of the mean of S over the seeds beyond what each one's own error makes; NaN for one seed. */
function betweenSeeds(seeds: readonly WithinFinding[]): number {
  const sizes = seeds.flatMap(({ controls }) => controls.find((one) => one.family === family)?.code.size ?? [])
  const { between, n } = randomEffects(sizes.map((size) => ({ value: size.estimate, error: errorOf(size) })))
  return between ** 2 / n
}
