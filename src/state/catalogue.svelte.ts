import { fetchCatalogue, type CatalogueEntry } from '../lab/catalogue'
import { endOf, type Status } from './status'

/** The hub model that the page offers by one click. */
export const firstModel = {
  repo: 'HuggingFaceTB/SmolLM2-135M-Instruct',
  name: 'SmolLM2-135M-Instruct'
} as const

/** The models that come with the page. */
export class Catalogue {
  #entries = $state.raw<readonly CatalogueEntry[]>([])
  #status = $state.raw<Status<null>>({ kind: 'idle' })

  get entries(): readonly CatalogueEntry[] {
    return this.#entries
  }

  get status(): Status<null> {
    return this.#status
  }

  async load(base: string): Promise<void> {
    this.#status = { kind: 'running', step: null }
    try {
      this.#entries = await fetchCatalogue(base)
      this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    }
  }
}
