import { createContext } from 'svelte'
import type { Capture } from '../capture/capture'
import type { DirectionSet } from '../directions/fits.svelte'
import type { Model } from '../models/models.svelte'
import type { PromptSet } from '../prompts/prompt-set'

/** A thing of the bench that is being dragged. */
export type Held =
  | { readonly kind: 'model'; readonly model: Model }
  | { readonly kind: 'direction'; readonly set: DirectionSet }
  | { readonly kind: 'capture'; readonly capture: Capture }
  | { readonly kind: 'prompts'; readonly set: PromptSet }

/** What is being dragged over the page; the browser's own drag carries no objects. */
export class Hand {
  #held = $state.raw<Held | null>(null)

  get held(): Held | null {
    return this.#held
  }

  take(held: Held): void {
    this.#held = held
  }

  empty(): void {
    this.#held = null
  }
}

/** The hand, for any component below `App`. */
export const [getHand, setHand] = createContext<Hand>()
