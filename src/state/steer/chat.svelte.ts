import type { MadeBy } from '../../lab/live/circumstances'
import type { Lender, Lent } from '../../lab/live/lent-model'
import { presets } from '../presets'
import { endOf, type Status } from '../status'
import { Answering } from './answering'
import { emptyAnswer, promptOf, type Asked, type AskedArm } from './asked'
import type { Answer, Arm, Comparison, Form } from './comparison'
import { History } from './history.svelte'
import { readAgain, type ReadAgain } from './read-again'

/** One question, answered in several columns: one batch, and one more row where the adapter is off. */
export class Chat {
  question = $state(presets.lists.question)
  form = $state<Form>('chat')
  temperature = $state(presets.lists.temperature)
  /** 1 leaves no token out. */
  topP = $state(1)
  seed = $state(0)
  /** Empty while its field is being typed into. */
  maxTokens = $state<number | null>(presets.lists.maxTokens)
  /** The columns that are wanted, in any order. */
  arms = $state.raw<readonly Arm[]>(presets.lists.arms)
  /** Whether each answer is read again once it is there, to colour its tokens. */
  isColoured = $state(true)
  readonly history = new History()
  #status = $state.raw<Status<null>>({ kind: 'idle' })
  #rate = $state.raw(0)
  #reading = $state.raw<{ readonly done: number; readonly total: number } | null>(null)
  #controller: AbortController | null = null
  #answering: Answering | null = null

  get status(): Status<null> {
    return this.#status
  }

  get running(): boolean {
    return this.#status.kind === 'running'
  }

  /** Answers that were read for the colours of their tokens, of all; null while none is. */
  get reading(): { readonly done: number; readonly total: number } | null {
    return this.#reading
  }

  get shown(): Comparison | null {
    return this.history.shown
  }

  /** Tokens a second of one row, first token left out; 0 while unknown. */
  get rate(): number {
    return this.#rate
  }

  /** How tokens are drawn by the fields as they are. */
  get sampling(): MadeBy {
    return {
      temperature: Math.max(0, this.temperature || 0),
      topP: this.topP || 1,
      seed: Math.round(this.seed) || 0,
      maxTokens: Math.max(1, Math.round(this.maxTokens ?? presets.lists.maxTokens))
    }
  }

  answer(arm: Arm): Answer | null {
    return this.shown?.answers.find((one) => one.arm === arm) ?? null
  }

  /** Adds a column, or takes it away; one is left. */
  toggle(arm: Arm): void {
    const others = this.arms.filter((one) => one !== arm)
    if (others.length === this.arms.length) this.arms = [...this.arms, arm]
    else if (others.length > 0) this.arms = others
  }

  /** Streams all answers, once the model is free; ends when all have ended and, where they are to be coloured, have been read. */
  async ask(asked: Asked): Promise<void> {
    this.#controller?.abort()
    const { signal } = (this.#controller = new AbortController())
    const answering = this.#begin(asked)
    this.#reading = null
    this.#rate = 0
    this.#status = { kind: 'running', step: null }
    const onScale = answering.rescaled.bind(answering)
    try {
      await asked.live.under(asked.adapter, (model) => this.#answer(model, answering, asked), {
        ...{ what: 'answer', signal, onScale }
      })
      if (this.running) this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    } finally {
      answering.end()
    }
    if (this.isColoured && this.#status.kind === 'done') await this.#colour(asked, answering)
  }

  /** The running answers end between two tokens; a question that waits for the model is taken back. */
  async stop(): Promise<void> {
    const hasBegun = await this.#answering?.stop()
    if (!hasBegun && this.running) this.#controller?.abort()
  }

  /** Leaves the answers without colours. */
  stopReading(): void {
    if (!this.running) this.#controller?.abort()
  }

  /** Makes running answers follow the controls; see `Answering`. */
  async follow(arms: readonly AskedArm[]): Promise<void> {
    if (this.running && arms.length > 0) await this.#follow((answering) => answering.follow(arms))
  }

  async #follow(act: (answering: Answering) => Promise<void>): Promise<void> {
    const answering = this.#answering
    if (!answering) return
    try {
      await act(answering)
    } catch (error) {
      this.#status = endOf(error)
      await answering.stop()
    }
  }

  #begin(asked: Asked): Answering {
    const isCurrent = (): boolean => this.#answering === answering
    const answering: Answering = new Answering(asked, {
      isCurrent,
      answer: (arm) => (isCurrent() ? (this.history.current?.answers.find((one) => one.arm === arm) ?? null) : null),
      change: (arm, change) => isCurrent() && this.#change(arm, change),
      onFirst: () => void this.#follow((one) => one.follow()),
      onRate: (rate) => (this.#rate = rate)
    })
    return (this.#answering = answering)
  }

  #answer(model: Lent, answering: Answering, { question, arms, setting, link }: Asked): Promise<void> {
    this.history.begin({ question, answers: arms.map(emptyAnswer), circumstances: setting, link })
    return answering.run(model)
  }

  /** Reads each answer once more, as it was generated, for the projections of its tokens. All get their colours at once, on one scale. */
  async #colour(asked: Asked, answering: Answering): Promise<void> {
    const { signal } = (this.#controller = new AbortController())
    const { arms, live, setting } = asked
    const found: Partial<Record<Arm, ReadAgain>> = {}
    const lender: Lender = { under: (choice, work) => live.under(choice, work, { what: 'colours', signal }) }
    try {
      for (const [done, { arm }] of arms.entries()) {
        this.#reading = { done, total: arms.length }
        const generated = { prompt: promptOf(asked), ids: answering.ids[arm] ?? [], ran: answering.ran[arm] ?? [] }
        const { limit } = setting.model
        found[arm] = await readAgain(lender, generated, setting.directions.directions, { limit, signal })
      }
      for (const { arm } of arms) this.#change(arm, () => found[arm] ?? { projections: null })
    } catch (error) {
      if (!signal.aborted) this.#status = endOf(error)
    } finally {
      if (answering === this.#answering) this.#reading = null
    }
  }

  #change(arm: Arm, change: (answer: Answer) => Partial<Answer>): void {
    this.history.change((comparison) => ({
      ...comparison,
      answers: comparison.answers.map((one) => (one.arm === arm ? { ...one, ...change(one) } : one))
    }))
  }
}
