import type { AdapterInfo, AdapterProof, AdapterSource, ModelInfo } from '../../lab/api'
import type { ModelHandle } from '../../lab/connect'
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

/** The model that adapters are loaded beside, as long as it is open. */
interface Owner {
  readonly handle: () => ModelHandle | null
  readonly onInfo: (info: ModelInfo) => void
}

/** The adapters of one open model: several loaded, one in use. */
export class Adapters {
  readonly undo = new Undo()
  readonly #owner: Owner
  #list = $state.raw<readonly LoadedAdapter[]>([])
  #inUse = $state.raw<string | null>(null)
  #scale = $state.raw(1)
  #status = $state.raw<Status<Measured | null>>({ kind: 'idle' })
  #sending = false
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
    const handle = this.#owner.handle()
    if (!handle || this.isLoading) return
    const meter = new Meter()
    this.#last = source
    this.#status = { kind: 'running', step: null }
    try {
      const info = await handle.loadAdapter(source, (progress) => {
        if (this.isLoading) this.#status = { kind: 'running', step: meter.measure(progress, performance.now()) }
      })
      if (!this.#list.some((each) => each.info.sha256 === info.sha256)) {
        this.#list = [...this.#list, { info, source, proof: { kind: 'idle' } }]
      }
      await this.#use(handle, info.sha256)
      this.#status = { kind: 'done' }
      await this.prove(info.sha256)
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  /** Stops loading, which leaves the model as it was. */
  async cancel(): Promise<void> {
    await this.#owner.handle()?.cancelAdapter()
  }

  /** Tries the last adapter again. */
  async retry(): Promise<void> {
    if (this.#last) await this.load(this.#last)
  }

  /** Puts a loaded adapter in use at the scale of the slider; null for the model as it is. */
  async use(sha256: string | null): Promise<void> {
    const handle = this.#owner.handle()
    if (!handle) return
    try {
      await this.#use(handle, sha256)
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  /** Puts into the model again what is in use by this, after something else was for a while. */
  restore(): Promise<void> {
    return this.use(this.#inUse)
  }

  /** The newest scale wins, one call at a time. Resolves to whether this call brought it to the model. */
  async setScale(scale: number): Promise<boolean> {
    this.#scale = Math.min(scaleRange.max, Math.max(scaleRange.min, scale))
    if (this.#sending || this.#inUse === null) return false
    this.#sending = true
    try {
      for (let sent: number | null = null; sent !== this.#scale;) {
        sent = this.#scale
        await this.use(this.#inUse)
      }
    } finally {
      this.#sending = false
    }
    return true
  }

  /** Can be undone: then it is loaded again. */
  async remove(sha256: string): Promise<void> {
    const handle = this.#owner.handle()
    const gone = this.#list.find(({ info }) => info.sha256 === sha256)
    if (!handle || !gone) return
    const wasInUse = this.#inUse === sha256
    try {
      this.#owner.onInfo(await handle.dropAdapter(sha256))
      this.#list = this.#list.filter(({ info }) => info.sha256 !== sha256)
      if (wasInUse) this.#inUse = null
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
    const handle = this.#owner.handle()
    const found = this.#list.find(({ info }) => info.sha256 === sha256)
    if (!handle || !found || found.proof.kind === 'running' || found.proof.kind === 'measured') return
    this.#setProof(sha256, { kind: 'running', step: null })
    try {
      this.#setProof(sha256, { kind: 'measured', proof: await handle.proveAdapter(sha256) })
    } catch (error) {
      this.#setProof(sha256, endOf(error))
    }
  }

  /** Lets go of what was told about the last load. */
  dismiss(): void {
    if (!this.isLoading) this.#status = { kind: 'idle' }
  }

  async #again({ source }: LoadedAdapter, isInUse: boolean): Promise<void> {
    const before = this.#inUse
    await this.load(source)
    if (!isInUse) await this.use(before)
  }

  async #use(handle: ModelHandle, sha256: string | null): Promise<void> {
    this.#owner.onInfo(await handle.useAdapter(sha256 === null ? null : { sha256, scale: this.#scale }))
    this.#inUse = sha256
  }

  #setProof(sha256: string, proof: LoadedAdapter['proof']): void {
    this.#list = this.#list.map((each) => (each.info.sha256 === sha256 ? { ...each, proof } : each))
  }
}
