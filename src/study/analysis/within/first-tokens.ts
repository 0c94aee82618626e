/** How likely an answer is to begin as code: an outcome that moves before sampled text does. */
import type { WithinFinding } from '../../findings'
import type { Measurements } from '../measure/measurements'

/** Unsteered first, then each alpha of the direction, with what of the mass is gone; empty where it was not measured. Shares from 0 to 1. */
export function firstTokensOf(
  { run, resample }: Measurements,
  model: string,
  adapter: string
): WithinFinding['firstTokens'] {
  const records = run.firstTokens.filter((one) => one.model === model && one.adapter === adapter)
  const none = records.find(({ arm }) => arm === 'none')
  if (!none || none.mass.length === 0) return []
  return records
    .flatMap(({ arm, mass }) => {
      const alpha = arm === 'none' ? 0 : Number(/^own@([\d.]+)$/.exec(arm)?.[1] ?? NaN)
      if (Number.isNaN(alpha) || mass.length !== none.mass.length) return []
      const drop = Float64Array.from(mass, (value, prompt) => (none.mass[prompt] ?? NaN) - value)
      return [{ alpha, mass: interval(resample(Float64Array.from(mass))), drop: interval(resample(drop)) }]
    })
    .sort((a, b) => a.alpha - b.alpha)
}

function interval({
  estimate,
  low,
  high
}: ReturnType<Measurements['resample']>): WithinFinding['firstTokens'][number]['mass'] {
  return { estimate, low, high }
}
