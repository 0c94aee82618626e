/** What a capture was made under, and how that differs from what it would be made under now. */
import type { PromptRow } from '../../formats/prompts'
import type { ModelInfo, Position } from '../../lab/api'
import { describeDifferences, differences, madeOn, type Circumstances, type MadeOf } from '../../lab/live/circumstances'
import { contentKey } from '../../lab/live/content-key'
import type { PromptSet } from '../prompts/prompt-set'
import { captureRows, readable, type Capture } from './capture'

/** What is read again: prompts of a set, by the name of the set. */
type NamedPrompts = Pick<PromptSet, 'name' | 'prompts'>

/** All that a capture depends on. @param model with the adapter that the hidden states were read under */
export function madeOfCapture(model: ModelInfo, set: NamedPrompts, position: Position): Circumstances {
  return { model: madeOn(model), prompt: promptsMade(set, position), position }
}

/** The set that a capture was read from, as it stands now; null where there is none of that name and role. */
export function setOfCapture({ set }: Pick<Capture, 'set'>, sets: readonly PromptSet[]): PromptSet | null {
  return sets.find(({ name, role }) => name === set?.name && role === set.role) ?? null
}

/**
 * How a capture was made otherwise than the same prompts would be read now, in one sentence. Null where it was not, where no
 * model is open to read them, and for a file, which does not say what it was made under.
 * @param info the model in use, with the reader's adapter
 */
export function outdatedCapture(
  capture: Pick<Capture, 'set' | 'made' | 'states'>,
  info: ModelInfo | null,
  sets: readonly PromptSet[]
): string | null {
  const { made, states } = capture
  if (!made || !info) return null
  const set = setOfCapture(capture, sets)
  const now = { model: madeOn(info), ...(set && { prompt: promptsMade(set, states.position) }) }
  return describeDifferences(differences(made, now))
}

/** By their prompts, since a set can be long. */
const keys = new WeakMap<readonly PromptRow[], Map<Position, string>>()

function promptsMade({ name, prompts }: NamedPrompts, position: Position): MadeOf {
  const known = keys.get(prompts) ?? new Map<Position, string>()
  const key = known.get(position) ?? keyOf(prompts, position)
  keys.set(prompts, known.set(position, key))
  return { key, name: `the set \u201c${name}\u201d` }
}

/** Of what the model gets: an answer that is not read does not count. */
function keyOf(prompts: readonly PromptRow[], position: Position): string {
  const rows = captureRows(readable(prompts, position), position)
  return contentKey(new TextEncoder().encode(JSON.stringify(rows)))
}
