import { LabError } from '../../errors'
import type { AdapterChoice, ModelApi, Steering } from '../api'

/** The calls of a model whose results depend on the adapter, or that belong to such work. */
export type LentCalls = Pick<
  ModelApi,
  'tokenize' | 'capture' | 'logits' | 'lens' | 'score' | 'generate' | 'steer' | 'stop'
>

/** Something that lends a model under an adapter: an open model, or one that is lent already. */
export interface Lender {
  readonly under: <Result>(choice: AdapterChoice | null, work: (model: Lent) => Promise<Result>) => Promise<Result>
}

/**
 * A model as long as a piece of work has it to itself: every call runs under the adapter that the work named. Afterwards
 * every call is refused, and so it is while a part of the work has the model under another adapter.
 */
export class Lent implements LentCalls, Lender {
  readonly #calls: LentCalls
  readonly #attach: (choice: AdapterChoice | null) => Promise<void>
  #choice: AdapterChoice | null
  #state: 'open' | 'lent on' | 'over' = 'open'

  constructor(calls: LentCalls, attach: (choice: AdapterChoice | null) => Promise<void>, choice: AdapterChoice | null) {
    this.#calls = calls
    this.#attach = attach
    this.#choice = choice
  }

  /** What every call runs under. */
  get choice(): AdapterChoice | null {
    return this.#choice
  }

  /**
   * A part of the work under another adapter, or under none. It waits for nothing.
   * @throws LabError `adapter` where it is not loaded; what the work throws
   */
  async under<Result>(choice: AdapterChoice | null, work: (model: Lent) => Promise<Result>): Promise<Result> {
    this.#check()
    const part = new Lent(this.#calls, this.#attach, choice)
    this.#state = 'lent on'
    try {
      return await work(part)
    } finally {
      part.end()
      this.#state = 'open'
    }
  }

  async tokenize(...args: Parameters<ModelApi['tokenize']>): ReturnType<ModelApi['tokenize']> {
    return (await this.#ready()).tokenize(...args)
  }

  async capture(...args: Parameters<ModelApi['capture']>): ReturnType<ModelApi['capture']> {
    return (await this.#ready()).capture(...args)
  }

  async logits(...args: Parameters<ModelApi['logits']>): ReturnType<ModelApi['logits']> {
    return (await this.#ready()).logits(...args)
  }

  async lens(...args: Parameters<ModelApi['lens']>): ReturnType<ModelApi['lens']> {
    return (await this.#ready()).lens(...args)
  }

  async score(...args: Parameters<ModelApi['score']>): ReturnType<ModelApi['score']> {
    return (await this.#ready()).score(...args)
  }

  async generate(...args: Parameters<ModelApi['generate']>): ReturnType<ModelApi['generate']> {
    return (await this.#ready()).generate(...args)
  }

  /** Steers this work's own generation, from the next token on. */
  async steer(row: number, steering: Steering | null): Promise<void> {
    this.#check()
    await this.#calls.steer(row, steering)
  }

  /** Ends this work's own generation. Once the work is over there is none: another's is left alone. */
  async stop(): Promise<void> {
    if (this.#state === 'open') await this.#calls.stop()
  }

  /** Another scale of the same adapter, which the model has already got. */
  rescaled(choice: AdapterChoice): void {
    this.#choice = choice
  }

  /** Takes the model back. */
  end(): void {
    this.#state = 'over'
  }

  /** A part of the work may have left another adapter attached, or failed. */
  async #ready(): Promise<LentCalls> {
    this.#check()
    await this.#attach(this.#choice)
    this.#check()
    return this.#calls
  }

  #check(): void {
    if (this.#state === 'open') return
    const why = this.#state === 'over' ? 'has ended' : 'has lent it on under another adapter'
    throw new LabError('shape', `this work on the model ${why}; ask for the model again`)
  }
}
