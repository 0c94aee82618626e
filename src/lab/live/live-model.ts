/**
 * The owner of one open model. The engine takes calls one by one; a result needs several, all under one adapter. So
 * everything that depends on the adapter is a piece of work here: it waits for its turn, gets the adapter it names, and
 * what the reader chose is attached again afterwards.
 */
import { LabError } from '../../errors'
import type { AdapterChoice, AdapterInfo, AdapterProof, AdapterSource, ModelApi, ModelInfo, Progress } from '../api'
import type { ModelHandle } from '../connect/connect'
import { Lent } from './lent-model'

/** What a piece of work is, for whoever waits for it. */
export type WorkName = 'answer' | 'colours' | 'fit' | 'capture' | 'transfer' | 'tour' | 'adapter' | 'study'

/** What runs on a model now, and what waits, in order. */
export interface WorkQueue {
  readonly running: WorkName | null
  readonly waiting: readonly WorkName[]
}

export interface WorkOptions {
  readonly what: WorkName
  /** Gives up the place in the queue. Once the work has begun, it is the work's own to end. */
  readonly signal?: AbortSignal
  /** Follows the reader's scale of the adapter while it runs; called when the model has got it. Other work keeps its scale. */
  readonly onScale?: (choice: AdapterChoice) => void
  /** Leaves the adapter attached, as the reader's choice: for work that comes in long rows under one. Default false. */
  readonly stays?: boolean
}

/** How waiting ended. */
type Turn = 'begins' | 'given up' | LabError

interface Job {
  readonly what: WorkName
  readonly end: (turn: Turn) => void
}

/** An open model's calls, one owner for all of them. */
export class LiveModel {
  readonly #handle: ModelHandle
  readonly #listeners = new Set<(queue: WorkQueue) => void>()
  #choice: AdapterChoice | null = null
  /** Undefined while it is not known: after a lost worker, or a call that failed. */
  #attached: AdapterChoice | null | undefined = null
  #isDeviceLost = false
  #running: Job | null = null
  #waiting: readonly Job[] = []
  /** Passes the reader's scale on to work that follows it. */
  #follows: ((choice: AdapterChoice) => void) | null = null
  #using: Promise<ModelInfo> | null = null
  #rescaling: Promise<ModelInfo> | null = null

  constructor(handle: ModelHandle) {
    this.#handle = handle
    handle.onLost((error) => this.#lose(error))
  }

  /** What the reader chose: what the model runs under when nothing else is at work. */
  get choice(): AdapterChoice | null {
    return this.#choice
  }

  get queue(): WorkQueue {
    return { running: this.#running?.what ?? null, waiting: this.#waiting.map(({ what }) => what) }
  }

  /** Calls back with each change of the queue, until the returned function is called. */
  watch(listener: (queue: WorkQueue) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Runs work under an adapter, or under none, with the model to itself. What the reader chose, also while it ran, is
   * attached again before this resolves. Work that needs another adapter in between calls `under` of what it is lent;
   * called here, that would wait for itself.
   * @throws LabError `adapter` where it is not loaded (any more), `worker-lost` where the worker ends while this waits;
   *   `AbortError` where the signal comes while it waits; what the work throws
   */
  under<Result>(
    choice: AdapterChoice | null,
    work: (model: Lent) => Promise<Result>,
    { what, signal, onScale, stays = false }: WorkOptions
  ): Promise<Result> {
    return this.#inTurn(what, signal, async () => {
      if (stays) this.#choice = choice
      const lent = new Lent(this.#handle, (next) => this.#attach(next), choice)
      try {
        await this.#attach(choice)
        if (onScale) this.#follows = (next) => (lent.rescaled(next), onScale(next))
        return await work(lent)
      } finally {
        this.#follows = null
        lent.end()
      }
    })
  }

  /**
   * The reader's choice, from now on; a scale reaches an answer that runs under the same adapter at its next token, all
   * else waits for the work under way. The newest wins. Resolves when the model has it.
   * @throws LabError `adapter` where it is not loaded; then the choice before stands
   */
  use(choice: AdapterChoice | null): Promise<ModelInfo> {
    const before = this.#choice
    this.#choice = choice
    if (this.#canRescale()) return (this.#rescaling ??= this.#rescale().finally(() => (this.#rescaling = null)))
    this.#using ??= this.#inTurn('adapter', undefined, () => this.#attach(this.#choice, true)).finally(
      () => (this.#using = null)
    )
    return this.#using.catch((error: unknown) => {
      const isGone = error instanceof LabError && error.code === 'worker-lost'
      if (!isGone && this.#choice === choice) this.#choice = before
      throw error
    })
  }

  /** Loads an adapter beside the others, and leaves the choice as it is. As `ModelApi.loadAdapter`. */
  load(source: AdapterSource, signal?: AbortSignal, onProgress?: (progress: Progress) => void): Promise<AdapterInfo> {
    return this.#inTurn('adapter', signal, async () => {
      const cancel = (): void => void this.#handle.cancelAdapter().catch(() => undefined)
      signal?.addEventListener('abort', cancel)
      try {
        return await this.#handle.loadAdapter(source, onProgress)
      } finally {
        signal?.removeEventListener('abort', cancel)
      }
    })
  }

  /** Forgets a loaded adapter after the work under way; where it was chosen, none is from now on. */
  drop(sha256: string): Promise<ModelInfo> {
    if (this.#choice?.sha256 === sha256) this.#choice = null
    return this.#inTurn('adapter', undefined, async () => {
      if (this.#attached?.sha256 === sha256) this.#attached = undefined
      await this.#handle.dropAdapter(sha256)
      return this.#attach(this.#choice, true)
    })
  }

  /** Measures what a loaded adapter changes. */
  prove(sha256: string): Promise<AdapterProof> {
    return this.#inTurn('adapter', undefined, () => this.#handle.proveAdapter(sha256))
  }

  /** Text to ids, which no adapter changes: it waits for no work. */
  tokenize(...args: Parameters<ModelApi['tokenize']>): ReturnType<ModelApi['tokenize']> {
    return this.#handle.tokenize(...args)
  }

  /** The final norm and the unembedding, which no adapter changes: it waits for no work. */
  lens(...args: Parameters<ModelApi['lens']>): ReturnType<ModelApi['lens']> {
    return this.#handle.lens(...args)
  }

  /** Opens the model again after its worker was lost, with the reader's choice attached. */
  async reopen(onProgress?: (progress: Progress) => void): Promise<ModelInfo> {
    this.#attached = undefined
    await this.#handle.reopen(onProgress)
    this.#isDeviceLost = false
    return this.#attach(this.#choice, true)
  }

  /** Gives the memory back. What waits is rejected with `worker-lost`. */
  async close(): Promise<void> {
    this.#lose(new LabError('worker-lost', 'the model was closed; open it again'))
    await this.#handle.close()
  }

  #lose(error: LabError): void {
    this.#attached = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const { end } of waiting) end(error)
    this.#tell()
  }

  /** Whether the reader's choice is but another scale for an answer that runs and follows it. */
  #canRescale(): boolean {
    return this.#follows !== null && this.#choice !== null && this.#choice.sha256 === this.#attached?.sha256
  }

  /** One call at a time, the newest last. */
  async #rescale(): Promise<ModelInfo> {
    for (;;) {
      const choice = this.#choice
      const info = await this.#handle.useAdapter(choice)
      this.#attached = choice
      if (choice) this.#follows?.(choice)
      if (isSame(choice, this.#choice) || !this.#canRescale()) return info
    }
  }

  #attach(choice: AdapterChoice | null): Promise<void>
  #attach(choice: AdapterChoice | null, always: true): Promise<ModelInfo>
  async #attach(choice: AdapterChoice | null, always = false): Promise<ModelInfo | void> {
    if (!always && this.#attached !== undefined && isSame(this.#attached, choice)) return
    this.#attached = undefined
    const info = await this.#handle.useAdapter(choice)
    this.#attached = choice
    return info
  }

  async #inTurn<Result>(what: WorkName, signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> {
    signal?.throwIfAborted()
    const turn = await this.#turn(what, signal)
    if (turn instanceof LabError) throw turn
    // Whoever gave up has no turn to give back.
    if (turn === 'given up') signal?.throwIfAborted()
    try {
      if (this.#isDeviceLost) await this.#replaceDevice()
      return await work()
    } catch (error) {
      if (error instanceof LabError && error.code === 'device') this.#isDeviceLost = true
      throw error
    } finally {
      await this.#restore()
      this.#running = null
      this.#next()
    }
  }

  /** A worker outlives its GPU device, and would say so at every call: the next work opens the model again first. */
  async #replaceDevice(): Promise<void> {
    this.#attached = undefined
    await this.#handle.reopen()
    this.#isDeviceLost = false
  }

  /** Resolves when the model is free for it, when the signal comes first, or with the error when the worker ends first. */
  #turn(what: WorkName, signal: AbortSignal | undefined): Promise<Turn> {
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== job)
        this.#tell()
        job.end('given up')
      }
      const end = (turn: Turn): void => {
        signal?.removeEventListener('abort', giveUp)
        resolve(turn)
      }
      const job: Job = { what, end }
      signal?.addEventListener('abort', giveUp)
      this.#waiting = [...this.#waiting, job]
      this.#next()
    })
  }

  #next(): void {
    const [job, ...others] = this.#waiting
    if (!this.#running && job) {
      this.#running = job
      this.#waiting = others
      job.end('begins')
    }
    this.#tell()
  }

  /** Work that waits attaches its own; after a lost worker, `reopen` does, or whoever works next. */
  async #restore(): Promise<void> {
    if (this.#waiting.length > 0 || this.#attached === undefined) return
    // A result stands also where this fails: then it is not known what is attached, and whoever works next gets the error.
    await this.#attach(this.#choice).catch(() => undefined)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.queue)
  }
}

function isSame(a: AdapterChoice | null, b: AdapterChoice | null): boolean {
  return a?.sha256 === b?.sha256 && a?.scale === b?.scale
}
