/**
 * The cluster bootstrap for statistics that are linear in the prompts: such a statistic is the mean of one number a prompt, so
 * one column is drawn in place of a table. Columns of one length meet the same draws, which keeps all of them paired.
 */
import { LabError } from '../errors'
import type { BootstrapOptions, Estimate } from './bootstrap'
import { seeded } from './random'
import { mean, sortedQuantile } from './statistics'

/** A mean with its percentile 95 % interval. */
export interface Resampled extends Estimate {
  /** One-sided: how often a drawn mean is not above 0, the column itself counted. At least 1 / (1 + draws). */
  readonly p: number
}

/** Draws the mean of a column `[prompt]`; all of it NaN where a prompt's number is. @throws LabError `shape` for no prompt */
export type Resampler = (column: Float64Array) => Resampled

/** Makes one; the draws are those of `bootstrap` with the same seed. */
export function resampler({ draws = 10_000, seed }: BootstrapOptions): Resampler {
  const known = new Map<number, Uint32Array>()
  const values = new Float64Array(draws)
  return (column) => {
    const prompts = column.length
    if (prompts === 0) throw new LabError('shape', 'a bootstrap of 0 prompts; measure at least one')
    // Sorted, NaN would lie at the upper end alone, and the lower end would look like a number that was measured.
    if (column.some(Number.isNaN)) return { estimate: NaN, low: NaN, high: NaN, p: NaN }
    const picks = known.get(prompts) ?? drawPrompts(prompts, draws, seed)
    known.set(prompts, picks)
    meansInto(values, column, picks)
    values.sort()
    return {
      estimate: mean(column),
      low: sortedQuantile(values, 0.025),
      high: sortedQuantile(values, 0.975),
      p: (1 + countUpToZero(values)) / (1 + draws)
    }
  }
}

/** [draw][prompt] */
function drawPrompts(prompts: number, draws: number, seed: number): Uint32Array {
  const random = seeded(seed)
  return Uint32Array.from({ length: draws * prompts }, () => Math.floor(random() * prompts))
}

function meansInto(means: Float64Array, column: Float64Array, picks: Uint32Array): void {
  const prompts = column.length
  for (let draw = 0, at = 0; draw < means.length; draw++) {
    let sum = 0
    for (const end = at + prompts; at < end; at++) sum += column[picks[at] ?? 0] ?? 0
    means[draw] = sum / prompts
  }
}

/** How many of the sorted values are 0 or less; a rounding error above 0 is 0. */
function countUpToZero(sorted: Float64Array): number {
  const first = sorted.findIndex((value) => value > 1e-9)
  return first === -1 ? sorted.length : first
}
