import { LabError } from '../../errors'
import type { StudyCard } from '../../storage/journal-idb'
import type { Findings } from '../../study/findings'
import type { Entry, Journal } from '../../study/journal'
import { withCell, type DosePreview } from '../../study/preview'
import type { Stage, StudyProgress } from '../../study/progress'
import { isTicked, stepsOf, withReport, type Ticks, noTicks } from '../../study/ticks'
import { keptSettings, sourcesOf } from '../../study/kept'
import type { Run } from '../../study/run'
import type { StudySettings } from '../../study/settings'
import type { ForeignHosts } from '../models/foreign-hosts.svelte'
import { now } from './clock'
import { KeptStudies, lockPrefix, type KeptStudy } from './kept-studies.svelte'
import { Pause } from './pause'
import { endOf } from '../status'
import type { Engines, FinishedStudy, StudyOutside } from './study-protocol'

export type StudyStatus =
  | { readonly kind: 'idle' }
  /** `progress` is null until the first report. */
  | { readonly kind: 'running' | 'paused'; readonly progress: StudyProgress | null }
  | { readonly kind: 'done'; readonly run: Run; readonly findings: Findings }
  | { readonly kind: 'failed'; readonly error: Error }

export type LatestAnswer = NonNullable<StudyProgress['latest']>

/** Answers that are shown as they come. */
const shownAnswers = 6
/** How often the list of kept studies learns how far this one is, in milliseconds. */
const saveEveryMs = 2000

/** The study that this tab runs: one at a time, kept cell by cell, so that nothing finished is lost. */
export class StudyRun {
  readonly kept: KeptStudies
  readonly #outside: StudyOutside
  readonly #engines: Engines
  readonly #hosts: ForeignHosts
  readonly #pause = new Pause()
  #status = $state.raw<StudyStatus>({ kind: 'idle' })
  #card = $state.raw<StudyCard | null>(null)
  #settings = $state.raw<StudySettings | null>(null)
  #latest = $state.raw<readonly LatestAnswer[]>([])
  #doses = $state.raw<readonly DosePreview[]>([])
  #ticks = $state.raw<Ticks>(noTicks)
  #notice = $state.raw<string | null>(null)
  #isElsewhere = $state.raw(false)
  #bundle = $state.raw<Blob | null>(null)
  #controller: AbortController | null = null
  #saved = 0
  /** What the studies of this tab were asked, by their cards' ids, with the tokens that are kept nowhere else. */
  readonly #asked: Record<string, StudySettings> = {}

  constructor(engines: Engines, outside: StudyOutside, hosts: ForeignHosts) {
    this.#engines = engines
    this.#hosts = hosts
    this.#outside = outside
    this.kept = new KeptStudies(outside)
  }

  get status(): StudyStatus {
    return this.#status
  }

  /** Of the study that runs, was stopped or has ended; null before the first. */
  get settings(): StudySettings | null {
    return this.#settings
  }

  /** The newest first. */
  get latest(): readonly LatestAnswer[] {
    return this.#latest
  }

  /** The first numbers, as they come. */
  get doses(): readonly DosePreview[] {
    return this.#doses
  }

  /** The steps in their order: `done` where every model has left one behind for good, `current` the one under way. */
  get steps(): readonly { readonly stage: Stage; readonly state: 'done' | 'current' | 'waiting' }[] {
    const models = (this.#settings?.models ?? []).map(({ key }) => key)
    return stepsOf(models.length).map((stage) => {
      if (isTicked(this.#ticks, models, stage)) return { stage, state: 'done' }
      return { stage, state: this.progress?.stage === stage ? 'current' : 'waiting' }
    })
  }

  /** What a reader should know of the keeping, one sentence; null where all is well. */
  get notice(): string | null {
    return this.#notice
  }

  /** True where the last start found the study running in another tab. */
  get isElsewhere(): boolean {
    return this.#isElsewhere
  }

  /** Of the run that has just finished. */
  get bundle(): Blob | null {
    return this.#bundle
  }

  get isBusy(): boolean {
    return this.#status.kind === 'running' || this.#status.kind === 'paused'
  }

  get progress(): StudyProgress | null {
    return this.#status.kind === 'running' || this.#status.kind === 'paused' ? this.#status.progress : null
  }

  /** Begins a new study. Resolves when it has ended, however it ends. */
  async start(settings: StudySettings): Promise<void> {
    const started = now()
    const card = { settings: keptSettings(settings), started, changed: started, done: 0, total: 0, finished: false }
    await this.#begin({ ...card, id: crypto.randomUUID() }, settings)
  }

  /** Goes on with a study that was stopped, here or in a tab that is gone. */
  async goOn({ card, settings }: KeptStudy): Promise<void> {
    if (settings && !card.finished) await this.#begin(card, this.#asked[card.id] ?? settings)
  }

  /** Tries the failed study again from where it was. */
  async retry(): Promise<void> {
    if (this.#card && this.#settings) await this.#begin(this.#card, this.#settings)
  }

  /** Holds the study after the cell under way. */
  pause(): void {
    if (this.#status.kind !== 'running') return
    this.#pause.pause()
    this.#status = { ...this.#status, kind: 'paused' }
  }

  resume(): void {
    if (this.#status.kind !== 'paused') return
    this.#status = { ...this.#status, kind: 'running' }
    this.#pause.resume()
  }

  /** Ends the study; its finished cells stay, and it can go on later. */
  cancel(): void {
    this.#controller?.abort()
    this.#pause.resume()
  }

  /** Lets go of what has ended. */
  dismiss(): void {
    if (!this.isBusy) this.#status = { kind: 'idle' }
  }

  async #begin(card: StudyCard, settings: StudySettings): Promise<void> {
    if (this.isBusy || !(await this.#hosts.ask(sourcesOf(settings.models)))) return
    this.#controller = new AbortController()
    this.#pause.resume()
    this.#asked[card.id] = settings
    this.#card = card
    this.#settings = settings
    this.#latest = []
    this.#doses = []
    this.#ticks = noTicks
    this.#notice = null
    this.#bundle = null
    this.#isElsewhere = false
    this.#status = { kind: 'running', progress: null }
    const { signal } = this.#controller
    const ran = await this.#outside.locks.exclusively(lockPrefix + card.id, async () => {
      await this.#work(card, settings, signal)
      return true
    })
    this.#isElsewhere = ran === null
    if (ran === null) this.#status = { kind: 'idle' }
    await this.kept.refresh()
  }

  async #work(card: StudyCard, settings: StudySettings, signal: AbortSignal): Promise<void> {
    try {
      const protocol = await this.#outside.protocol()
      const journal = await this.#journal(card, settings)
      const onProgress = (progress: StudyProgress): void => this.#report(progress)
      const options = { journal, signal, onProgress, pause: this.#pause }
      const finished = await protocol.run(settings, this.#engines, options)
      const findings = await protocol.findings(finished.run)
      await this.#keep(finished, findings)
      this.#status = { kind: 'done', run: finished.run, findings }
    } catch (error) {
      this.#status = endOf(signal.aborted ? signal.reason : error)
      await this.#save()
    }
  }

  /** The cells of a study. Its card comes first, so that a tab that is killed at once leaves a study and no stray cells. */
  async #journal(card: StudyCard, settings: StudySettings): Promise<Journal> {
    await this.#outside.store.save(card)
    const cells = this.#outside.store.cells(card.id)
    const seen = <Cell extends Entry | null>(key: string, cell: Cell): Cell => {
      if (cell) this.#doses = withCell(this.#doses, key, cell.json, settings)
      return cell
    }
    return {
      keys: () => cells.keys(),
      read: async (key) => seen(key, await cells.read(key)),
      write: (key, entry) => cells.write(key, seen(key, entry))
    }
  }

  #report(progress: StudyProgress): void {
    if (!this.isBusy) return
    this.#status = { kind: this.#pause.isPaused ? 'paused' : 'running', progress }
    const { latest } = progress
    if (latest && latest !== this.#latest[0]) this.#latest = [latest, ...this.#latest].slice(0, shownAnswers)
    this.#ticks = withReport(this.#ticks, progress)
    const { done, total } = progress
    if (this.#card) this.#card = { ...this.#card, done, total, changed: now() }
    if (performance.now() - this.#saved < saveEveryMs) return
    this.#saved = performance.now()
    void this.#save()
  }

  /** How far it is. Not worth failing for: the cells are what counts. */
  async #save(): Promise<void> {
    if (this.#card) await this.#outside.store.update(this.#card).catch(() => undefined)
  }

  /** A finished run is a bundle. Where there is no room for it, the reader can still save it. */
  async #keep({ pack }: FinishedStudy, findings: Findings): Promise<void> {
    if (!this.#card) return
    const bundle = new Blob([await pack(findings)], { type: 'application/zip' })
    this.#bundle = bundle
    try {
      this.#card = { ...this.#card, finished: true, changed: now() }
      await this.#outside.store.finish(this.#card, bundle)
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      this.#notice = `The finished run is not kept in this browser: ${error.message}. Download its bundle.`
    }
  }
}
