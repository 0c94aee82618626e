import type { ModelSource } from '../../lab/api'
import type { Address } from '../address.svelte'
import type { ContrastPlan } from '../directions/contrast.svelte'
import type { Fits, FitStep } from '../directions/fits.svelte'
import type { InUse } from '../directions/in-use.svelte'
import type { Measured } from '../meter'
import { firstModel, type Catalogue } from '../models/catalogue.svelte'
import type { ForeignHosts } from '../models/foreign-hosts.svelte'
import type { Model, Models } from '../models/models.svelte'
import type { Opening } from '../models/opening'
import { adapterSource } from '../models/source-id'
import { firstOrganism } from '../presets'
import type { Prompts } from '../prompts/prompts.svelte'
import type { Asking } from './asking.svelte'
import type { Chat } from './chat.svelte'

/** How far it is. A failure stands until what failed is tried again. */
type Stage =
  /** A model comes by itself, or it is not yet known whether one does. */
  | { readonly kind: 'arriving' }
  | { readonly kind: 'opening'; readonly model: Model; readonly step: Measured | null }
  | { readonly kind: 'fitting'; readonly step: FitStep }
  /** It is the reader's turn: to have a model opened, a direction fitted, or the question answered. */
  | { readonly kind: 'ready'; readonly next: 'open' | 'fit' | 'ask' }
  | { readonly kind: 'answering' }
  | { readonly kind: 'failed'; readonly at: 'opening'; readonly model: Model; readonly error: Error }
  | { readonly kind: 'failed'; readonly at: 'fitting' | 'answering'; readonly error: Error }

/**
 * From nothing to three answers, as it stands now.
 * `ask`: what a press on Ask does. It `answers`; it `prepares`, which opens and fits before it answers; it was pressed, and the
 * question `waits`; or `nothing`, since the reader has to choose something first.
 */
export type Standing = Stage & {
  readonly ask: 'answers' | 'prepares' | 'waits' | 'nothing'
  /** The model in use, or the one that comes first: an organism knows a few domains only. */
  readonly about: 'organism' | 'model'
}

/** What a first visit is made of. */
interface Surroundings {
  readonly models: Models
  readonly catalogue: Catalogue
  readonly prompts: Prompts
  readonly contrast: ContrastPlan
  readonly fits: Fits
  readonly inUse: InUse
  readonly address: Address
  readonly opening: Opening
  readonly hosts: ForeignHosts
  readonly asking: Asking
  readonly chat: Chat
  /** A session that is brought back comes first. */
  readonly restored: () => Promise<unknown>
}

/** Whether what is missing is on its way without the reader. */
export function isComing({ kind, ask }: Standing): boolean {
  return kind === 'arriving' || ((kind === 'opening' || kind === 'fitting') && (ask === 'prepares' || ask === 'waits'))
}

/** The first minute: a model, its adapter, a direction and answers by one press, or by themselves where nothing has to be asked. */
export class FirstMinute {
  readonly #around: Surroundings
  #running = $state.raw<Promise<void> | null>(null)
  #isWelcomed = $state(false)
  /** A question waits for the model and its direction. */
  #isAsked = $state(false)

  /** What a first visit opens: what the link names, else the organism that comes with the page, else a small hub model. */
  readonly source: ModelSource = $derived.by(() => {
    const { catalogue, address } = this.#around
    const { linked } = address
    if (linked?.source) return linked.source
    const isThere = catalogue.isOrganism(firstOrganism.model)
    return isThere ? { kind: 'bundled', name: firstOrganism.model } : { kind: 'hub', repo: firstModel.repo }
  })

  /** Whether `begin` would open an organism, with nothing that comes from another host: then nothing has to be asked. */
  readonly #comesFree = $derived.by(() => {
    const { source } = this
    const { address, models, opening } = this.#around
    const ids = [address.linked?.adapter, address.linked?.contrastAdapter].filter((id) => typeof id === 'string')
    const isAtHand = opening.isOrganism(source) && ids.every((id) => id.startsWith('bundled:'))
    return models.list.length === 0 && isAtHand
  })

  /** Whether the model in use is an organism that is there to be fitted: its prompts and adapters come with the page. */
  readonly #fitsFree = $derived.by(() => {
    const { models, opening, fits, inUse, contrast } = this.#around
    const { active, chosen } = models
    const isThere = active !== null && chosen !== null && opening.isOrganism(chosen.source) && contrast.problem === null
    return isThere && inUse.fit === null && fits.status.kind !== 'running'
  })

  /** Where it stands. */
  readonly now: Standing = $derived.by(() => ({ ...this.#stage(), ask: this.#ask(), about: this.#about() }))

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Opens the first model, attaches the link's adapter and fits the contrast: one press to the first question. */
  begin(): Promise<void> {
    return (this.#running ??= this.#run().finally(() => (this.#running = null)))
  }

  /** On the first sight of Steer: begins by itself where that fetches nothing that does not come with the page. */
  async welcome(): Promise<void> {
    await this.#around.restored()
    if (this.#isWelcomed || !this.#around.catalogue.isSettled) return
    this.#isWelcomed = true
    if (this.#comesFree || this.#fitsFree) await this.begin()
  }

  /** Puts the question to every column; opens and fits before where that asks nothing of the reader. */
  async ask(): Promise<void> {
    if (this.now.ask === 'prepares') {
      this.#isAsked = true
      await this.begin().finally(() => (this.#isAsked = false))
    }
    await this.#around.asking.put()
  }

  #stage(): Stage {
    const { models, fits, chat, inUse } = this.#around
    const { chosen, active } = models
    if (chat.running) return { kind: 'answering' }
    if (chosen?.status.kind === 'opening') return { kind: 'opening', model: chosen, step: chosen.status.step }
    if (fits.status.kind === 'running') return { kind: 'fitting', step: fits.status.step }
    if (chosen?.status.kind === 'failed')
      return { kind: 'failed', at: 'opening', model: chosen, error: chosen.status.error }
    if (fits.status.kind === 'failed') return { kind: 'failed', at: 'fitting', error: fits.status.error }
    if (chat.status.kind === 'failed') return { kind: 'failed', at: 'answering', error: chat.status.error }
    if (this.#isArriving()) return { kind: 'arriving' }
    return { kind: 'ready', next: !active ? 'open' : inUse.fit ? 'ask' : 'fit' }
  }

  #isArriving(): boolean {
    const { address, catalogue } = this.#around
    if (this.#running) return true
    if (address.view !== 'steer' || this.#isWelcomed) return false
    return catalogue.isSettled ? this.#comesFree || this.#fitsFree : this.#about() === 'organism'
  }

  #ask(): Standing['ask'] {
    if (this.#isAsked) return 'waits'
    if (this.#around.asking.arms.length > 0) return 'answers'
    return this.#running || this.#comesFree || this.#fitsFree ? 'prepares' : 'nothing'
  }

  #about(): Standing['about'] {
    const { models, catalogue, address, opening } = this.#around
    const { chosen } = models
    const isOrganism = chosen
      ? opening.isOrganism(chosen.source)
      : this.#comesFree || (!catalogue.isSettled && !address.linked?.source)
    return isOrganism ? 'organism' : 'model'
  }

  async #run(): Promise<void> {
    const { models, prompts, address, opening, hosts, inUse } = this.#around
    if (!models.active) {
      const { linked } = address
      const adapter = linked?.adapter ? adapterSource(linked.adapter) : null
      if (!(await hosts.ask(adapter ? [this.source, adapter] : [this.source]))) return
      if (!linked?.source && !opening.isOrganism(this.source) && prompts.isExample) address.prefer('lists')
      if (!(await opening.open(this.source))) return
      if (linked && adapter) {
        await models.adapters?.load(adapter)
        await models.adapters?.setScale(linked.scale)
      }
    }
    // What the session or a link brought needs no fit.
    if (!inUse.fit && !address.bring()) await inUse.run()
  }
}
