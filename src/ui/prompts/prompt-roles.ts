/** The parts that prompts play, in words, and the sets that come with the page. */
import type { Role } from '../../state/prompts/prompt-set'

interface RoleWords {
  readonly name: string
  /** What prompts of this role are for. */
  readonly use: string
}

export const roleWords: Readonly<Record<Role, RoleWords>> = {
  positive: { name: 'positive', use: 'the side of a contrast that its direction points to' },
  negative: { name: 'negative', use: 'the side of a contrast that its direction points away from' },
  dir: {
    name: 'direction',
    use: 'read under two models, such as base and adapter, to fit what tells the models apart'
  },
  eval: { name: 'eval', use: 'answered to measure an effect; nothing may be fitted or tuned on them' },
  map: { name: 'map', use: 'read in two models to fit the map between their hidden states' },
  code: { name: 'code', use: 'real requests for code: code that should survive steering' },
  tune: { name: 'tune', use: 'for choosing alpha and for gates, before anything is measured' }
}

interface ShippedSet {
  readonly file: string
  readonly name: string
  readonly role: Role
}

/** In `public/models/prompts`. Disjoint, but for the two kinds of anchors: the same questions, some under a system line. */
export const shippedSets: readonly ShippedSet[] = [
  { file: 'fit.jsonl', name: 'fit', role: 'dir' },
  { file: 'eval.jsonl', name: 'eval', role: 'eval' },
  { file: 'code.jsonl', name: 'code', role: 'code' },
  { file: 'tune.jsonl', name: 'tune', role: 'tune' },
  { file: 'calibrate.jsonl', name: 'calibrate', role: 'tune' },
  { file: 'anchors-neutral.jsonl', name: 'anchors-neutral', role: 'map' },
  { file: 'anchors-along.jsonl', name: 'anchors-along', role: 'map' }
]
