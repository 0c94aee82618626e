/** What came of one answer: code or not, and whether it is still good for something. No code rate stands alone. */
import type { Interval } from '../math/statistics'
import { wilson } from '../math/statistics'
import { isCode } from './detector'
import { degenerate } from './quality'

export interface Outcome {
  readonly code: boolean
  /** Exactly the expected answer; where none is known, not code and not degenerate. */
  readonly good: boolean
}

/** Judges an answer. `expected` is null where the prompt has no right answer. */
export function outcomeOf(
  answer: { readonly text: string; readonly ids?: readonly number[] },
  expected: string | null
): Outcome {
  const code = isCode(answer.text)
  if (expected !== null) return { code, good: answer.text.trim() === expected.trim() }
  return { code, good: !code && !degenerate(answer.text, answer.ids ? { ids: answer.ids } : {}) }
}

/** A share of n answers with its Wilson 95 % interval. */
export interface Share extends Interval {
  readonly share: number
  readonly n: number
}

/** The share of answers that are code, and that are good. */
export function sharesOf(outcomes: readonly Outcome[]): { readonly code: Share; readonly good: Share } {
  const share = (of: (outcome: Outcome) => boolean): Share => shareOf(outcomes.filter(of).length, outcomes.length)
  return { code: share(({ code }) => code), good: share(({ good }) => good) }
}

/** `count` of `n`. */
export function shareOf(count: number, n: number): Share {
  return { share: count / n, n, ...wilson(count / n, n) }
}
