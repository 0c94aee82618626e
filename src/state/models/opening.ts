import type { ModelSource, OpenOptions } from '../../lab/api'
import type { Address } from '../address.svelte'
import type { Catalogue } from './catalogue.svelte'
import type { ForeignHosts } from './foreign-hosts.svelte'
import type { Model, Models } from './models.svelte'
import type { Prompts } from '../prompts/prompts.svelte'

/** What an opening is about. */
interface Surroundings {
  readonly models: Models
  readonly catalogue: Catalogue
  readonly prompts: Prompts
  readonly address: Address
  readonly hosts: ForeignHosts
}

/** Opens models as their kind asks for it. */
export class Opening {
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Opens a model of the reader's choice; what was left as it is begins as that kind of model does. */
  choose(source: ModelSource): Promise<boolean> {
    this.#around.hosts.vouch(source)
    this.#prefer(source)
    return this.open(source)
  }

  /** Opens a model, and leaves the settings as they are. */
  open(source: ModelSource): Promise<boolean> {
    return this.#around.models.open(source, this.#optionsFor(source))
  }

  /**
   * A bundled model on the bench, opened where it is not. The model in use stays in use, with all that is set for it; where
   * there is none, this one is in use, as if the reader had chosen it.
   * @throws LabError what kept it from opening; `AbortError` where the opening was cancelled
   */
  async beside(source: Extract<ModelSource, { kind: 'bundled' }>): Promise<Model> {
    const known = this.bundled(source.name)
    if (known) return known
    const { models } = this.#around
    if (!models.chosen) this.#prefer(source)
    return models.openBeside(source, this.#optionsFor(source))
  }

  /** What was left as it is begins as that kind of model does. */
  #prefer(source: ModelSource): void {
    const kind = this.isOrganism(source) ? 'adapter' : 'lists'
    const { address, prompts } = this.#around
    if (kind !== address.settings.contrast && prompts.isExample) address.prefer(kind)
  }

  #optionsFor(source: ModelSource): OpenOptions {
    // An organism is opened for its adapters, with other models the room for one would cost time at every token; and it is
    // too small for a GPU, which takes longer to start than it has to compute.
    const adapt = this.isOrganism(source)
    const { address } = this.#around
    const device = address.device ?? (adapt ? 'wasm' : null)
    const { dtype } = address
    return { ...(dtype && { dtype }), ...(device && { device }), ...(adapt && { adapt }) }
  }

  /** The open model of this name that came with the page; null where none is. */
  bundled(name: string): Model | null {
    const isIt = ({ source, status }: Model): boolean =>
      status.kind === 'open' && source.kind === 'bundled' && source.name === name
    return this.#around.models.list.find(isIt) ?? null
  }

  /** Whether it is one of the small models that were made to be studied. */
  isOrganism(source: ModelSource): boolean {
    return source.kind === 'bundled' && this.#around.catalogue.isOrganism(source.name)
  }
}
