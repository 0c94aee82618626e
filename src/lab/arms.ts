/** The arms of an experiment: the same prompts, answered under different steering. Arms of a prompt decode together. */
import { LabError } from '../errors'
import type { Completion, ModelApi, Progress, Prompt, Steering } from './api'
import type { Share } from '../spillover/outcome'
import { stoppable } from './loops'

/** One line of a figure of rates. */
export interface RateLine {
  readonly label: string
  readonly tone: 'base' | 'steered' | 'random' | 'insecure' | 'secure'
  readonly left: Share
  readonly right: Share
}

export interface ArmOptions {
  readonly maxTokens: number
  /** Rows a call. Default 32. */
  readonly batch?: number
  /** Ends the generation under way before its next token. */
  readonly signal?: AbortSignal
  /** Counts rows. */
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Greedy answers `[arm][prompt]`; an arm of null is not steered. Rejects with `AbortError` when cancelled.
 * @throws LabError `shape` for no prompt or no arm
 */
export async function answerArms(
  model: Pick<ModelApi, 'generate' | 'stop'>,
  prompts: readonly Prompt[],
  arms: readonly (Steering | null)[],
  { maxTokens, batch = 32, signal, onProgress }: ArmOptions
): Promise<readonly (readonly Completion[])[]> {
  if (prompts.length === 0 || arms.length === 0) {
    throw new LabError('shape', `${arms.length} arms of ${prompts.length} prompts; choose at least one of each`)
  }
  const rows = prompts.flatMap((prompt) => arms.map((steering) => ({ prompt, ...(steering && { steering }) })))
  const answers: Completion[] = []
  const report = (): void => onProgress?.({ stage: 'rows', done: answers.length, total: rows.length, unit: 'rows' })
  await stoppable(model, signal, async () => {
    report()
    while (answers.length < rows.length) {
      signal?.throwIfAborted()
      const part = rows.slice(answers.length, answers.length + batch)
      const { completions } = await model.generate(part, { maxTokens, sampling: { temperature: 0 } })
      answers.push(...completions)
      report()
    }
    signal?.throwIfAborted()
  })
  return arms.map((_, arm) => answers.filter((_, row) => row % arms.length === arm))
}
