/** Whether an answer is still language: at high norm any direction "suppresses" code, into gibberish, so no code rate stands alone. */
import { isCode } from './detector'

export interface DegenerateOptions {
  /** The answer's token ids. Without them words and single punctuation marks stand in for tokens. */
  readonly ids?: readonly number[]
  /** Mean log-probability per token (nats) of the answer under the base model. */
  readonly logProbability?: number
  /** The 1st percentile of the same number over the base model's own answers. */
  readonly percentile1?: number
}

/** Why an answer is degenerate. */
export type Degeneration = 'empty' | 'few tokens' | 'repetition' | 'improbable'

/** The first reason to call an answer degenerate: empty, fewer than 3 distinct tokens, 4-grams repeated, or improbable under base. */
export function degeneration(answer: string, options: DegenerateOptions = {}): Degeneration | null {
  const tokens: readonly (number | string)[] = options.ids ?? wordsOf(answer)
  if (answer.trim() === '' || tokens.length === 0) return 'empty'
  if (new Set(tokens).size < 3) return 'few tokens'
  if (repetition(tokens, 4) > 0.5) return 'repetition'
  const { logProbability, percentile1 } = options
  // A log-probability that is not a number is no reason to believe the answer.
  if (logProbability !== undefined && percentile1 !== undefined && !(logProbability >= percentile1)) return 'improbable'
  return null
}

/** True for an answer that is not language any more; see `degeneration`. */
export function degenerate(answer: string, options: DegenerateOptions = {}): boolean {
  return degeneration(answer, options) !== null
}

export interface CleanProseOptions {
  /** Mean negative log-likelihood per token (nats) under the base model. */
  readonly nll: number
  /** The largest `nll` that counts as clean; stated beside the rate. */
  readonly bound: number
  readonly ids?: readonly number[]
}

/** Not code, likely under the base model, more than half of its trigrams distinct, at least 4 tokens. */
export function cleanProse(answer: string, { nll, bound, ids }: CleanProseOptions): boolean {
  const tokens = ids ?? wordsOf(answer)
  return tokens.length >= 4 && nll <= bound && distinct(tokens, 3) > 0.5 && !isCode(answer)
}

/** Share of the n-grams that repeat an earlier one: 0 to 1; 0 where there is none. */
export function repetition(tokens: readonly (number | string)[], n: number): number {
  return 1 - distinct(tokens, n)
}

function distinct(tokens: readonly (number | string)[], n: number): number {
  const total = tokens.length - n + 1
  if (total <= 0) return 1
  return new Set(Array.from({ length: total }, (_, i) => tokens.slice(i, i + n).join(' '))).size / total
}

/** Words and single other marks, as a stand-in for tokens. */
function wordsOf(answer: string): readonly string[] {
  return answer.match(/[\p{L}\p{M}\p{N}_]+|[^\p{L}\p{M}\p{N}_\s]/gu) ?? []
}
