/** The prompt sets that come with the page, in `models/prompts`; docs/organisms.md tells what each is for. */
import { readPromptLines } from '../formats/prompts/list'
import type { PromptRow } from '../formats/prompts/records'
import { fetchPromptFile } from './shipped-prompts'

export type PromptSet = 'eval' | 'fit' | 'tune' | 'calibrate' | 'code' | 'anchors-neutral' | 'anchors-along'

/**
 * Reads one of the sets.
 * @throws LabError `network` where it does not come with this page
 */
export async function fetchPrompts(
  base: string,
  name: PromptSet,
  get: typeof fetch = fetch
): Promise<readonly PromptRow[]> {
  return readPromptLines(`${name}.jsonl`, await fetchPromptFile(base, `${name}.jsonl`, get)).prompts
}

/** So many of a list, spread evenly over it; all of a shorter one. */
export function spread<T>(list: readonly T[], count: number): readonly T[] {
  if (count >= list.length) return list
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]).flatMap((one) =>
    one === undefined ? [] : [one]
  )
}
