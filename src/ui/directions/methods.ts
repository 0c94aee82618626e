/** Directions in words: how they were made, what they are called, what chance would do. */
import type { Method } from '../../direction/method'
import type { Separation } from '../../direction/separation'
import { methodNames } from '../../state/directions/method'
import { titleOf, type DirectionSet } from '../../state/directions/fits.svelte'
import { formatPercent } from '../words/words'

export { methodNames }

/** What can be chosen for a fit, with one sentence on what it does. */
export const methodChoices: readonly (readonly [Method, string])[] = [
  ['difference-in-means', 'From the mean of one side to the mean of the other.'],
  ['pca-pooled', 'The axis along which all prompts vary most, whatever their side; the sides only choose its sign.'],
  ['logistic', 'The weights of a penalized logistic regression, which decides between the sides.'],
  ['linear-discriminant', 'The difference in means, less along axes where each side scatters by itself.'],
  ['pca-paired', 'What the differences between line n of both lists have most in common.']
]

/** What the direction of one layer is first saved as. */
export function savedName(set: DirectionSet, layer: number): string {
  const method = set.kind === 'fitted' ? `, ${methodNames[set.separation.method]}` : ''
  return `${titleOf(set)}${method}, layer ${layer}`
}

/** What the curve is compared with, for its caption. */
export function nullSentence({ method, layers, swaps, seed, bestNull95 }: Separation): string {
  if (swaps === 0) {
    return (
      `No null: a ${methodNames[method]} of this many prompts takes too long to be fitted to shuffled labels as well. ` +
      'Fit another method to see one.'
    )
  }
  const reach = `the best of ${layers.length} layers reaches ${formatPercent(bestNull95)} by chance one time in 20.`
  return `Null: ${swaps} shuffles of the labels, seed ${seed}; ${reach}`
}
