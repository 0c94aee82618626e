import type { ModelInfo, ModelSource, OpenOptions, SelfTest } from '../../lab/api'
import type { ModelHandle } from '../../lab/connect/connect'
import { openAddress } from '../../lab/privacy/secrets'
import { LiveModel, type WorkQueue } from '../../lab/live/live-model'
import { openTested } from '../../lab/self-test'
import { Adapters } from './adapters.svelte'
import { Meter, type Measured } from '../meter'
import { endOf } from '../status'
import { Undo } from '../undo.svelte'

export type ModelStatus =
  | { readonly kind: 'opening'; readonly step: Measured | null }
  | { readonly kind: 'open'; readonly live: LiveModel; readonly info: ModelInfo; readonly test: SelfTest }
  | { readonly kind: 'failed'; readonly error: Error }

/** Of a model that is open. */
export type OpenStatus = Extract<ModelStatus, { kind: 'open' }>

/** One model on the bench: asked for, being opened, open, or failed. */
export class Model {
  readonly source: ModelSource
  readonly options: OpenOptions
  status = $state.raw<ModelStatus>({ kind: 'opening', step: null })
  readonly controller = new AbortController()
  /** What runs on it and what waits, once it is open. */
  queue = $state.raw<WorkQueue>({ running: null, waiting: [] })
  /** The adapters that are loaded beside it. */
  readonly adapters = new Adapters({
    open: () => (this.status.kind === 'open' ? this.status : null),
    onInfo: (info) => {
      if (this.status.kind === 'open') this.status = { ...this.status, info }
    }
  })

  constructor(source: ModelSource, options: OpenOptions) {
    this.source = source
    this.options = options
  }

  get name(): string {
    return this.status.kind === 'open' ? this.status.info.name : sourceName(this.source)
  }
}

/** The models on the bench. One of them is in use. */
export class Models {
  readonly undo = new Undo()
  readonly #connect: () => ModelHandle
  #list = $state.raw<readonly Model[]>([])
  #chosen = $state.raw<Model | null>(null)

  constructor(connect: () => ModelHandle) {
    this.#connect = connect
  }

  get list(): readonly Model[] {
    return this.#list
  }

  /** The model that the panels work with, where one is open. */
  get active(): OpenStatus | null {
    return this.#chosen?.status.kind === 'open' ? this.#chosen.status : null
  }

  get chosen(): Model | null {
    return this.#chosen
  }

  /** The adapters of the model in use; null where none is open. */
  get adapters(): Adapters | null {
    return this.active ? (this.#chosen?.adapters ?? null) : null
  }

  /** The model that is being opened, if any: one at a time is. */
  get opening(): Model | null {
    return this.#list.find(({ status }) => status.kind === 'opening') ?? null
  }

  choose(model: Model): void {
    this.#chosen = model
  }

  /** Opens a model and puts it in use. Resolves to whether it is open; the reason why not is in its status. */
  open(source: ModelSource, options: OpenOptions): Promise<boolean> {
    const model = this.#add(source, options)
    this.#chosen = model
    return this.#open(model)
  }

  /**
   * Opens a model beside the one in use, which stays in use.
   * @throws LabError what kept it from opening; `AbortError` where the opening was cancelled
   */
  async openBeside(source: ModelSource, options: OpenOptions): Promise<Model> {
    const model = this.#add(source, options)
    this.#chosen ??= model
    if (await this.#open(model)) return model
    if (model.status.kind === 'failed') throw model.status.error
    throw new DOMException('the opening was cancelled', 'AbortError')
  }

  #add(source: ModelSource, options: OpenOptions): Model {
    const model = new Model(source, options)
    const failed = this.#list.filter(({ status }) => status.kind === 'failed')
    this.#list = [...this.#list.filter((other) => !failed.includes(other)), model]
    if (this.#chosen && failed.includes(this.#chosen)) this.#chosen = null
    return model
  }

  async #open(model: Model): Promise<boolean> {
    const { source, options } = model
    const onProgress = this.#reporter(model)
    try {
      const { signal } = model.controller
      const opened = await openTested(this.#connect, source, options, { signal, onProgress })
      const { handle, info, test } = opened
      const live = new LiveModel(handle)
      live.watch((queue) => (model.queue = queue))
      handle.onLost((error) => void this.#recover(model, live, test, error))
      model.status = { kind: 'open', live, info, test }
      return true
    } catch (error) {
      const end = endOf(error)
      if (end.kind === 'idle') this.#remove(model)
      else model.status = end
      return false
    }
  }

  /** Tries a failed model again, with other options where they are given. */
  async retry(model: Model, options: OpenOptions = {}): Promise<boolean> {
    this.#remove(model)
    return this.open(model.source, { ...model.options, ...options })
  }

  /** Cancels the opening, or gives the memory of an open model back, which can be undone: then it is opened again. */
  async close(model: Model): Promise<void> {
    const { status, name } = model
    model.controller.abort()
    this.#remove(model)
    if (status.kind !== 'open') return
    this.undo.offer(`\u201c${name}\u201d was closed.`, () => void this.#again(model))
    await status.live.close()
  }

  async #again(closed: Model): Promise<void> {
    if (await this.open(closed.source, closed.options)) await this.#chosen?.adapters.loadLike(closed.adapters)
  }

  #remove(model: Model): void {
    this.#list = this.#list.filter((other) => other !== model)
    if (this.#chosen === model) this.#chosen = this.#list.at(-1) ?? null
  }

  #reporter(model: Model): (progress: Measured['progress']) => void {
    const meter = new Meter()
    return (progress) => {
      if (model.status.kind !== 'opening') return
      model.status = { kind: 'opening', step: meter.measure(progress, performance.now()) }
    }
  }

  /** A worker that died is started again once; where that fails too, the reader decides. */
  async #recover(model: Model, live: LiveModel, test: SelfTest, lost: Error): Promise<void> {
    if (!this.#list.includes(model)) return
    model.status = { kind: 'opening', step: null }
    try {
      const info = await live.reopen(this.#reporter(model))
      model.status = { kind: 'open', live, info, test }
    } catch (error) {
      model.status = { kind: 'failed', error: error instanceof Error ? error : lost }
    }
  }
}

/** A source as a person would call it. */
export function sourceName(source: ModelSource): string {
  if (source.kind === 'hub') return source.repo.split('/').at(-1) ?? source.repo
  if (source.kind === 'url') return openAddress(source.url).replace(/\/+$/, '').split('/').at(-1) ?? ''
  return source.kind === 'folder' ? source.path : source.name
}
