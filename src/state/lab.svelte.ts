import { createContext } from 'svelte'
import type { NamedFile } from '../direction/files'
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
import { Chat, type NamedSteering } from './chat.svelte'
import { adapterDrift, Fits, isFitFor, type DirectionSet } from './fits.svelte'
import { importDirections } from './imported'
import { readLink, writeLink, type Settings, type View } from './link'
import { Models, type Model } from './models.svelte'
import { OwnDirections, Readings } from './own-directions'
import { PromptSets } from './prompt-sets.svelte'
import { Prompts } from './prompts.svelte'
import { Runs } from './runs.svelte'
import { SteeringControls } from './steering.svelte'
import { StoredModels } from './stored.svelte'
import { StudyDraft } from './study-draft.svelte'
import type { StudyOutside } from './study-protocol'
import { StudyRun } from './study.svelte'
import { Tour } from './tour.svelte'
import { tourSteps } from './tour-text'
import { Transfer } from './transfer.svelte'

/** A step of the work, and what it waits for. */
export interface Step {
  readonly view: View
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
  readonly fits: Fits
  readonly controls = new SteeringControls()
  readonly chat = new Chat()
  readonly draft: StudyDraft
  readonly study: StudyRun
  readonly runs: Runs
  readonly transfer: Transfer
  readonly tour: Tour
  view = $state<View>('steer')
  /** For the next model that is opened. Null lets the device decide. */
  dtype = $state<Dtype | null>(null)
  device = $state<Device | null>(null)
  #linkedSource = $state.raw<ModelSource | null>(null)
  readonly #defaults: Settings

  /** The directions in use, where they belong to the open model. */
  readonly fit: DirectionSet | null = $derived.by(() => {
    const { active } = this.models
    const { chosen } = this.fits
    return active && chosen && isFitFor(chosen, active.info) ? chosen : null
  })

  /** What the controls ask for; null without a fit. */
  readonly steering: NamedSteering | null = $derived.by(() =>
    this.fit ? this.controls.toSteering(this.fit, this.fits.layer) : null
  )

  /** How the model differs from the one that the directions in use are of, in one sentence; null where it does not. */
  readonly drift: string | null = $derived.by(() => {
    const { active } = this.models
    return this.fit && active ? adapterDrift(this.fit, active.info) : null
  })

  /** Whether the lists were edited since the fit in use. */
  readonly isStale = $derived(
    this.fit?.kind === 'fitted' &&
      (this.fit.positive.join('\n') !== this.prompts.positive.join('\n') ||
        this.fit.negative.join('\n') !== this.prompts.negative.join('\n'))
  )

  /** What a first visit opens: what the link names, else what comes with the page, else a small hub model. */
  readonly firstSource: ModelSource = $derived.by(() => {
    const bundled = this.catalogue.entries.find(({ organism }) => !organism)
    if (this.#linkedSource) return this.#linkedSource
    return bundled ? { kind: 'bundled', name: bundled.name } : { kind: 'hub', repo: firstModel.repo }
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
    this.fits = new Fits(math)
    this.draft = new StudyDraft({ connect, math }, study.protocol)
    this.study = new StudyRun({ connect, math }, study)
    this.runs = new Runs(study.protocol)
    const known = { owns: new OwnDirections(math), readings: new Readings() }
    const parts = { math, catalogue: this.catalogue, prompts: promptSet, ...known }
    this.transfer = new Transfer({ ...parts, models: this.models })
    this.tour = new Tour({
      ...parts,
      open: (name) => this.openBeside({ kind: 'bundled', name }),
      isOpen: (name) => this.#bundled(name) !== null
    })
    this.#defaults = this.settings
  }

  /** The settings as they are: what a link holds. */
  get settings(): Settings {
    const { alpha, mode, positions, scope } = this.controls
    const { temperature, seed, maxTokens, question } = this.chat
    const { prompts } = this
    return {
      view: this.view,
      source: this.models.chosen?.source ?? this.#linkedSource,
      dtype: this.dtype,
      device: this.device,
      layer: this.fits.chosen ? this.fits.layer : this.fits.wantedLayer,
      ...{ alpha, mode, positions, scope, temperature, seed, maxTokens, question },
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
    if (!hash.includes('?')) return
    this.#linkedSource = settings.source
    this.dtype = settings.dtype
    this.device = settings.device
    if (this.fits.chosen && settings.layer !== null) this.fits.layer = settings.layer
    else this.fits.wantedLayer = settings.layer
    const { alpha, mode, positions, scope, temperature, seed, maxTokens, question } = settings
    Object.assign(this.controls, { alpha, mode, positions, scope })
    Object.assign(this.chat, { temperature, seed, maxTokens, question })
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
    await Promise.all([this.sets.restore({ contrast: reloaded || !hash.includes('?') }), this.captures.restore()])
  }

  /** Keeps at once what was just edited: the page is being left. */
  async flush(): Promise<void> {
    await Promise.all([this.sets.keeping.flush(), this.captures.keeping.flush()])
  }

  /** The way of the work: what is done, what can be done, what waits, and for what. */
  get steps(): readonly Step[] {
    const { active } = this.models
    const problem = this.prompts.problem
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
      waiting('transfer', this.transfer.sides.open.length < 2 ? 'waits for two models' : null),
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

  open(source: ModelSource): Promise<boolean> {
    const { dtype, device } = this
    // An organism is opened for its adapters; with other models the room for one would cost time at every token.
    const adapt = source.kind === 'bundled' && this.catalogue.isOrganism(source.name)
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
    if (await adapters.setScale(scale)) this.chat.markBoth(`adapter ${scale.toFixed(2)}`)
  }

  /** Fits the lists on the model in use. */
  async runFit(): Promise<void> {
    const { active } = this.models
    if (active) await this.fits.run(active, this.prompts)
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

  /** Opens the first model and fits the lists on it: one press to the first question. */
  async start(): Promise<void> {
    if (this.models.active || (await this.open(this.firstSource))) await this.runFit()
  }

  /** Opens a finished run, or takes an unfinished study in. */
  async openStudyFile(file: File): Promise<void> {
    const isUnfinished = await this.study.kept.unpack(file).then(
      () => true,
      () => false
    )
    if (!isUnfinished) await this.runs.openBundle(file, file.name.replace(/\.zip$/i, ''))
  }

  async ask(): Promise<void> {
    const { active } = this.models
    if (active && this.steering && !this.chat.running) await this.chat.ask(active.handle, this.steering)
  }
}

function waiting(view: View, why: string | null): Step {
  return why === null ? { view, state: 'ready' } : { view, state: 'waiting', why }
}

function share(step: { readonly done: number; readonly total: number } | undefined): string {
  return step && step.total > 0 ? `${Math.floor((100 * step.done) / step.total)} %` : ''
}

/** The lab, for any component below `App`. */
export const [getLab, setLab] = createContext<Lab>()
