import { createContext } from 'svelte'
import type { NamedFile } from '../direction/files/files'
import type { FileReaders } from './drop/readers'
import type { AdapterSource, Device, Dtype, ModelSource } from '../lab/api'
import type { BundledAdapter } from '../lab/catalogue'
import { fetchPrompts, type PromptSet } from '../lab/prompt-sets'
import type { Adapters } from './models/adapters.svelte'
import { Address } from './address.svelte'
import { Asking } from './steer/asking.svelte'
import { Captures } from './capture/captures.svelte'
import { Catalogue } from './models/catalogue.svelte'
import { Chat, type AskedArm, type NamedSteering } from './steer/chat.svelte'
import { ContrastPlan } from './directions/contrast.svelte'
import { Fits, type DirectionSet } from './directions/fits.svelte'
import { InUse } from './directions/in-use.svelte'
import type { Settings, View } from './link'
import { Session } from './session/session.svelte'
import { Sharing } from './session/sharing'
import { memoryShelf } from '../storage/shelf'
import { Models, type Model } from './models/models.svelte'
import { ForeignHosts } from './models/foreign-hosts.svelte'
import { Opening } from './models/opening'
import type { Outside } from './outside'
import { OwnDirections, Readings } from '../experiments/own-directions'
import { PromptSets } from './prompts/prompt-sets.svelte'
import { Prompts } from './prompts/prompts.svelte'
import { Runs } from './study/runs.svelte'
import { SteeringControls } from './steer/steering.svelte'
import { jobOf, stepsOf, type Step } from './steps'
import { Start } from './steer/start.svelte'
import { StoredModels } from './models/stored.svelte'
import type { SavedDirection } from './directions/saved-direction'
import { SavedDirections } from './directions/saved.svelte'
import { StudyDraft } from './study/study-draft.svelte'
import { StudyRun } from './study/study.svelte'
import { Tour } from './tour/tour.svelte'
import { Transfer } from './transfer/transfer.svelte'

/** Everything on the page, in the order of the work. */
export class Lab {
  readonly models: Models
  readonly catalogue = new Catalogue()
  readonly hosts = new ForeignHosts()
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
  readonly first: Start
  readonly asking: Asking
  /** What this tab has open, kept over a reload. */
  readonly session: Session
  /** What goes to others and comes from them: the link and the session file. */
  readonly sharing: Sharing
  /** Of the files that people bring. */
  readonly readers: FileReaders
  #restored: Promise<boolean> = Promise.resolve(false)
  readonly #address: Address
  readonly #opening: Opening
  readonly #inUse: InUse

  constructor({
    connect,
    storage,
    math,
    study,
    readers,
    shelf,
    tab = null,
    promptSet = (name) => fetchPrompts(document.baseURI, name)
  }: Outside) {
    const { catalogue, prompts, controls, chat, hosts } = this
    this.readers = readers
    const models = (this.models = new Models(connect))
    this.stored = new StoredModels(storage)
    this.sets = new PromptSets(prompts, shelf)
    const captures = (this.captures = new Captures(shelf))
    const fits = (this.fits = new Fits(math))
    this.saved = new SavedDirections(shelf)
    const draft = (this.draft = new StudyDraft({ connect, math }, study.protocol, hosts))
    this.study = new StudyRun({ connect, math }, study, hosts)
    const runs = (this.runs = new Runs({ connect, math }, study.protocol, hosts))
    const known = { owns: new OwnDirections(math), readings: new Readings() }
    const parts = { math, catalogue, prompts: promptSet, ...known }
    const transfer = (this.transfer = new Transfer({ ...parts, models }))
    const tour = (this.tour = new Tour({
      ...parts,
      open: (name) => this.openBeside({ kind: 'bundled', name }),
      bundled: (name) => this.#opening.bundled(name)
    }))
    const questions = async (set: PromptSet): Promise<readonly string[]> =>
      (await promptSet(set)).flatMap(({ messages }) => messages.at(-1)?.content ?? [])
    const contrast = (this.contrast = new ContrastPlan({
      adapters: () => this.adapters,
      bundled: () => this.bundledAdapters,
      prompts,
      promptSet: questions
    }))
    const address = (this.#address = new Address({
      ...{ models, prompts, contrast, fits, controls, chat, captures, draft, transfer, tour, runs }
    }))
    const session = { models, hosts, prompts, fits, history: chat.history }
    this.session = new Session(
      { ...session, link: () => this.link, follow: (link) => this.follow(link) },
      { shelf: shelf ?? memoryShelf(), tab, locks: study.locks }
    )
    this.sharing = new Sharing({
      address,
      hosts,
      session: this.session,
      sets: this.sets,
      saved: this.saved,
      captures,
      readers
    })
    const inUse = (this.#inUse = new InUse({ models, fits, prompts, contrast }))
    const opening = (this.#opening = new Opening({ models, catalogue, prompts, address }))
    const start = (this.first = new Start({
      ...{ models, catalogue, prompts, address, opening, hosts },
      runFit: async () => {
        // What the session or a link brought needs no fit.
        if (!inUse.fit && !address.direction.bring({ models, fits })) await inUse.run()
      },
      hasFit: () => inUse.fit !== null,
      canFit: () => contrast.problem === null
    }))
    this.asking = new Asking({ models, fits, inUse, controls, chat, address, start, questions })
  }

  get view(): View {
    return this.#address.view
  }

  set view(view: View) {
    this.#address.view = view
  }

  /** Of the documentation, as in `Settings`. */
  get page(): string | null {
    return this.#address.page
  }

  set page(page: string | null) {
    this.#address.page = page
  }

  /** For the next model that is opened. Null lets the device decide. */
  get dtype(): Dtype | null {
    return this.#address.dtype
  }

  set dtype(dtype: Dtype | null) {
    this.#address.dtype = dtype
  }

  get device(): Device | null {
    return this.#address.device
  }

  set device(device: Device | null) {
    this.#address.device = device
  }

  get settings(): Settings {
    return this.#address.settings
  }

  get link(): string {
    return this.#address.link
  }

  /** Takes a link over; see `Address`. */
  follow(hash: string): void {
    this.#address.follow(hash)
    const { models, fits } = this
    this.#address.direction.bring({ models, fits })
  }

  /**
   * Brings back what the browser kept. The kept contrast only where the page was reloaded or came without settings:
   * a link that names no lists means the example.
   */
  async restore({ reloaded, hash }: { readonly reloaded: boolean; readonly hash: string }): Promise<void> {
    const isLink = hash.includes('?') && !reloaded
    const restored = this.session.restore({ isLink, follows: !hash.includes('?') })
    this.#restored = restored
    const others = [this.captures.restore(), this.saved.restore()]
    await Promise.all([...others, restored.then((found) => this.sets.restore({ contrast: !isLink && !found }))])
  }

  /** Keeps at once what was just edited: the page is being left. */
  async flush(): Promise<void> {
    await Promise.all([this.sets, this.captures, this.session].map(({ keeping }) => keeping.flush()))
  }

  /** The way of the work. */
  get steps(): readonly Step[] {
    return stepsOf(this)
  }

  /** What runs now, for the tab's title; null when nothing does. */
  get job(): string | null {
    return jobOf(this)
  }

  /** Opens a model of the reader's choice. */
  open(source: ModelSource): Promise<boolean> {
    this.hosts.vouch(source)
    return this.#opening.choose(source)
  }

  /** A bundled model beside the one in use; see `Opening`. */
  openBeside(source: Extract<ModelSource, { kind: 'bundled' }>): Promise<Model> {
    return this.#opening.beside(source)
  }

  /** The adapters of the model in use. */
  get adapters(): Adapters | null {
    return this.models.adapters
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

  /** Opens a finished run, or takes an unfinished study in. */
  async openStudyFile(file: File): Promise<void> {
    try {
      if (await this.study.kept.unpack(file)) return
    } catch (error) {
      return this.runs.refuse(error)
    }
    await this.runs.openBundle(file, file.name.replace(/\.zip$/i, ''))
  }

  /** See `Start`. */
  get isArriving(): boolean {
    return this.first.isArriving
  }

  start(): Promise<void> {
    return this.first.now()
  }

  /** See `Start`; a session that is brought back comes first. */
  async welcome(): Promise<void> {
    await this.#restored
    await this.first.welcome()
  }

  /** See `InUse`. */
  get fit(): DirectionSet | null {
    return this.#inUse.fit
  }

  get drift(): string | null {
    return this.#inUse.drift
  }

  get isStale(): boolean {
    return this.#inUse.isStale
  }

  /** See `InUse`. */
  get outdatedFit(): string | null {
    return this.#inUse.outdated
  }

  runFit(): Promise<void> {
    return this.#inUse.run()
  }

  /** Reads directions for the model in use, and chooses them. See `InUse.take`. */
  async importDirections(files: readonly NamedFile[], layer: number | null): Promise<void> {
    this.#inUse.requireModel()
    await this.#inUse.take(files[0]?.name ?? '', await this.readers.directions(files), layer)
  }

  /** Reads hidden states as a capture, and shows it. @throws LabError as the readers */
  async importCapture(files: readonly NamedFile[]): Promise<void> {
    this.captures.take(files[0]?.name ?? '', await this.readers.capture(files))
  }

  /** Reads a file of prompts as a set. Resolves to their number. @throws LabError as the readers */
  async importPrompts(file: NamedFile): Promise<number> {
    const list = await this.readers.prompts(file)
    this.sets.take(file.name, list)
    return list.prompts.length
  }

  useSaved(saved: SavedDirection): void {
    this.#inUse.useSaved(saved)
  }

  /** See `Asking`. */
  get steering(): NamedSteering | null {
    return this.asking.steering
  }

  get arms(): readonly AskedArm[] {
    return this.asking.arms
  }

  ask(): Promise<void> {
    return this.asking.ask()
  }
}

/** The lab, for any component below `App`. */
export const [getLab, setLab] = createContext<Lab>()
