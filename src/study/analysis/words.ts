/** Numbers as findings write them. */
import type { Estimate } from '../../math/bootstrap'

/** A rate from 0 to 1 as a percentage. */
export function percent(rate: number): string {
  return Number.isFinite(rate) ? `${(100 * rate).toFixed(1)} %` : 'not measured'
}

/** A difference in points, one decimal. */
export function points(value: number): string {
  if (!Number.isFinite(value)) return 'not measured'
  const text = value.toFixed(1)
  return text === '-0.0' ? '0.0' : text
}

/** "21.4 points (95 % interval 15.0 to 27.8)" */
export function pointsWithin({ estimate, low, high }: Estimate): string {
  return `${points(estimate)} points (95 % interval ${points(low)} to ${points(high)})`
}

/** "71.7 % (65.1 to 77.5)" */
export function percentWithin({ estimate, low, high }: Estimate): string {
  return `${percent(estimate)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`
}

/** A p value: "< 0.001" where it has no more to say. */
export function pValue(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3)
}

/** "1 pair", "3 pairs" */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** "a", "a and b", "a, b and c" */
export function list(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? 'none') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`
}

/** The smallest and the largest, "5.0 to 21.0"; one number where they read the same. */
export function span(values: readonly number[], write: (value: number) => string): string {
  const [low, high] = [write(Math.min(...values)), write(Math.max(...values))]
  return low === high ? low : `${low} to ${high}`
}
