import type { Device, Dtype, ModelSource } from '../lab/api'
import type { Captures } from './capture/captures.svelte'
import type { Chat } from './steer/chat.svelte'
import type { ContrastPlan } from './directions/contrast.svelte'
import type { ContrastKind } from '../experiments/contrasts'
import { isFitFor, type DirectionSet, type Fits } from './directions/fits.svelte'
import { readLink, writeLink, type Settings, type View } from './link'
import type { Model, Models } from './models/models.svelte'
import { presets } from './presets'
import type { Prompts } from './prompts/prompts.svelte'
import type { Runs } from './study/runs.svelte'
import { adapterSource, sourceId } from './models/source-id'
import { LinkedDirection } from './session/linked-direction.svelte'
import { compareMade, madeOf, type Compared } from './session/made'
import { recipeOf, sidesOf, vectorOf } from './session/recipe'
import type { SteeringControls } from './steer/steering.svelte'
import type { StudyDraft } from './study/study-draft.svelte'
import type { Tour } from './tour/tour.svelte'
import type { Transfer } from './transfer/transfer.svelte'

/** What of a link's settings is about the direction in use. */
const directionNames = ['contrast', 'method', 'positive', 'negative', 'contrastAdapter', 'made', 'vector'] as const

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
  /** What the link holds of a direction beside its recipe. */
  readonly direction = new LinkedDirection()
  readonly #parts: Addressed
  #linked = $state.raw<Settings | null>(null)
  /** What a link names, and the model that was in use when it was followed. */
  #beside = $state.raw<{ readonly source: ModelSource; readonly model: Model } | null>(null)
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

  /** The directions in use, or those that will be once their model is open again. */
  get #inUse(): DirectionSet | null {
    const { fits, models } = this.#parts
    const { chosen } = fits
    return chosen && (!models.active || isFitFor(chosen, models.active.info)) ? chosen : null
  }

  /** What a link holds: the forms, and of the direction in use what it was made with. */
  get #shared(): Settings {
    return { ...this.settings, ...this.#direction }
  }

  /** What a link says of the direction in use: what it was really fitted with, else the vector itself. */
  get #direction(): Partial<Settings> {
    const { fits, controls } = this.#parts
    const { linked } = this
    const set = this.#inUse
    if (!set) {
      const { made = null, vector = null, left = [] } = linked ?? {}
      return { made, vector, left }
    }
    const { source, adapter, scale, positive, negative } = this.settings
    const recipe = recipeOf(set, { source, adapter: adapter === null ? null : { id: adapter, scale } })
    if (!recipe) {
      const vector = vectorOf(set, controls.scope === 'all' ? null : fits.layer)
      return { made: null, vector, left: vector === null ? ['direction'] : [] }
    }
    const { contrast, method, adapter: between } = recipe
    const sides = contrast === 'lists' ? recipe : { positive, negative }
    const made = set.kind === 'fitted' ? madeOf(set, fits.layer) : null
    const contrastAdapter = between === adapter ? this.settings.contrastAdapter : between
    const fitted = { contrast, method, made, vector: null, left: [], contrastAdapter }
    return { ...fitted, positive: sides.positive, negative: sides.negative }
  }

  /** The settings as the page's forms have them: what the next fit and the next answer are made with. */
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
      ...formSides(prompts),
      ...{ made: null, vector: null, left: [], session: this.#linked?.session ?? null },
      run: runs.name,
      claim: runs.claim,
      arm: runs.arm
    }
  }

  get link(): string {
    return writeLink(this.#shared, this.#defaults)
  }

  /** The model of a link that was followed while another one was in use; null once the reader has chosen. */
  get otherModel(): ModelSource | null {
    return this.#beside && this.#beside.model === this.#parts.models.chosen ? this.#beside.source : null
  }

  keepModel(): void {
    this.#beside = null
  }

  /** Puts the model of a link in use where it is on the bench; where another one is in use, the reader is asked. */
  #followModel({ source }: Settings): void {
    const { models } = this.#parts
    const isIt = (model: Model): boolean => source !== null && sourceId(model.source) === sourceId(source)
    this.#beside = null
    if (!source || !models.chosen || isIt(models.chosen)) return
    const found = models.list.find((model) => isIt(model) && model.status.kind === 'open')
    if (found) models.choose(found)
    else this.#beside = { source, model: models.chosen }
  }

  /** The session file of the link is open now. */
  forgetSession(): void {
    if (this.#linked) this.#linked = { ...this.#linked, session: null }
  }

  /** Whether the direction in use is the one of the link that was followed; null where there is nothing to compare. */
  get compared(): Compared | null {
    const { linked } = this
    const set = this.#inUse
    if (!linked?.made || set?.kind !== 'fitted') return null
    const now = this.#shared
    const names = ['contrast', 'method', 'positive', 'negative'] as const
    const isAsked = names.every((name) => isEqual(linked[name], now[name]))
    return isAsked ? compareMade(linked.made, set, linked.layer ?? this.#parts.fits.layer) : null
  }

  /** Takes a link over. A link that only names a view changes nothing else; no link opens a model by itself. */
  follow(hash: string): void {
    this.#follow(hash)
    this.bring()
  }

  /**
   * Puts the direction that the link holds on the bench, where its model is open.
   * @returns whether the link has one, so that none has to be fitted
   */
  bring(): boolean {
    return this.direction.bring(this.#parts)
  }

  #follow(hash: string): void {
    const settings = readLink(hash, this.#defaults)
    this.view = settings.view
    if (settings.view === 'docs') this.page = settings.page
    if (!hash.includes('?')) return
    const { prompts, contrast, fits } = this.#parts
    // What the link says of a direction that is here already changes nothing of the next one's lists and method.
    const now = this.#shared
    const isHere = this.#inUse !== null && directionNames.every((name) => isEqual(settings[name], now[name]))
    this.#linked = settings
    this.#followModel(settings)
    this.direction.follow(isHere ? { ...settings, vector: null } : settings, hash)
    if (!isHere) this.#takeUp(settings)
    this.dtype = settings.dtype
    this.device = settings.device
    if (fits.chosen && settings.layer !== null) fits.layer = settings.layer
    else fits.wantedLayer = settings.layer
    if (!isHere) fits.method = settings.method
    if (!isHere) contrast.wanted = settings.contrastAdapter
    this.#apply(isHere ? { ...settings, contrast: contrast.kind } : settings)
    if (!isHere && settings.positive) prompts.setPositive(settings.positive)
    if (!isHere && settings.negative) prompts.setNegative(settings.negative)
    this.#followView(settings)
  }

  /** Puts the direction of a link in use where it stands on the bench; where another one is in use, says so. */
  #takeUp({ made, method, layer }: Settings): void {
    const { fits } = this.#parts
    if (made === null || !this.#inUse) return
    const isIt = (set: DirectionSet): boolean =>
      set.kind === 'fitted' && set.separation.method === method && madeOf(set, layer ?? fits.layer) === made
    const found = fits.list.find(isIt)
    if (found) fits.choose(found)
    else this.direction.say('This link was made with another direction than the one in use here: press Fit to make it.')
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

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** The two lists of the forms; null where they are the example. */
function formSides(prompts: Prompts): Pick<Settings, 'positive' | 'negative'> {
  const { positive, negative } = sidesOf(prompts)
  if (!positive || !negative) return { positive: null, negative: null }
  return {
    positive: { ...positive, text: prompts.positiveText },
    negative: { ...negative, text: prompts.negativeText }
  }
}
