/** Lists of prompts as the sets of a study. */
import type { PromptRow } from '../../formats/prompts/records'
import type { StudyPrompt } from '../run'
import type { SetName } from '../settings'

/** A set out of the prompts of a file. A reply in the file is the right answer. */
export function studySet(set: SetName, prompts: readonly PromptRow[]): readonly StudyPrompt[] {
  return prompts.map(({ messages, answer }, index) => ({
    id: `${set}-${index + 1}`,
    messages,
    expected: answer
  }))
}
