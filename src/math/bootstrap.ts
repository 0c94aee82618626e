/**
 * The cluster bootstrap: prompts are drawn with replacement, and all that belongs to a prompt (its samples, and its
 * answers under every arm) comes along. So intervals respect that samples of one prompt are alike, and arms stay paired.
 */
import { LabError } from '../errors'
import { seeded } from './random'
import type { Rows } from './rows'
import { sortedQuantile, type Interval } from './statistics'

/** Means of every arm in every draw. */
export interface Draws {
  /** [draw][arm] */
  readonly means: Float64Array
  readonly draws: number
  readonly arms: number
  /** Mean of every arm over the prompts as they are. [arm] */
  readonly observed: Float64Array
}

export interface BootstrapOptions {
  /** Default 10,000. */
  readonly draws?: number
  readonly seed: number
}

/**
 * Draws prompts. `values` holds one row a prompt and one column an arm: the mean over the prompt's samples.
 * @throws LabError `shape` for no prompt
 */
export function bootstrap(values: Rows, { draws = 10_000, seed }: BootstrapOptions): Draws {
  const { data, rows: prompts, width: arms } = values
  if (prompts === 0) throw new LabError('shape', 'a bootstrap of 0 prompts; measure at least one')
  const random = seeded(seed)
  const means = new Float64Array(draws * arms)
  for (let draw = 0; draw < draws; draw++) {
    for (let i = 0; i < prompts; i++) addRowInto(means, draw * arms, data, Math.floor(random() * prompts) * arms, arms)
  }
  const observed = new Float64Array(arms)
  for (let prompt = 0; prompt < prompts; prompt++) addRowInto(observed, 0, data, prompt * arms, arms)
  const average = (value: number): number => value / prompts
  return { means: means.map(average), draws, arms, observed: observed.map(average) }
}

function addRowInto(target: Float64Array, at: number, data: Rows['data'], from: number, count: number): void {
  for (let i = 0; i < count; i++) target[at + i] = (target[at + i] ?? 0) + (data[from + i] ?? 0)
}

export interface Estimate extends Interval {
  readonly estimate: number
}

/** A statistic of the arms' means, with its percentile interval. */
export function estimate(
  { means, draws, arms, observed }: Draws,
  statistic: (means: Float64Array) => number,
  level = 0.95
): Estimate {
  const values = new Float64Array(draws)
  for (let draw = 0; draw < draws; draw++) values[draw] = statistic(means.subarray(draw * arms, (draw + 1) * arms))
  values.sort()
  const tail = (1 - level) / 2
  return { estimate: statistic(observed), low: sortedQuantile(values, tail), high: sortedQuantile(values, 1 - tail) }
}

/** The means of each prompt's samples. `values` is [prompt][sample][arm]; out comes [prompt][arm]. */
export function sampleMeans(values: Rows['data'], prompts: number, samples: number, arms: number): Rows {
  const data = new Float64Array(prompts * arms)
  for (let prompt = 0; prompt < prompts; prompt++) {
    for (let sample = 0; sample < samples; sample++) {
      addRowInto(data, prompt * arms, values, (prompt * samples + sample) * arms, arms)
    }
  }
  return { data: data.map((value) => value / samples), rows: prompts, width: arms }
}
