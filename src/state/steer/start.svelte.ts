import type { ModelSource } from '../../lab/api'
import type { Address } from '../address.svelte'
import { firstModel, type Catalogue } from '../models/catalogue.svelte'
import type { ForeignHosts } from '../models/foreign-hosts.svelte'
import type { Models } from '../models/models.svelte'
import type { Opening } from '../models/opening'
import { firstOrganism } from '../presets'
import type { Prompts } from '../prompts/prompts.svelte'
import { adapterSource } from '../models/source-id'

/** What a first visit is made of. */
interface Surroundings {
  readonly models: Models
  readonly catalogue: Catalogue
  readonly prompts: Prompts
  readonly address: Address
  readonly opening: Opening
  readonly hosts: ForeignHosts
  /** Fits the contrast on the model in use. */
  readonly runFit: () => Promise<void>
  /** Whether there is a direction for the model in use. */
  readonly hasFit: () => boolean
  /** Whether nothing keeps the contrast from being fitted on it. */
  readonly canFit: () => boolean
}

/** The first minute: a model, its adapter and a direction by one press, or by themselves where nothing has to be asked. */
export class Start {
  readonly #around: Surroundings
  #running = $state.raw<Promise<void> | null>(null)
  #isWelcomed = $state(false)

  /** What a first visit opens: what the link names, else the organism that comes with the page, else a small hub model. */
  readonly source: ModelSource = $derived.by(() => {
    const { catalogue, address } = this.#around
    const { linked } = address
    if (linked?.source) return linked.source
    const isThere = catalogue.isOrganism(firstOrganism.model)
    return isThere ? { kind: 'bundled', name: firstOrganism.model } : { kind: 'hub', repo: firstModel.repo }
  })

  /** Whether the first model is an organism, with nothing that would come from another host: then nothing has to be asked. */
  readonly isAtHand = $derived.by(() => {
    const { source } = this
    const { linked } = this.#around.address
    const ids = [linked?.adapter, linked?.contrastAdapter].filter((id) => typeof id === 'string')
    return (
      source.kind === 'bundled' &&
      this.#around.catalogue.isOrganism(source.name) &&
      ids.every((id) => id.startsWith('bundled:'))
    )
  })

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Whether the first model is being opened, or the contrast fitted on it, by `now`. */
  get isRunning(): boolean {
    return this.#running !== null
  }

  /** Whether the first model comes by itself, or it is not yet known whether it will. */
  get isArriving(): boolean {
    const { address, catalogue } = this.#around
    if (this.isRunning) return true
    if (address.view !== 'steer' || this.#isWelcomed) return false
    return catalogue.isSettled ? this.isFree || this.isUnfitted : this.knowsLittle
  }

  /** Whether the model in use, or the one that a first visit opens, is an organism, which knows a few domains. */
  get knowsLittle(): boolean {
    const { models, catalogue, address, opening } = this.#around
    if (models.chosen) return opening.isOrganism(models.chosen.source)
    return this.isAtHand || (!catalogue.isSettled && !address.linked?.source)
  }

  /** Whether `now` would ask nothing of the reader. */
  get isFree(): boolean {
    return this.#around.models.list.length === 0 && this.isAtHand
  }

  /** Whether the model in use is an organism that is there to be fitted: its prompts and adapters come with the page. */
  get isUnfitted(): boolean {
    const { models, opening, hasFit, canFit } = this.#around
    return (
      models.active !== null &&
      models.chosen !== null &&
      opening.isOrganism(models.chosen.source) &&
      !hasFit() &&
      canFit()
    )
  }

  /** Opens the first model, attaches the link's adapter and fits the contrast: one press to the first question. */
  now(): Promise<void> {
    return (this.#running ??= this.#run().finally(() => (this.#running = null)))
  }

  /** On the first sight of Steer: starts by itself where that fetches nothing that does not come with the page. */
  async welcome(): Promise<void> {
    if (this.#isWelcomed || !this.#around.catalogue.isSettled) return
    this.#isWelcomed = true
    if (this.isFree || this.isUnfitted) await this.now()
  }

  async #run(): Promise<void> {
    const { models, prompts, address, opening, hosts, runFit } = this.#around
    if (!models.active) {
      const { linked } = address
      const adapter = linked?.adapter ? adapterSource(linked.adapter) : null
      if (!(await hosts.ask(adapter ? [this.source, adapter] : [this.source]))) return
      if (!linked?.source && !this.isAtHand && prompts.isExample) address.prefer('lists')
      if (!(await opening.open(this.source))) return
      if (linked && adapter) {
        await models.adapters?.load(adapter)
        await models.adapters?.setScale(linked.scale)
      }
    }
    await runFit()
  }
}
