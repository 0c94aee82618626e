import { createContext } from 'svelte'
import type { NamedFile } from '../direction/files'
import { assertFits, type Direction } from '../direction/direction'
import { LabError } from '../errors'
import type { PromptRow } from '../formats/prompts'
import type { AdapterSource, Device, Dtype, ModelSource, StorageApi } from '../lab/api'
import type { BundledAdapter } from '../lab/catalogue'
import type { ModelHandle } from '../lab/connect'
import type { MathHandle } from '../lab/math'
import { fetchPrompts, type PromptSet } from '../lab/prompt-sets'
import type { Shelf } from '../lab/shelf'
import type { Adapters } from './adapters.svelte'
import { Captures } from './captures.svelte'
import { Catalogue, firstModel } from './catalogue.svelte'
import { askedArms, randomBeside } from './arms'
import { Chat, type AskedArm, type NamedSteering } from './chat.svelte'
import { ContrastPlan } from './contrast.svelte'
import type { ContrastKind } from './contrasts'
import { adapterDrift, Fits, isFitFor, type DirectionSet } from './fits.svelte'
import { importDirections } from './imported'
import { adapterSource, readLink, writeLink, type Settings, type View } from './link'
import { Models, type Model } from './models.svelte'
import { OwnDirections, Readings } from './own-directions'
import { firstOrganism, presets } from './presets'
import { PromptSets } from './prompt-sets.svelte'
import { Prompts } from './prompts.svelte'
import { Runs } from './runs.svelte'
import { SteeringControls } from './steering.svelte'
import { StoredModels } from './stored.svelte'
import { savedSet, type SavedDirection } from './saved-direction'
import { SavedDirections } from './saved.svelte'
import { StudyDraft } from './study-draft.svelte'
import type { StudyOutside } from './study-protocol'
import { StudyRun } from './study.svelte'
import { Tour } from './tour.svelte'
import { tourSteps } from './tour-text'
import { Transfer } from './transfer.svelte'

/** A view that is a step of the work: all but the documentation. */
export type StepView = Exclude<View, 'docs'>

/** A step of the work, and what it waits for. */
export interface Step {
  readonly view: StepView
  readonly state: 'done' | 'ready' | 'waiting'
  readonly why?: string
}

/** What the lab reaches outside the page's thread. */
export interface Outside {
  /** A worker for one more model. */
  readonly connect: () => ModelHandle
  readonly storage: StorageApi
  readonly math: MathHandle
  readonly study: StudyOutside
  /** Where the page keeps what is made on it; without one, nothing outlives the page. */
  readonly shelf?: Shelf
  /** The prompt sets that come with the page. Default: from beside the page. */
  readonly promptSet?: (name: PromptSet) => Promise<readonly PromptRow[]>
}

/** Everything on the page, in the order of the work. */
export class Lab {
  readonly models: Models
  readonly catalogue = new Catalogue()
  readonly stored: StoredModels
  readonly prompts = new Prompts()
  readonly sets: PromptSets
  readonly captures: Captures
  readonly contrast: ContrastPlan
  readonly fits: Fits
  readonly saved: SavedDirections
  readonly controls = new SteeringControls()
  readonly chat = new Chat()
  readonly draft: StudyDraft
  readonly study: StudyRun
  readonly runs: Runs
  readonly transfer: Transfer
  readonly tour: Tour
  view = $state<View>('steer')
  /** Of the documentation, as in `Settings`. */
  page = $state<string | null>(null)
  /** For the next model that is opened. Null lets the device decide. */
  dtype = $state<Dtype | null>(null)
  device = $state<Device | null>(null)
  #linked = $state.raw<Settings | null>(null)
  #starting = $state.raw<Promise<void> | null>(null)
  #isPending = $state.raw(false)
  #isWelcomed = false
  /** The user's turns of a set that comes with the page. */
  readonly #questions: (set: PromptSet) => Promise<readonly string[]>
  readonly #blank: Settings
  readonly #defaults = (contrast: ContrastKind): Settings => ({ ...this.#blank, contrast, ...presets[contrast] })

  /** The directions in use, where they belong to the open model. */
  readonly fit: DirectionSet | null = $derived.by(() => {
    const { active } = this.models
    const { chosen } = this.fits
    return active && chosen && isFitFor(chosen, active.info) ? chosen : null
  })

  /** What the controls ask for; null without a fit. */
  readonly steering: NamedSteering | null = $derived.by(() =>
    this.fit ? this.controls.toSteering(this.fit.directions, this.fits.layer) : null
  )

  readonly #random: readonly Direction[] = $derived.by(() =>
    this.fit ? randomBeside(this.fit, this.controls.controlSeed) : []
  )

  /** The columns that the controls ask for; none without a fit. */
  readonly arms: readonly AskedArm[] = $derived.by(() => {
    const { steering, adapters } = this
    const model = this.models.active?.info
    if (!steering || !model) return []
    const { used, scale = 1 } = adapters ?? { used: null }
    const adapter = used && { name: used.name, scale }
    const random = this.controls.toSteering(this.#random, this.fits.layer)
    return askedArms(this.chat.arms, { model, adapter, steering, random, controlSeed: this.controls.controlSeed })
  })

  /** How the model differs from the one that the directions in use are of, in one sentence; null where it does not. */
  readonly drift: string | null = $derived.by(() => {
    const { active } = this.models
    return this.fit && active ? adapterDrift(this.fit, active.info) : null
  })

  /** Whether the lists were edited since the fit in use. */
  readonly isStale = $derived(
    this.fit?.kind === 'fitted' &&
      this.fit.contrast === 'lists' &&
      (this.fit.positive.join('\n') !== this.prompts.positive.join('\n') ||
        this.fit.negative.join('\n') !== this.prompts.negative.join('\n'))
  )

  /** What a first visit opens: what the link names, else the organism that comes with the page, else a small hub model. */
  readonly firstSource: ModelSource = $derived.by(() => {
    if (this.#linked?.source) return this.#linked.source
    const isThere = this.catalogue.isOrganism(firstOrganism.model)
    return isThere ? { kind: 'bundled', name: firstOrganism.model } : { kind: 'hub', repo: firstModel.repo }
  })

  /** Whether the first model is an organism, with nothing that would come from another host: then nothing has to be asked. */
  readonly isFirstAtHand = $derived.by(() => {
    const { firstSource } = this
    const ids = [this.#linked?.adapter, this.#linked?.contrastAdapter].filter((id) => typeof id === 'string')
    return (
      firstSource.kind === 'bundled' &&
      this.catalogue.isOrganism(firstSource.name) &&
      ids.every((id) => id.startsWith('bundled:'))
    )
  })

  constructor({
    connect,
    storage,
    math,
    study,
    shelf,
    promptSet = (name) => fetchPrompts(document.baseURI, name)
  }: Outside) {
    this.models = new Models(connect)
    this.stored = new StoredModels(storage)
    this.sets = new PromptSets(this.prompts, shelf)
    this.captures = new Captures(shelf)
    this.#questions = async (set) => (await promptSet(set)).flatMap(({ messages }) => messages.at(-1)?.content ?? [])
    this.fits = new Fits(math)
    this.saved = new SavedDirections(shelf)
    this.draft = new StudyDraft({ connect, math }, study.protocol)
    this.study = new StudyRun({ connect, math }, study)
    this.runs = new Runs({ connect, math }, study.protocol)
    const known = { owns: new OwnDirections(math), readings: new Readings() }
    const parts = { math, catalogue: this.catalogue, prompts: promptSet, ...known }
    this.transfer = new Transfer({ ...parts, models: this.models })
    this.tour = new Tour({
      ...parts,
      open: (name) => this.openBeside({ kind: 'bundled', name }),
      isOpen: (name) => this.#bundled(name) !== null
    })
    this.contrast = new ContrastPlan({
      adapters: () => this.adapters,
      bundled: () => this.bundledAdapters,
      prompts: this.prompts,
      promptSet: this.#questions
    })
    this.#blank = this.settings
    this.#apply(this.#defaults('adapter'))
  }

  /** The settings as they are: what a link holds. */
  get settings(): Settings {
    const { alpha, mode, positions, scope, controlSeed } = this.controls
    const { temperature, topP, seed, question, arms } = this.chat
    const maxTokens = this.chat.maxTokens ?? presets.lists.maxTokens
    const { prompts, contrast, adapters } = this
    const inUse = adapters?.used?.id ?? null
    const between = contrast.kind === 'adapter' && adapters ? (contrast.adapter?.id ?? null) : null
    const adapter = this.models.chosen ? (inUse ?? between) : (this.#linked?.adapter ?? null)
    return {
      view: this.view,
      page: this.page,
      source: this.models.chosen?.source ?? this.#linked?.source ?? null,
      dtype: this.dtype,
      device: this.device,
      adapter: adapter !== null && adapterSource(adapter) ? adapter : null,
      // An adapter that is loaded and off is, to the bit, one at scale 0.
      scale: adapters ? (inUse === null && between !== null ? 0 : adapters.scale) : (this.#linked?.scale ?? 1),
      contrast: contrast.kind,
      contrastAdapter: contrast.wanted !== null && adapterSource(contrast.wanted) ? contrast.wanted : null,
      method: this.fits.method,
      layer: this.fits.chosen ? this.fits.layer : this.fits.wantedLayer,
      ...{ alpha, mode, positions, scope, arms, controlSeed, temperature, topP, seed, maxTokens, question },
      ...this.transfer.settings,
      step: this.tour.step,
      positive: prompts.isExample ? null : { name: prompts.positiveName, text: prompts.positiveText },
      negative: prompts.isExample ? null : { name: prompts.negativeName, text: prompts.negativeText },
      run: this.runs.name,
      claim: this.runs.claim,
      arm: this.runs.arm
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
    this.#linked = settings
    this.dtype = settings.dtype
    this.device = settings.device
    if (this.fits.chosen && settings.layer !== null) this.fits.layer = settings.layer
    else this.fits.wantedLayer = settings.layer
    this.fits.method = settings.method
    this.contrast.wanted = settings.contrastAdapter
    this.#apply(settings)
    this.transfer.follow(settings)
    this.tour.step = settings.step
    if (settings.positive) this.prompts.setPositive(settings.positive)
    if (settings.negative) this.prompts.setNegative(settings.negative)
    if (settings.view === 'study') void this.runs.follow(settings)
  }

  /**
   * Brings back what the browser kept. The kept contrast only where the page was reloaded or came without settings:
   * a link that names no lists means the example.
   */
  async restore({ reloaded, hash }: { readonly reloaded: boolean; readonly hash: string }): Promise<void> {
    const contrast = reloaded || !hash.includes('?')
    await Promise.all([this.sets.restore({ contrast }), this.captures.restore(), this.saved.restore()])
  }

  /** Keeps at once what was just edited: the page is being left. */
  async flush(): Promise<void> {
    await Promise.all([this.sets.keeping.flush(), this.captures.keeping.flush()])
  }

  /** The way of the work: what is done, what can be done, what waits, and for what. */
  get steps(): readonly Step[] {
    const { active } = this.models
    const problem = this.prompts.problem
    const waiting = (view: StepView, why: string | null): Step => waitingStep(view, why, this.isArriving)
    return [
      { view: 'models', state: active ? 'done' : 'ready' },
      { view: 'prompts', state: problem ? 'ready' : 'done' },
      this.captures.list.length > 0
        ? { view: 'capture', state: 'done' }
        : waiting('capture', active ? null : 'waits for a model'),
      this.fit
        ? { view: 'directions', state: 'done' }
        : waiting('directions', !active ? 'waits for a model' : problem && 'waits for prompts'),
      waiting('steer', !active ? 'waits for a model' : this.fit ? null : 'waits for a direction'),
      // The first model is not enough for it: it says so before, too, and nothing below moves when that one is there.
      waitingStep('transfer', this.transfer.sides.open.length < 2 ? 'waits for two models' : null, false),
      { view: 'study', state: this.study.status.kind === 'done' ? 'done' : 'ready' },
      { view: 'tour', state: this.tour.done === tourSteps.length ? 'done' : 'ready' }
    ]
  }

  /** What runs now, for the tab's title; null when nothing does. */
  get job(): string | null {
    const { opening } = this.models
    const { status } = this.fits
    const reading = this.captures.status
    if (opening?.status.kind === 'opening') return `Opening ${share(opening.status.step?.progress)}`.trim()
    if (status.kind === 'running') return `Fitting ${share(status.step)}`.trim()
    if (reading.kind === 'running') return `Reading hidden states ${share(reading.step)}`.trim()
    const step = this.transfer.status.kind === 'running' ? this.transfer.status.step.rate.progress : undefined
    if (step) return `Transfer ${share(step)}`.trim()
    if (this.tour.isRunning) return 'Tour'
    if (this.chat.running) return 'Answering'
    if (this.study.status.kind === 'paused') return `Study paused ${share(this.study.progress ?? undefined)}`.trim()
    return this.study.isBusy ? `Study ${share(this.study.progress ?? undefined)}`.trim() : null
  }

  /** Opens a model of the reader's choice; what was left as it is begins as that kind of model does. */
  open(source: ModelSource): Promise<boolean> {
    const kind = this.#isOrganism(source) ? 'adapter' : 'lists'
    if (kind !== this.contrast.kind && this.prompts.isExample) this.#prefer(kind)
    return this.#open(source)
  }

  #open(source: ModelSource): Promise<boolean> {
    // An organism is opened for its adapters, with other models the room for one would cost time at every token; and it is
    // too small for a GPU, which takes longer to start than it has to compute.
    const adapt = this.#isOrganism(source)
    const device = this.device ?? (adapt ? 'wasm' : null)
    const { dtype } = this
    return this.models.open(source, { ...(dtype && { dtype }), ...(device && { device }), ...(adapt && { adapt }) })
  }

  /**
   * A bundled model on the bench, opened where it is not; the model in use stays in use.
   * @throws LabError what kept it from opening; `AbortError` where the opening was cancelled
   */
  async openBeside(source: Extract<ModelSource, { kind: 'bundled' }>): Promise<Model> {
    const known = this.#bundled(source.name)
    if (known) return known
    const before = this.models.active && this.models.chosen
    const isOpen = await this.open(source)
    const opened = this.models.chosen
    if (before) this.models.choose(before)
    if (isOpen && opened) return opened
    if (opened?.status.kind === 'failed') throw opened.status.error
    throw new DOMException('the opening was cancelled', 'AbortError')
  }

  #bundled(name: string): Model | null {
    const isIt = ({ source, status }: Model): boolean =>
      status.kind === 'open' && source.kind === 'bundled' && source.name === name
    return this.models.list.find(isIt) ?? null
  }

  #isOrganism(source: ModelSource): boolean {
    return source.kind === 'bundled' && this.catalogue.isOrganism(source.name)
  }

  #apply({ contrast, alpha, mode, positions, scope, controlSeed, ...settings }: Settings): void {
    const { temperature, topP, seed, maxTokens, question, arms } = settings
    this.contrast.kind = contrast
    Object.assign(this.controls, { alpha, mode, positions, scope, controlSeed })
    Object.assign(this.chat, { temperature, topP, seed, maxTokens, question, arms })
  }

  /** Takes over, of another kind of contrast, what the reader has left as it was. */
  #prefer(kind: ContrastKind): void {
    const { settings } = this
    const [before, after] = [this.#defaults(settings.contrast), presets[kind]]
    const names = ['alpha', 'positions', 'temperature', 'maxTokens', 'question', 'arms'] as const
    const left = names.filter((name) => String(settings[name]) === String(before[name]))
    this.#apply({ ...settings, contrast: kind, ...Object.fromEntries(left.map((name) => [name, after[name]])) })
  }

  /** The adapters of the model in use. */
  get adapters(): Adapters | null {
    return this.models.active ? (this.models.chosen?.adapters ?? null) : null
  }

  /** Those that come with the page and belong to the model in use. */
  get bundledAdapters(): readonly BundledAdapter[] {
    const { active } = this.models
    return active ? this.catalogue.adaptersFor(active.info) : []
  }

  /** Loads an adapter beside the model in use, and puts it in use. */
  async loadAdapter(source: AdapterSource): Promise<void> {
    await this.adapters?.load(source)
  }

  /** Takes effect at the next token of a running answer, which is marked there. */
  async scaleAdapter(adapters: Adapters, scale: number): Promise<void> {
    if (await adapters.setScale(scale)) this.chat.markAll(`adapter ${scale.toFixed(2)}`)
  }

  /** Fits the contrast on the model in use. */
  async runFit(): Promise<void> {
    const { active } = this.models
    if (active) await this.fits.run(active, () => this.contrast.task())
  }

  /**
   * Takes directions from files for the model in use, and chooses them.
   * @param layer for a single vector whose file names no layer
   * @throws LabError `format` for files that cannot be read, `shape` for directions of another model
   */
  async importDirections(files: readonly NamedFile[], layer: number | null): Promise<void> {
    const { active } = this.models
    if (!active) throw new LabError('shape', 'no model is open; open the one that the directions are for')
    this.fits.addImported(await importDirections(files, active.info, layer), active.info)
  }

  /**
   * Puts a saved direction on the bench, where it is not there yet, and chooses it.
   * @throws LabError `shape` with both names for another model than the open one
   */
  useSaved(saved: SavedDirection): void {
    const { active } = this.models
    if (!active) throw new LabError('shape', 'no model is open; open the one that the direction is for')
    const { direction, name } = saved
    assertFits(direction, { model: active.info, width: active.info.width, layer: direction.layer })
    const known = this.fits.list.find(
      (set) => set.kind === 'imported' && set.directions[0] === direction && set.name === name
    )
    if (known) this.fits.choose(known)
    else this.fits.addImported(savedSet(saved), active.info)
  }

  /** Whether the first model is being opened, or the contrast fitted on it, by `start`. */
  get isStarting(): boolean {
    return this.#starting !== null
  }

  /** Opens a finished run, or takes an unfinished study in. */
  async openStudyFile(file: File): Promise<void> {
    const isUnfinished = await this.study.kept.unpack(file).then(
      () => true,
      () => false
    )
    if (!isUnfinished) await this.runs.openBundle(file, file.name.replace(/\.zip$/i, ''))
  }

  /** Whether the first model comes by itself, or it is not yet known whether it will. */
  get isArriving(): boolean {
    return this.isStarting || (this.view === 'steer' && !this.catalogue.isSettled && this.knowsLittle)
  }

  /** Opens the first model, attaches the link's adapter and fits the contrast: one press to the first question. */
  start(): Promise<void> {
    return (this.#starting ??= this.#start().finally(() => (this.#starting = null)))
  }

  /** On the first sight of Steer: starts by itself where that fetches nothing that does not come with the page. */
  async welcome(): Promise<void> {
    if (this.#isWelcomed || !this.catalogue.isSettled) return
    this.#isWelcomed = true
    if (this.models.list.length === 0 && this.isFirstAtHand) await this.start()
  }

  async #start(): Promise<void> {
    if (!this.models.active) {
      const linked = this.#linked
      if (!linked?.source && !this.isFirstAtHand && this.prompts.isExample) this.#prefer('lists')
      if (!(await this.#open(this.firstSource))) return
      const adapter = linked?.adapter ? adapterSource(linked.adapter) : null
      if (linked && adapter) {
        await this.loadAdapter(adapter)
        await this.adapters?.setScale(linked.scale)
      }
    }
    await this.runFit()
  }

  /** Whether a question can be put now, or as soon as what is at hand has been opened and fitted. */
  get canAsk(): boolean {
    return this.arms.length > 0 || this.isStarting || (this.models.list.length === 0 && this.isFirstAtHand)
  }

  /** Whether a question waits for the model and its direction. */
  get isPending(): boolean {
    return this.#isPending
  }

  /** Whether the model in use, or the one that a first visit opens, is an organism, which knows a few domains. */
  get knowsLittle(): boolean {
    const { chosen } = this.models
    if (chosen) return this.#isOrganism(chosen.source)
    return this.isFirstAtHand || (!this.catalogue.isSettled && !this.#linked?.source)
  }

  /** Puts the next of the held-out questions that the organisms can answer. @throws LabError `network`, `format` */
  async nextQuestion(): Promise<void> {
    const questions = await this.#questions('eval')
    const next = (questions.indexOf(this.chat.question) + 1) % questions.length
    this.chat.question = questions[next] ?? this.chat.question
  }

  /** Puts the question to every column; opens and fits before where that asks nothing of the reader. */
  async ask(): Promise<void> {
    if (this.arms.length === 0 && this.canAsk) {
      this.#isPending = true
      await this.start().finally(() => (this.#isPending = false))
    }
    const { active, chosen } = this.models
    const { fit: directions, arms, chat, link } = this
    if (!active || !chosen || !directions || arms.length === 0 || chat.running) return
    const { temperature, topP, seed, controlSeed, maxTokens } = this.settings
    const { handle, info: model } = active
    const layer = this.fits.layer
    const circumstances = { model, directions, layer, temperature, topP, seed, controlSeed, maxTokens }
    await chat.ask({ handle, arms, circumstances, link, restore: () => chosen.adapters.restore() })
  }
}

/** While it comes by itself, what is waited for is not told: the panel shows it. */
function waitingStep(view: StepView, why: string | null, isArriving: boolean): Step {
  if (why === null) return { view, state: 'ready' }
  return { view, state: 'waiting', ...(!isArriving && { why }) }
}

function share(step: { readonly done: number; readonly total: number } | undefined): string {
  return step && step.total > 0 ? `${Math.floor((100 * step.done) / step.total)} %` : ''
}

/** The lab, for any component below `App`. */
export const [getLab, setLab] = createContext<Lab>()
