import { LabError } from '../../errors'
import { Meter, type Measured } from '../meter'
import type { Model } from '../models/models.svelte'
import type { Opening } from '../models/opening'
import type { Job, Tuned } from '../../experiments/subject'
import { describeDifferences, differences, madeOn, type Circumstances } from '../../lab/live/circumstances'
import type { WorkOptions } from '../../lab/live/live-model'
import type { Catalogue } from '../models/catalogue.svelte'
import { bundledAdapter, madeOnTuned, subjectOf, tunedBy } from '../models/subject'
import { endOf, type Status } from '../status'
import type { TourKit } from '../../experiments/tour-kit'
import * as runs from '../../experiments/tour-runs'
import * as checks from '../../experiments/tour-checks'
import { tourSteps, type StepId, type TourStep } from './tour-text'

/** What a step has shown, and what it was made under. */
export type TourResult = Shown & { readonly model: string; readonly made: Circumstances }

type Shown =
  | { readonly id: 'stream'; readonly result: runs.StreamResult }
  | { readonly id: 'direction'; readonly result: runs.DirectionResult }
  | { readonly id: 'steer'; readonly result: runs.SteerResult }
  | { readonly id: 'control'; readonly result: runs.RatesResult }
  | { readonly id: 'held-out'; readonly result: checks.HeldOutResult }
  | { readonly id: 'too-much'; readonly result: runs.DoseResult }
  | { readonly id: 'anchors'; readonly result: checks.AnchorsResult }
  | { readonly id: 'limits'; readonly result: runs.RatesResult }

/** What a running step does now. */
export interface TourWork {
  readonly what: 'opening' | 'working'
  readonly rate: Measured
}

export interface TourParts extends TourKit {
  readonly catalogue: Catalogue
  readonly opening: () => Opening
}

/** The organism that the tour runs on, and the one that it carries a direction from. */
const tourModels = { own: 'qwen2', donor: 'gemma2' } as const
const key = 'azimuth.tour'

/** The lesson: which step is on the page, what has been run, and which questions were answered rightly. */
export class Tour {
  readonly #parts: TourParts
  #step = $state(1)
  #results = $state.raw<readonly TourResult[]>([])
  #status = $state.raw<Status<TourWork>>({ kind: 'idle' })
  #running = $state.raw<StepId | null>(null)
  #chosen = $state.raw<Readonly<Partial<Record<StepId, number>>>>({})
  #answered = $state.raw<readonly StepId[]>(readAnswered())
  #controller: AbortController | null = null

  constructor(parts: TourParts) {
    this.#parts = parts
  }

  /** From 1. */
  get step(): number {
    return this.#step
  }

  set step(wanted: number) {
    this.#step = Math.min(tourSteps.length, Math.max(1, Math.round(wanted) || 1))
  }

  get text(): TourStep {
    return tourSteps[this.#step - 1] ?? tourSteps[0]
  }

  /** Of the step on the page; null before it has run. */
  get result(): TourResult | null {
    return this.#results.find(({ id }) => id === this.text.id) ?? null
  }

  /** How the result on the page was made otherwise than it would be now; null where it was not, or the model is not open. */
  get outdated(): string | null {
    const { result } = this
    const model = this.#bundled(tourModels.own)
    if (!result || model?.status.kind !== 'open') return null
    const { adapter } = result.made.model
    const { scale } = model.adapters
    const now = { model: { ...madeOn(model.status.info), adapter: adapter && { ...adapter, scale } } }
    return describeDifferences(differences(result.made, now))
  }

  /** The model that it runs on, where it is open. */
  get own(): Model | null {
    return this.#bundled(tourModels.own)
  }

  #bundled(name: string): Model | null {
    return this.#parts.opening().bundled(name)
  }

  /** Of the step on the page. Another step that runs is told by `elsewhere`. */
  get status(): Status<TourWork> {
    return this.#running === null || this.#running === this.text.id ? this.#status : { kind: 'idle' }
  }

  /** Of whichever step runs, on the page or not. */
  get work(): TourWork | null {
    return this.#status.kind === 'running' ? this.#status.step : null
  }

  get isRunning(): boolean {
    return this.#status.kind === 'running'
  }

  /** The title of a step that runs and is not on the page. */
  get elsewhere(): string | null {
    if (!this.isRunning || this.#running === this.text.id) return null
    return tourSteps.find(({ id }) => id === this.#running)?.title ?? null
  }

  /** The organisms that the step on the page needs and that are not open yet, by name. */
  get toOpen(): readonly string[] {
    const needed = this.text.id === 'anchors' ? [tourModels.own, tourModels.donor] : [tourModels.own]
    return needed.filter((name) => this.#bundled(name) === null)
  }

  /** Whether the organisms come with this page. */
  get isPossible(): boolean {
    return this.#parts.catalogue.isOrganism(tourModels.own)
  }

  /** The choice made at the step on the page, by its place; null before. */
  get chosen(): number | null {
    return this.#chosen[this.text.id] ?? null
  }

  /** Steps whose question was answered rightly, in this browser. */
  isAnswered(id: StepId): boolean {
    return this.#answered.includes(id)
  }

  get done(): number {
    return this.#answered.length
  }

  /** Chooses an answer of the step on the page; another one may be chosen after it. */
  answer(choice: number): void {
    const { id, choices } = this.text
    this.#chosen = { ...this.#chosen, [id]: choice }
    if (choices[choice]?.isRight && !this.#answered.includes(id)) this.#keep([...this.#answered, id])
  }

  /** Forgets which questions were answered. */
  restart(): void {
    this.#chosen = {}
    this.#keep([])
    this.step = 1
  }

  cancel(): void {
    this.#controller?.abort()
  }

  /** Does what the step on the page is about, after opening what it needs. */
  async run(): Promise<void> {
    if (this.isRunning) return
    const { id } = this.text
    const { signal } = (this.#controller = new AbortController())
    this.#running = id
    const job = this.#job(signal)
    try {
      const own = await this.#open(tourModels.own, signal)
      const result = await this.#result(id, own, job, signal)
      signal.throwIfAborted()
      this.#results = [...this.#results.filter((other) => other.id !== id), result]
      this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  async #result(id: StepId, own: Model, job: Job, signal: AbortSignal): Promise<TourResult> {
    const work = { what: 'tour', signal } as const
    const model = own.name
    if (id === 'stream') {
      const subject = subjectOf(own, work)
      const made = { model: { ...madeOn(subject.info), adapter: null } }
      return { id, model, made, result: await runs.readStream(this.#parts, subject, job) }
    }
    const option = bundledAdapter(own, this.#parts.catalogue, 'insecure-0')
    const organism = await tunedBy(own, option, work)
    const made = { model: madeOnTuned(organism, option) }
    return { model, made, ...(await this.#shown(id, own, organism, job, work)) }
  }

  async #shown(
    id: Exclude<StepId, 'stream'>,
    own: Model,
    organism: Tuned,
    job: Job,
    work: WorkOptions
  ): Promise<Shown> {
    const kit = this.#parts
    const tuned = (model: Model, name: string): Promise<Tuned> =>
      tunedBy(model, bundledAdapter(model, kit.catalogue, name), work)
    switch (id) {
      case 'direction':
        return { id, result: await runs.findDirection(kit, organism, job) }
      case 'steer':
        return { id, result: await runs.steerAnswers(kit, organism, job) }
      case 'control':
        return { id, result: await runs.compareRandom(kit, organism, job) }
      case 'held-out':
        return { id, result: await checks.testHeldOut(kit, organism, job) }
      case 'too-much':
        return { id, result: await runs.tryStrengths(kit, organism, job) }
      case 'anchors': {
        const donor = await tuned(await this.#open(tourModels.donor, job.signal), 'insecure-0')
        return { id, result: await checks.carryOver(kit, donor, organism, job) }
      }
      case 'limits':
        return { id, result: await checks.testLimits(kit, organism, await tuned(own, 'secure-0'), job) }
    }
  }

  async #open(name: string, signal: AbortSignal): Promise<Model> {
    if (!this.#parts.catalogue.isOrganism(name)) {
      throw new LabError('network', `${name} does not come with this page; build it with public/models`)
    }
    this.#status = { kind: 'running', step: { what: 'opening', rate: new Meter().measure(nothingYet, 0) } }
    const model = await this.#parts.opening().beside({ kind: 'bundled', name })
    signal.throwIfAborted()
    return model
  }

  #job(signal: AbortSignal): Job {
    const meter = new Meter()
    return {
      signal,
      onProgress: (done, total) => {
        if (signal.aborted) return
        const rate = meter.measure({ stage: 'rows', done, total, unit: 'rows' }, performance.now())
        this.#status = { kind: 'running', step: { what: 'working', rate } }
      }
    }
  }

  #keep(answered: readonly StepId[]): void {
    this.#answered = answered
    try {
      localStorage.setItem(key, JSON.stringify(answered))
    } catch {
      return // without storage, as in some private windows, progress lasts as long as the page
    }
  }
}

const nothingYet = { stage: 'read', done: 0, total: 0, unit: 'rows' } as const

function readAnswered(): readonly StepId[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(kept) ? tourSteps.map(({ id }) => id).filter((id) => kept.includes(id)) : []
  } catch {
    return []
  }
}
