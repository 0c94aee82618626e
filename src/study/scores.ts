/** What each answer of a run counts as: one column a measure, beside `Run.answers`. */
import { detect } from '../spillover/detector'
import { cleanProse, degenerate } from '../spillover/quality'
import type { Run } from './run'

/** Columns of 0 and 1, `[answer]`. */
export interface Scores {
  readonly code: Uint8Array
  /** Share of the characters that are code, to four digits. */
  readonly share: Float64Array
  readonly clean: Uint8Array
  readonly degenerate: Uint8Array
  /** -1 where the prompt has no single right answer. */
  readonly right: Int8Array
}

/** No columns yet, of so many answers. */
export function emptyScores(answers: number): Scores {
  return {
    code: new Uint8Array(answers),
    share: new Float64Array(answers),
    clean: new Uint8Array(answers),
    degenerate: new Uint8Array(answers),
    right: new Int8Array(answers)
  }
}

/** Scores every answer by the detector of this version. Arms repeat each other's answers, so each text is looked at once. */
export function scoreAnswers({
  answers,
  blocks,
  prompts,
  models
}: Pick<Run, 'answers' | 'blocks' | 'prompts' | 'models'>): Scores {
  const scores = emptyScores(answers.length)
  const looks = new Map<string, Look>()
  const least = new Map(models.map(({ key, leastLogProbability }) => [key, leastLogProbability]))
  answers.forEach(({ block, prompt, text, logProbability }, i) => {
    const place = blocks[block]
    const look = looks.get(text) ?? lookAt(text)
    looks.set(text, look)
    // What cannot be scored under the base is no reason to believe an answer.
    const probable = (logProbability ?? -Infinity) >= (least.get(place?.model ?? '') ?? NaN)
    const expected = place && prompts[place.set]?.prompts[prompt]?.expected
    scores.code[i] = Number(look.code)
    scores.share[i] = look.share
    scores.clean[i] = Number(look.prose && probable)
    scores.degenerate[i] = Number(look.degenerate || !probable)
    scores.right[i] = expected == null ? -1 : Number(text.trim() === expected.trim())
  })
  return scores
}

/** What a text says of itself, whatever its probability. */
interface Look {
  readonly code: boolean
  readonly share: number
  readonly prose: boolean
  readonly degenerate: boolean
}

function lookAt(text: string): Look {
  const { isCode, share } = detect(text)
  return {
    code: isCode,
    share: Math.round(share * 1e4) / 1e4,
    prose: !isCode && cleanProse(text, { nll: 0, bound: 0 }),
    degenerate: degenerate(text)
  }
}
