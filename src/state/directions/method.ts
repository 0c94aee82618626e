/** What a method is called, what it asks of the two lists, and what it costs. */
import type { Origin } from '../../direction/direction'
import type { Method } from '../../direction/method'
import { defaultSwaps } from '../../direction/separation'
import type { ContrastTask } from './contrasts'

/** How a direction came to be, in words. */
export const methodNames: Readonly<Record<Origin, string>> = {
  'difference-in-means': 'difference in means',
  'pca-pooled': 'PCA of all prompts',
  'pca-paired': 'PCA of paired differences',
  logistic: 'logistic probe',
  'linear-discriminant': 'linear discriminant',
  combined: 'combined from others',
  carried: 'carried over from another model',
  gaussian: 'random',
  orthogonal: 'random, at right angles to another',
  'in-subspace': 'random, within the spread of the prompts',
  imported: 'unknown, a vector of another program'
}

/** Prompts up to which a probe is fitted anew for each of some shuffles of the labels; 24 took 0.7 s a layer on two busy cores. */
const mostProbed = 40
const probeSwaps = 20

/** Label swaps of the null: as the method does by default, and a few for a probe of few prompts. */
export function swapsFor(method: Method, prompts: number): number {
  return method === 'logistic' && prompts <= mostProbed ? probeSwaps : defaultSwaps[method]
}

/** Why a method cannot be used on these lists, in one sentence; null where it can. */
export function methodProblem(
  method: Method,
  { positive, negative }: Pick<ContrastTask, 'positive' | 'negative'>
): string | null {
  if (method !== 'pca-paired' || positive.length === negative.length) return null
  return (
    'PCA of paired differences takes line n of both lists as one pair, and the lists have ' +
    `${positive.length} and ${negative.length} lines.`
  )
}
