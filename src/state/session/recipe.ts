/** How a direction is made again by whoever follows a link, and whether what they made is the same. */
import type { Method } from '../../direction/method'
import type { ModelSource } from '../../lab/api'
import { packDirections } from '../../direction/files/packed'
import type { DirectionSet, Fit } from '../directions/fits.svelte'
import type { ContrastKind } from '../directions/contrasts'
import { titleOf } from '../directions/fits.svelte'
import type { Side } from '../link'
import { adapterSource, sourceId } from '../models/source-id'
import { examplePrompts } from '../prompts/prompts.svelte'

/** What a fit was really made with. */
export interface Recipe {
  readonly contrast: ContrastKind
  readonly method: Method
  /** Null for the example's. */
  readonly positive: Side | null
  readonly negative: Side | null
  /** Of an adapter's contrast: its id. */
  readonly adapter: string | null
}

/** The model as a link has it: where it comes from, and the adapter in use. */
export interface LinkedModel {
  readonly source: ModelSource | null
  readonly adapter: { readonly id: string; readonly scale: number } | null
}

/** What a direction was made with, where a link that names this model says all of it; null where only its vector is left. */
export function recipeOf(set: DirectionSet, { source, adapter }: LinkedModel): Recipe | null {
  if (set.kind !== 'fitted' || !source || sourceId(source) === null) return null
  const { contrast, separation, model } = set
  const { method } = separation
  if (contrast === 'adapter') {
    const isReachable = model.adapter?.scale === 1 && adapterSource(model.adapter.id) !== null
    return isReachable ? { contrast, method, positive: null, negative: null, adapter: model.adapter.id } : null
  }
  const isSame = sameAdapter(model.adapter, adapter) && (!model.adapter || adapterSource(model.adapter.id) !== null)
  return isSame ? { contrast, method, ...sidesOf(set), adapter: null } : null
}

/** The two lists of a fit; null where they are the example, names and all. */
export function sidesOf(lists: Pick<Fit, 'positiveName' | 'negativeName' | 'positive' | 'negative'>): {
  readonly positive: Side | null
  readonly negative: Side | null
} {
  const { positiveName, negativeName } = lists
  const [positive, negative] = [lists.positive.join('\n'), lists.negative.join('\n')]
  const example = examplePrompts
  const isExample =
    positiveName === example.positiveName &&
    negativeName === example.negativeName &&
    positive === example.positive.join('\n') &&
    negative === example.negative.join('\n')
  if (isExample) return { positive: null, negative: null }
  return { positive: { name: positiveName, text: positive }, negative: { name: negativeName, text: negative } }
}

/** An adapter at scale 0 is none, to the bit. */
function sameAdapter(a: LinkedModel['adapter'], b: LinkedModel['adapter']): boolean {
  const [one, other] = [a, b].map((adapter) => (adapter && adapter.scale !== 0 ? adapter : null))
  return one?.id === other?.id && one?.scale === other?.scale
}

/** Characters of a direction in a link, at most. */
const longestVector = 6000

const packed = new WeakMap<DirectionSet, Map<number | null, string | null>>()

/** The directions in use as a text: of one layer, or all where `layer` is null; null where they are too long for a link. */
export function vectorOf(set: DirectionSet, layer: number | null): string | null {
  const known = packed.get(set) ?? new Map<number | null, string | null>()
  packed.set(set, known)
  const before = known.get(layer)
  if (before !== undefined) return before
  const used = layer === null ? set.directions : set.directions.filter((one) => one.layer === layer)
  const names = { modelName: set.model.name, positiveName: set.positiveName, negativeName: set.negativeName }
  const text = used.length > 0 ? packDirections(used, { name: titleOf(set), ...names }, longestVector) : null
  known.set(layer, text)
  return text
}
