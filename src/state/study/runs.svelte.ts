import { fetchRun, fetchRuns, type ShippedRun } from '../../lab/shipped-runs'
import type { Findings } from '../../study/findings'
import type { Recheck } from '../../study/files/recheck'
import { sourcesOf } from '../../study/kept'
import type { Run } from '../../study/run'
import type { ForeignHosts } from '../models/foreign-hosts.svelte'
import type { ArmAddress } from '../link'
import { endOf, type Status } from '../status'
import type { Engines, RecheckRequest, StudyProtocol } from './study-protocol'

/** A finished run on the page. */
export interface OpenedRun {
  /** Of a run that comes with the page, as in links; null for others. */
  readonly name: string | null
  readonly title: string
  /** Its file; null where it could not be made. */
  readonly bundle: Blob | null
  readonly run: Run
  readonly findings: Findings
}

/** How the statements of a run that comes with the page compare with what follows from its rows. */
export type Checked =
  | { readonly kind: 'running'; readonly share: number }
  | { readonly kind: 'done'; readonly result: Recheck }
  | { readonly kind: 'failed'; readonly error: Error }

export interface OpeningStep {
  readonly what: 'fetch' | 'read' | 'findings'
  readonly done: number
  readonly total: number
}

/** Finished runs: those that come with the page, and the one that is looked at. */
export class Runs {
  readonly #protocol: () => Promise<StudyProtocol>
  readonly #engines: Engines
  readonly #hosts: ForeignHosts
  #shipped = $state.raw<readonly ShippedRun[]>([])
  #opened = $state.raw<OpenedRun | null>(null)
  #status = $state.raw<Status<OpeningStep>>({ kind: 'idle' })
  /** Which run a link asks for, before it is open. */
  #wanted = $state.raw<string | null>(null)
  /** The claim of the report that a link points at. */
  claim = $state.raw<string | null>(null)
  /** The arm whose answers are looked at. */
  arm = $state.raw<ArmAddress | null>(null)
  #checked = $state.raw<Checked | null>(null)
  #checking: AbortController | null = null
  #base = ''
  #turn = 0

  constructor(engines: Engines, protocol: () => Promise<StudyProtocol>, hosts: ForeignHosts) {
    this.#engines = engines
    this.#hosts = hosts
    this.#protocol = protocol
  }

  get shipped(): readonly ShippedRun[] {
    return this.#shipped
  }

  get opened(): OpenedRun | null {
    return this.#opened
  }

  /** Of the opened run, where it was shown as it states itself; null where it was worked out here before it was shown. */
  get checked(): Checked | null {
    return this.#checked
  }

  get status(): Status<OpeningStep> {
    return this.#status
  }

  /** The name that a link holds; null where nothing is open that a link can reach. */
  get name(): string | null {
    return this.#opened ? this.#opened.name : this.#wanted
  }

  /** Looks up what comes with the page; then opens what the link asked for. */
  async load(base: string): Promise<void> {
    this.#base = base
    try {
      this.#shipped = await fetchRuns(base)
    } catch (error) {
      this.#status = endOf(error)
    }
    if (this.#wanted) await this.follow({ run: this.#wanted, claim: this.claim, arm: this.arm })
  }

  /** Goes where a link points. */
  async follow(link: {
    readonly run: string | null
    readonly claim: string | null
    readonly arm: ArmAddress | null
  }): Promise<void> {
    this.claim = link.claim
    this.arm = link.arm
    this.#wanted = link.run
    if (link.run === null) this.#opened = null
    const shipped = this.#shipped.find(({ name }) => name === link.run)
    if (shipped && this.#opened?.name !== link.run) await this.openShipped(shipped)
  }

  async openShipped(shipped: ShippedRun): Promise<void> {
    this.#wanted = shipped.name
    await this.#open(shipped.name, shipped.title, (turn) =>
      fetchRun(this.#base, shipped, (done, total) => this.#step(turn, { what: 'fetch', done, total }))
    )
  }

  /** Opens a bundle of the reader's. */
  async openBundle(bundle: Blob, title: string): Promise<void> {
    await this.#open(null, title, async () => new Uint8Array(await bundle.arrayBuffer()))
  }

  /** Shows a run that is at hand. */
  show(title: string, run: Run, findings: Findings, bundle: Blob | null): void {
    this.#turn++
    this.#stopChecking()
    this.#wanted = null
    this.#opened = { name: null, title, bundle, run, findings }
    this.#status = { kind: 'done' }
  }

  /**
   * Works out all that a bundle states once more; with `onModels` also makes a part of the run again.
   * @throws AbortError where the reader does not want its hosts to be contacted
   */
  async recheck(
    bundle: Blob,
    onModels: boolean,
    options: Pick<RecheckRequest, 'onShare' | 'signal'>
  ): Promise<Recheck> {
    const { recheck } = await this.#protocol()
    const models = onModels ? (this.#opened?.run.settings.models ?? []) : []
    if (!(await this.#hosts.ask(sourcesOf(models)))) throw new DOMException('no host was contacted', 'AbortError')
    const bytes = new Uint8Array(await bundle.arrayBuffer())
    return recheck(bytes, onModels ? { ...options, engines: this.#engines } : options)
  }

  /** Tells why a file is neither a run nor an unfinished study. */
  refuse(error: unknown): void {
    this.#turn++
    this.#status = endOf(error)
  }

  close(): void {
    this.#turn++
    this.#stopChecking()
    this.#opened = null
    this.#wanted = null
    this.claim = null
    this.arm = null
    this.#status = { kind: 'idle' }
  }

  /** What was shown as it stands is worked out again beside the page, as any other run is before it is shown. */
  async #check(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { signal } = (this.#checking = new AbortController())
    const set = (checked: Checked): void => {
      if (!signal.aborted) this.#checked = checked
    }
    set({ kind: 'running', share: 0 })
    try {
      const { recheck } = await this.#protocol()
      set({
        kind: 'done',
        result: await recheck(bytes, { signal, onShare: (share) => set({ kind: 'running', share }) })
      })
    } catch (error) {
      set({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  #stopChecking(): void {
    this.#checking?.abort()
    this.#checked = null
  }

  #step(turn: number, step: OpeningStep): void {
    if (turn === this.#turn) this.#status = { kind: 'running', step }
  }

  /** The newest opening wins. */
  async #open(
    name: string | null,
    title: string,
    fetchBytes: (turn: number) => Promise<Uint8Array<ArrayBuffer>>
  ): Promise<void> {
    const turn = ++this.#turn
    this.#stopChecking()
    this.#step(turn, { what: 'fetch', done: 0, total: 0 })
    try {
      const bytes = await fetchBytes(turn)
      this.#step(turn, { what: 'read', done: 0, total: 0 })
      const { readBundle, findings: findingsOf } = await this.#protocol()
      const { run, stated } = await readBundle(bytes)
      this.#step(turn, { what: 'findings', done: 0, total: 0 })
      const onShare = (share: number): void => this.#step(turn, { what: 'findings', done: share, total: 1 })
      const findings = name === null ? await findingsOf(run, onShare) : stated()
      if (turn !== this.#turn) return
      this.#opened = { name, title, bundle: new Blob([bytes], { type: 'application/zip' }), run, findings }
      this.#status = { kind: 'done' }
      if (name !== null) void this.#check(bytes)
    } catch (error) {
      if (turn === this.#turn) this.#status = endOf(error)
    }
  }
}
