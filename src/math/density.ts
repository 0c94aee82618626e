import { variance } from './statistics'

/** Height of a density at one place: 1 over the unit of the values. */
export interface DensityPoint {
  readonly at: number
  readonly height: number
}

/** Kernels beyond the outermost values that the curve still covers. */
const reach = 3

/**
 * A kernel density: Gaussian, of Silverman's width, at `points` places that reach three widths beyond the values. None
 * for no values; where all are the same, a narrow peak.
 */
export function density(values: readonly number[], points = 64): readonly DensityPoint[] {
  if (values.length === 0) return []
  const spread = Math.sqrt(variance(values)) || 1e-3
  const width = Math.max(1e-3, 1.06 * spread * values.length ** -0.2)
  const [low, high] = [Math.min(...values) - reach * width, Math.max(...values) + reach * width]
  return Array.from({ length: points }, (_, i) => {
    const at = low + ((high - low) * i) / (points - 1)
    const height = values.reduce((sum, value) => sum + Math.exp(-0.5 * ((at - value) / width) ** 2), 0)
    return { at, height: height / (values.length * width * Math.sqrt(2 * Math.PI)) }
  })
}
