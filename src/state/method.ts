/** What a method asks of the two lists, and what it costs. */
import { lists, type Contrast } from '../direction/contrast'
import type { HiddenStates } from '../direction/hidden-states'
import type { Method } from '../direction/method'
import { defaultSwaps } from '../direction/separation'
import type { Prompts } from './prompts.svelte'

/** Prompts up to which a probe is fitted anew for each of some shuffles of the labels; 24 took 0.7 s a layer on two busy cores. */
const mostProbed = 40
const probeSwaps = 20

/** Label swaps of the null: as the method does by default, and a few for a probe of few prompts. */
export function swapsFor(method: Method, prompts: number): number {
  return method === 'logistic' && prompts <= mostProbed ? probeSwaps : defaultSwaps[method]
}

/** The two lists, copied, since the worker takes them away; for PCA of pairs, line n of both is one prompt. */
export function contrastFor(method: Method, up: HiddenStates, down: HiddenStates): Contrast {
  const copy = (states: HiddenStates): HiddenStates => ({ ...states, data: states.data.slice() })
  return { ...lists(copy(up), copy(down)), samePrompts: method === 'pca-paired' && up.rows === down.rows }
}

/** Why a method cannot be used on these lists, in one sentence; null where it can. */
export function methodProblem(method: Method, { positive, negative }: Prompts): string | null {
  if (method !== 'pca-paired' || positive.length === negative.length) return null
  return (
    'PCA of paired differences takes line n of both lists as one pair, and the lists have ' +
    `${positive.length} and ${negative.length} lines.`
  )
}
