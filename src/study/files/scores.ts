/** What each answer of a run counts as: one column a measure, beside `Run.answers`. */
import { outcomeReader, textReader } from '../analysis/measure/outcome'
import type { Run } from '../run'

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

/** Scores every answer, as the findings do; `texts` knows those that were read before. */
export function scoreAnswers(
  { answers, blocks, prompts, models }: Pick<Run, 'answers' | 'blocks' | 'prompts' | 'models'>,
  texts = textReader()
): Scores {
  const scores = emptyScores(answers.length)
  const readers = new Map(models.map((model) => [model.key, outcomeReader(model.leastLogProbability, texts)]))
  const unknown = outcomeReader(NaN, texts)
  answers.forEach((answer, i) => {
    const block = blocks[answer.block]
    const expected = block && prompts[block.set]?.prompts[answer.prompt]?.expected
    const outcome = (readers.get(block?.model ?? '') ?? unknown)(answer, expected ?? null)
    scores.code[i] = Number(outcome.code)
    scores.share[i] = Math.round(outcome.share * 1e4) / 1e4
    scores.clean[i] = Number(outcome.clean)
    scores.degenerate[i] = Number(outcome.degeneration !== null)
    scores.right[i] = Number(outcome.right ?? -1)
  })
  return scores
}
