/** What came of one answer, by section 4 of the protocol. Nothing here depends on the arm it came from. */
import { detect } from '../../../spillover/detector'
import { cleanProse, degeneration, type Degeneration } from '../../../spillover/quality'
import type { Answer } from '../../run'

/** The five outcomes of an answer. */
export interface Outcome {
  readonly code: boolean
  /** Share of the characters that lie in lines of code: 0 to 1. */
  readonly share: number
  /** Not code, no less likely under the base than 99 in 100 of its own answers, trigrams mostly distinct, 4 tokens or more. */
  readonly clean: boolean
  /** Why it is no language any more; null where it is. */
  readonly degeneration: Degeneration | null
  /** Exactly the expected answer, white space around it apart; null where none is expected. */
  readonly right: boolean | null
}

/** Judges an answer. `expected` is null where the prompt has no right answer. */
export type OutcomeReader = (answer: Pick<Answer, 'text' | 'logProbability'>, expected: string | null) => Outcome

type TextOutcome = Pick<Outcome, 'code' | 'share' | 'clean' | 'degeneration'>

export type TextReader = (text: string) => TextOutcome

/** What the text alone says: the same text comes up in many arms, and reading code is slow. */
export function textReader(): TextReader {
  const known = new Map<string, TextOutcome>()
  return (text) => {
    const old = known.get(text)
    if (old) return old
    const outcome = outcomeOfText(text)
    known.set(text, outcome)
    return outcome
  }
}

/**
 * Reads the answers of one model. `least` is its record's `leastLogProbability`, in nats a token. A log-probability that is
 * missing or not a number speaks against the answer.
 */
export function outcomeReader(least: number, read = textReader()): OutcomeReader {
  return ({ text, logProbability }, expected) => {
    const { code, share, clean, degeneration: reason } = read(text)
    const isLikely = logProbability !== null && logProbability >= least
    return {
      code,
      share,
      clean: clean && isLikely,
      // Code where prose was asked for is improbable under the base, and not broken for that.
      degeneration: reason ?? (isLikely || code ? null : 'improbable'),
      right: expected === null ? null : text.trim() === expected.trim()
    }
  }
}

function outcomeOfText(text: string): TextOutcome {
  const { isCode, share } = detect(text)
  return {
    code: isCode,
    share,
    clean: !isCode && cleanProse(text, { nll: 0, bound: 0 }),
    degeneration: degeneration(text)
  }
}
