import {
  adaptersBeside,
  fetchAdapters,
  fetchCatalogue,
  type BundledAdapter,
  type CatalogueEntry
} from '../../lab/catalogue'
import type { ModelInfo } from '../../lab/api'
import { isSameName } from '../../lab/model-name'
import { endOf, type Status } from '../status'

/** The hub model that the page offers by one click. */
export const firstModel = {
  repo: 'HuggingFaceTB/SmolLM2-135M-Instruct',
  name: 'SmolLM2-135M-Instruct'
} as const

/** The models and adapters that come with the page. */
export class Catalogue {
  #entries = $state.raw<readonly CatalogueEntry[]>([])
  #adapters = $state.raw<readonly BundledAdapter[]>([])
  #status = $state.raw<Status<null>>({ kind: 'idle' })

  get entries(): readonly CatalogueEntry[] {
    return this.#entries
  }

  get status(): Status<null> {
    return this.#status
  }

  /** Whether it is known by now what comes with the page. */
  get isSettled(): boolean {
    return this.#status.kind === 'done' || this.#status.kind === 'failed'
  }

  async load(base: string, get?: typeof fetch): Promise<void> {
    this.#status = { kind: 'running', step: null }
    try {
      this.#entries = await fetchCatalogue(base, get)
      this.#adapters = await fetchAdapters(base, get)
      this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  isOrganism(name: string): boolean {
    return this.#entries.some((entry) => entry.name === name && entry.organism === true)
  }

  /** The adapters that come with the page for an open model: those beside it, and those that name it as their base. */
  adaptersFor({ id, name }: ModelInfo): readonly BundledAdapter[] {
    const beside = this.#entries.filter((entry) => id === `bundled:${entry.name}`).flatMap(adaptersBeside)
    return [...beside, ...this.#adapters.filter(({ base }) => base !== null && isSameName(base, name))]
  }
}
