import type { Device, Dtype } from '../lab/api'
import type { Captures } from './capture/captures.svelte'
import type { Chat } from './steer/chat.svelte'
import type { ContrastPlan } from './directions/contrast.svelte'
import type { ContrastKind } from './directions/contrasts'
import type { Fits } from './directions/fits.svelte'
import { readLink, writeLink, type Settings, type View } from './link'
import type { Models } from './models/models.svelte'
import { presets } from './presets'
import type { Prompts } from './prompts/prompts.svelte'
import type { Runs } from './study/runs.svelte'
import { adapterSource } from './models/source-id'
import type { SteeringControls } from './steer/steering.svelte'
import type { StudyDraft } from './study/study-draft.svelte'
import type { Tour } from './tour/tour.svelte'
import type { Transfer } from './transfer/transfer.svelte'

/** All that a link says something of. */
interface Addressed {
  readonly models: Models
  readonly prompts: Prompts
  readonly contrast: ContrastPlan
  readonly fits: Fits
  readonly controls: SteeringControls
  readonly chat: Chat
  readonly captures: Captures
  readonly draft: StudyDraft
  readonly transfer: Transfer
  readonly tour: Tour
  readonly runs: Runs
}

/** The page as a link: where the reader is, and the settings that every part has or waits for. */
export class Address {
  view = $state<View>('steer')
  /** Of the documentation, as in `Settings`. */
  page = $state<string | null>(null)
  /** For the next model that is opened. Null lets the device decide. */
  dtype = $state<Dtype | null>(null)
  device = $state<Device | null>(null)
  readonly #parts: Addressed
  #linked = $state.raw<Settings | null>(null)
  readonly #blank: Settings
  readonly #defaults = (contrast: ContrastKind): Settings => ({ ...this.#blank, contrast, ...presets[contrast] })

  constructor(parts: Addressed) {
    this.#parts = parts
    this.#blank = this.settings
    this.#apply(this.#defaults('adapter'))
  }

  /** The last link that held settings: what it names is opened when the reader asks for it. */
  get linked(): Settings | null {
    return this.#linked
  }

  /** The settings as they are: what a link holds. */
  get settings(): Settings {
    const { models, prompts, contrast, fits, controls, chat, captures, draft, transfer, tour, runs } = this.#parts
    const { alpha, mode, positions, scope, controlSeed } = controls
    const { temperature, topP, seed, question, form, arms } = chat
    const maxTokens = chat.maxTokens ?? presets.lists.maxTokens
    const { adapters } = models
    const { wantedId } = contrast
    const inUse = adapters?.used?.id ?? null
    const between = contrast.kind === 'adapter' && adapters ? (contrast.adapter?.id ?? null) : null
    const adapter = models.chosen ? (inUse ?? between) : (this.#linked?.adapter ?? null)
    return {
      view: this.view,
      page: this.page,
      source: models.chosen?.source ?? this.#linked?.source ?? null,
      dtype: this.dtype,
      device: this.device,
      adapter: adapter !== null && adapterSource(adapter) ? adapter : null,
      // An adapter that is loaded and off is, to the bit, one at scale 0.
      scale: adapters ? (inUse === null && between !== null ? 0 : adapters.scale) : (this.#linked?.scale ?? 1),
      contrast: contrast.kind,
      contrastAdapter: wantedId !== null && adapterSource(wantedId) ? wantedId : null,
      method: fits.method,
      layer: fits.chosen ? fits.layer : fits.wantedLayer,
      ...{ alpha, mode, positions, scope, arms, controlSeed, temperature, topP, seed, maxTokens, question, form },
      ...captures.settings,
      ...transfer.settings,
      preset: draft.preset,
      step: tour.step,
      positive: prompts.isExample ? null : { name: prompts.positiveName, text: prompts.positiveText },
      negative: prompts.isExample ? null : { name: prompts.negativeName, text: prompts.negativeText },
      run: runs.name,
      claim: runs.claim,
      arm: runs.arm
    }
  }

  get link(): string {
    return writeLink(this.settings, this.#defaults)
  }

  /** Takes a link over. A link that only names a view changes nothing else; no link opens a model by itself. */
  follow(hash: string): void {
    const settings = readLink(hash, this.#defaults)
    this.view = settings.view
    if (settings.view === 'docs') this.page = settings.page
    if (!hash.includes('?')) return
    const { prompts, contrast, fits } = this.#parts
    this.#linked = settings
    this.dtype = settings.dtype
    this.device = settings.device
    if (fits.chosen && settings.layer !== null) fits.layer = settings.layer
    else fits.wantedLayer = settings.layer
    fits.method = settings.method
    contrast.wanted = settings.contrastAdapter
    this.#apply(settings)
    if (settings.positive) prompts.setPositive(settings.positive)
    if (settings.negative) prompts.setNegative(settings.negative)
    this.#followView(settings)
  }

  /** What only links of one view hold: a link of another one leaves it as it is. */
  #followView(settings: Settings): void {
    const { captures, draft, transfer, tour, runs } = this.#parts
    if (settings.view === 'capture') captures.follow(settings)
    if (settings.view === 'transfer') transfer.follow(settings)
    if (settings.view === 'tour') tour.step = settings.step
    if (settings.view !== 'study') return
    draft.follow(settings)
    void runs.follow(settings)
  }

  /** Takes over, of another kind of contrast, what the reader has left as it was. */
  prefer(kind: ContrastKind): void {
    const { settings } = this
    const [before, after] = [this.#defaults(settings.contrast), presets[kind]]
    const names = ['alpha', 'positions', 'temperature', 'maxTokens', 'question', 'arms'] as const
    const left = names.filter((name) => String(settings[name]) === String(before[name]))
    this.#apply({ ...settings, contrast: kind, ...Object.fromEntries(left.map((name) => [name, after[name]])) })
  }

  #apply({ contrast, alpha, mode, positions, scope, controlSeed, ...settings }: Settings): void {
    const { temperature, topP, seed, maxTokens, question, form, arms } = settings
    const { controls, chat } = this.#parts
    this.#parts.contrast.kind = contrast
    Object.assign(controls, { alpha, mode, positions, scope, controlSeed })
    Object.assign(chat, { temperature, topP, seed, maxTokens, question, form, arms })
  }
}
