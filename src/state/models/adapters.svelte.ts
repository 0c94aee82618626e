import type { AdapterChoice, AdapterInfo, AdapterProof, AdapterSource, ModelInfo } from '../../lab/api'
import type { LiveModel } from '../../lab/live/live-model'
import { Meter, type Measured } from '../meter'
import { endOf, type Status } from '../status'
import { Undo } from '../undo.svelte'

export const scaleRange = { min: 0, max: 2, step: 0.05 } as const

/** An adapter beside its model, with what it was measured to change. */
export interface LoadedAdapter {
  readonly info: AdapterInfo
  readonly source: AdapterSource
  readonly proof: Status<null> | { readonly kind: 'measured'; readonly proof: AdapterProof }
}

/** The model that adapters are loaded beside. */
interface Owner {
  /** Null while it is not open. */
  readonly open: () => { readonly live: LiveModel; readonly info: ModelInfo } | null
  /** Its card has changed: another adapter, or room for one. */
  readonly onInfo: (info: ModelInfo) => void
}

/** The adapters of one open model: several loaded, one in use. What is in use is the reader's choice, also while other work waits or runs. */
export class Adapters {
  readonly undo = new Undo()
  readonly #owner: Owner
  #list = $state.raw<readonly LoadedAdapter[]>([])
  #inUse = $state.raw<string | null>(null)
  #scale = $state.raw(1)
  #isChosen = false
  #status = $state.raw<Status<Measured | null>>({ kind: 'idle' })
  #controller: AbortController | null = null
  #last: AdapterSource | null = null

  constructor(owner: Owner) {
    this.#owner = owner
  }

  get list(): readonly LoadedAdapter[] {
    return this.#list
  }

  /** The one in use. */
  get used(): AdapterInfo | null {
    return this.#list.find(({ info }) => info.sha256 === this.#inUse)?.info ?? null
  }

  /** Its sha256; null where the model runs as it is. */
  get inUse(): string | null {
    return this.#inUse
  }

  /** What the reader has in use, and how much of it: what new work is done under. */
  get choice(): AdapterChoice | null {
    return this.#inUse === null ? null : { sha256: this.#inUse, scale: this.#scale }
  }

  /** Whether it was ever said which adapter is in use, or that none is. */
  get isChosen(): boolean {
    return this.#isChosen
  }

  /** How much of the adapter in use: 0 is the base, 1 the adapter as trained. Kept while none is in use. */
  get scale(): number {
    return this.#scale
  }

  /** Of the adapter that was asked for last. */
  get status(): Status<Measured | null> {
    return this.#status
  }

  get isLoading(): boolean {
    return this.#status.kind === 'running'
  }

  /** Loads an adapter, puts it in use and measures what it changes. */
  async load(source: AdapterSource): Promise<void> {
    if (this.isLoading) return
    try {
      const sha256 = await this.#add(source)
      await this.#use(sha256)
      this.#status = { kind: 'done' }
      await this.prove(sha256)
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  /**
   * Loads an adapter beside the others and measures it; what is in use stays so. Resolves to its sha256.
   * @throws LabError what kept it from being loaded; `AbortError` where it was cancelled
   */
  async add(source: AdapterSource): Promise<string> {
    try {
      const sha256 = await this.#add(source)
      this.#status = { kind: 'done' }
      await this.prove(sha256)
      return sha256
    } catch (error) {
      this.#status = endOf(error)
      throw error
    }
  }

  /** Stops loading, or waiting for it, which leaves the model as it was. */
  cancel(): void {
    this.#controller?.abort()
  }

  /** Tries the last adapter again. */
  async retry(): Promise<void> {
    if (this.#last) await this.load(this.#last)
  }

  /** Puts a loaded adapter in use at the scale of the slider; null for the model as it is. It waits for work that runs. */
  async use(sha256: string | null): Promise<void> {
    try {
      await this.#use(sha256)
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  /** The newest scale wins; an answer that runs under the adapter follows it. */
  async setScale(scale: number): Promise<void> {
    this.#scale = Math.min(scaleRange.max, Math.max(scaleRange.min, scale))
    if (this.#inUse !== null) await this.use(this.#inUse)
  }

  /** Can be undone: then it is loaded again. It waits for work that runs. */
  async remove(sha256: string): Promise<void> {
    const open = this.#owner.open()
    const gone = this.#list.find(({ info }) => info.sha256 === sha256)
    if (!open || !gone) return
    const wasInUse = this.#inUse === sha256
    if (wasInUse) this.#inUse = null
    this.#show(open.info)
    try {
      const info = await open.live.drop(sha256)
      this.#list = this.#list.filter((each) => each.info.sha256 !== sha256)
      // It may have been chosen again while it waited.
      if (this.#inUse === sha256) await this.#use(null)
      this.#show(info)
      this.undo.offer(`\u201c${gone.info.name}\u201d was taken off the model.`, () => void this.#again(gone, wasInUse))
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  /** Loads what another model had, and puts the same in use at the same scale. */
  async loadLike(other: Adapters): Promise<void> {
    this.#scale = other.scale
    for (const { source } of other.list) await this.load(source)
    if (this.#inUse !== other.inUse) await this.use(other.inUse)
  }

  /** Measures what an adapter changes, once. */
  async prove(sha256: string): Promise<void> {
    const open = this.#owner.open()
    const found = this.#list.find(({ info }) => info.sha256 === sha256)
    if (!open || !found || found.proof.kind === 'running' || found.proof.kind === 'measured') return
    this.#setProof(sha256, { kind: 'running', step: null })
    try {
      this.#setProof(sha256, { kind: 'measured', proof: await open.live.prove(sha256) })
    } catch (error) {
      this.#setProof(sha256, endOf(error))
    }
  }

  /** Lets go of what was told about the last load. */
  dismiss(): void {
    if (!this.isLoading) this.#status = { kind: 'idle' }
  }

  async #add(source: AdapterSource): Promise<string> {
    const open = this.#owner.open()
    if (!open) throw new DOMException('the model is not open', 'AbortError')
    const meter = new Meter()
    const { signal } = (this.#controller = new AbortController())
    this.#last = source
    this.#status = { kind: 'running', step: null }
    const info = await open.live.load(source, signal, (progress) => {
      if (this.isLoading) this.#status = { kind: 'running', step: meter.measure(progress, performance.now()) }
    })
    if (!this.#list.some((each) => each.info.sha256 === info.sha256)) {
      this.#list = [...this.#list, { info, source, proof: { kind: 'idle' } }]
    }
    return info.sha256
  }

  async #again({ source }: LoadedAdapter, isInUse: boolean): Promise<void> {
    const before = this.#inUse
    await this.load(source)
    if (!isInUse) await this.use(before)
  }

  /** The choice shows at once: all work that is begun from now on is done under it. */
  async #use(sha256: string | null): Promise<void> {
    const open = this.#owner.open()
    if (!open) return
    this.#isChosen = true
    this.#inUse = sha256
    this.#show(open.info)
    try {
      this.#show(await open.live.use(this.choice))
    } catch (error) {
      // What the model's owner goes on with: after a lost worker that is still the newest choice.
      if (this.#inUse === sha256) this.#inUse = open.live.choice?.sha256 ?? null
      this.#show(open.info)
      throw error
    }
  }

  /** The model's card, with the reader's choice. */
  #show(info: ModelInfo): void {
    const { used } = this
    this.#owner.onInfo({ ...info, adapter: used && { id: used.id, sha256: used.sha256, scale: this.#scale } })
  }

  #setProof(sha256: string, proof: LoadedAdapter['proof']): void {
    this.#list = this.#list.map((each) => (each.info.sha256 === sha256 ? { ...each, proof } : each))
  }
}
