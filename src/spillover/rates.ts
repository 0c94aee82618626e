/** Rates over prompts and samples: the mean over prompts of the mean over samples, each prompt's value kept for the bootstrap. */
import { LabError } from '../errors'
import { codeShare, isCode } from './detector'

export interface Rate {
  /** Mean over prompts of the mean over samples: s of the protocol. */
  readonly mean: number
  /** `[prompt]`: the mean over the prompt's samples. */
  readonly perPrompt: readonly number[]
}

/** The rate of values `[prompt][sample]`; booleans count as 0 and 1. Prompts weigh alike, however many samples they have. */
export function rateOf(values: readonly (readonly (number | boolean)[])[]): Rate {
  if (values.length === 0) throw new LabError('shape', 'a rate needs at least 1 prompt, got none: add prompts')
  const empty = values.findIndex((samples) => samples.length === 0)
  if (empty !== -1)
    throw new LabError('shape', `prompt ${empty + 1} has no answer: generate at least 1 for each prompt`)
  const perPrompt = values.map(meanOf)
  return { mean: meanOf(perPrompt), perPrompt }
}

/** Share of answers `[prompt][sample]` that are code: spillover where the prompts do not ask for code. */
export function codeRate(answers: readonly (readonly string[])[]): Rate {
  return rateOf(answers.map((samples) => samples.map(isCode)))
}

/** Mean share of code in answers `[prompt][sample]`. */
export function codeShareRate(answers: readonly (readonly string[])[]): Rate {
  return rateOf(answers.map((samples) => samples.map(codeShare)))
}

/** delta = 100 (s_none - s_c) points, positive where code was suppressed. Per prompt, paired, for the bootstrap. */
export function suppression(none: Rate, arm: Rate): Rate {
  if (none.perPrompt.length !== arm.perPrompt.length) {
    throw new LabError(
      'shape',
      `arms of ${none.perPrompt.length} and ${arm.perPrompt.length} prompts: both need the same prompts in the same order`
    )
  }
  const perPrompt = none.perPrompt.map((rate, prompt) => 100 * (rate - (arm.perPrompt[prompt] ?? 0)))
  return { mean: meanOf(perPrompt), perPrompt }
}

function meanOf(values: readonly (number | boolean)[]): number {
  return values.reduce<number>((sum, value) => sum + Number(value), 0) / values.length
}
