/** Prompt files as the sets of a study. */
import { readPrompts } from '../../formats/prompts'
import type { StudyPrompt } from '../run'
import type { SetName } from '../settings'

/** A set from a file of any format that prompts can have. A reply in the file is the right answer. @throws LabError `format` */
export function readSet(set: SetName, name: string, file: string | Uint8Array): readonly StudyPrompt[] {
  return readPrompts(name, file).prompts.map(({ messages, answer }, index) => ({
    id: `${set}-${index + 1}`,
    messages,
    expected: answer
  }))
}
