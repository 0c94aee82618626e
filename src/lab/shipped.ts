/** Prompt sets that come with the page, below `models/prompts`. */
import { LabError } from '../errors'
import { readPrompts } from '../formats/prompts'

/** By what each is for: `fit` directions, `eval` for every figure. */
export type PromptSet = 'fit' | 'eval'

/** The user's turns of a set that comes with the page. @throws LabError `network` where there is none, `format` */
export async function fetchPromptSet(
  base: string,
  set: PromptSet,
  get: typeof fetch = fetch
): Promise<readonly string[]> {
  const response = await get(new URL(`models/prompts/${set}.jsonl`, base))
  if (!response.ok) {
    throw new LabError('network', `the page's ${set} prompts answered ${response.status}; reload the page`)
  }
  const { prompts } = readPrompts(`${set}.jsonl`, await response.text())
  return prompts.flatMap(({ messages }) => messages.at(-1)?.content ?? [])
}
