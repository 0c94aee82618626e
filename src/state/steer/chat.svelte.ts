import type { Projections } from '../../direction/project'
import type { GenerateOptions, GenerateRow, Steering, TokenEvent } from '../../lab/api'
import type { ModelHandle } from '../../lab/connect'
import type { Answer, Arm, Circumstances, Comparison, Form } from './comparison'
import { History } from './history.svelte'
import { presets } from '../presets'
import { readAgain, type Ran } from './read-again'
import { endOf, type Status } from '../status'

/** A steering and how the page writes it: "alpha +1.50", "layer 12". */
export interface NamedSteering {
  readonly steering: Steering
  readonly label: string
  readonly where: string
}

/** One column that is asked for. */
export interface AskedArm {
  readonly arm: Arm
  readonly title: string
  readonly steering: NamedSteering | null
}

/** All that an answer needs. */
export interface Asked {
  readonly handle: ModelHandle
  readonly arms: readonly AskedArm[]
  readonly circumstances: Circumstances
  readonly link: string
  /** Puts the adapter back in use that was, after the arm without one. */
  readonly restore: () => Promise<void>
}

interface TokenReader {
  readonly take: (events: readonly TokenEvent[]) => void
  /** Resolves once so many tokens were taken. */
  readonly wait: (total: number) => Promise<void>
}

/** How many of the likeliest tokens are named for each one drawn. */
const alternatives = 5

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
  #asked: Asked | null = null
  /** The running rows, in their order in the batch. */
  #rows: readonly AskedArm[] = []
  #sent: readonly AskedArm[] = []
  #wanted: readonly AskedArm[] = []
  #sending = false
  #stopped = false
  /** The tokens of each answer that has ended; those on the page may still be on their way. */
  #ids: Partial<Record<Arm, readonly number[]>> = {}
  /** What each answer was steered by, from which of its tokens on. */
  #ran: Partial<Record<Arm, readonly Ran[]>> = {}
  /** What the next token of each row is marked with. */
  #marks: Partial<Record<Arm, string>> = {}

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

  answer(arm: Arm): Answer | null {
    return this.shown?.answers.find((one) => one.arm === arm) ?? null
  }

  /** Adds a column, or takes it away; one is left. */
  toggle(arm: Arm): void {
    const others = this.arms.filter((one) => one !== arm)
    if (others.length === this.arms.length) this.arms = [...this.arms, arm]
    else if (others.length > 0) this.arms = others
  }

  /** Streams all answers; ends when all have ended and, where they are to be coloured, have been read. */
  async ask(asked: Asked): Promise<void> {
    this.#asked = asked
    this.#sent = asked.arms
    this.#stopped = false
    this.#marks = {}
    this.#ids = {}
    this.#ran = Object.fromEntries(asked.arms.map(({ arm, steering }) => [arm, [{ from: 0, ...steeringOf(steering) }]]))
    this.#controller?.abort()
    this.#reading = null
    this.#rate = 0
    this.#status = { kind: 'running', step: null }
    const { arms, circumstances, link } = asked
    this.history.begin({ question: this.question, answers: arms.map(emptyAnswer), circumstances, link })
    const adapted = arms.filter(({ arm }) => arm !== 'bare')
    const bare = arms.filter(({ arm }) => arm === 'bare')
    try {
      if (adapted.length > 0) await this.#generate(asked, adapted)
      if (bare.length > 0 && !this.#stopped) await this.#withoutAdapter(asked, () => this.#generate(asked, bare))
      if (this.running) this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    }
    if (this.isColoured && this.#status.kind === 'done') await this.#colour(asked)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#asked?.handle.stop()
  }

  /** Leaves the answers without colours. */
  stopReading(): void {
    this.#controller?.abort()
  }

  /** Marks the next token of every answer that is running: something that all of them run with has just changed. */
  markAll(label: string): void {
    if (this.running) for (const { arm } of this.#rows) this.#marks[arm] = label
  }

  /** Makes running answers follow the controls: the newest steering wins, one call at a time. */
  async follow(arms: readonly AskedArm[]): Promise<void> {
    if (!this.running || arms.length === 0) return
    this.#wanted = arms
    if (this.#sending) return
    this.#sending = true
    try {
      for (let next = this.#nextChange(); next && this.running; next = this.#nextChange()) await this.#send(next)
    } catch (error) {
      this.#status = endOf(error)
      await this.#asked?.handle.stop()
    } finally {
      this.#sending = false
    }
  }

  /** A row whose wanted steering is not the one it has. */
  #nextChange(): AskedArm | null {
    return (
      this.#wanted.find(({ arm, steering }) => {
        const sent = this.#sent.find((one) => one.arm === arm)
        const isRunning = this.#rows.some((one) => one.arm === arm)
        return isRunning && sent?.steering && steering && sent.steering !== steering
      }) ?? null
    )
  }

  async #send(next: AskedArm): Promise<void> {
    const row = this.#rows.findIndex(({ arm }) => arm === next.arm)
    const before = this.#sent.find(({ arm }) => arm === next.arm)?.steering
    if (!next.steering) return
    await this.#asked?.handle.steer(row, next.steering.steering)
    const from = this.history.current?.answers.find(({ arm }) => arm === next.arm)?.tokens.length ?? 0
    this.#ran[next.arm] = [...(this.#ran[next.arm] ?? []), { from, ...steeringOf(next.steering) }]
    const { label, where } = next.steering
    this.#marks[next.arm] = where === before?.where ? label : `${label}, ${where}`
    this.#sent = this.#sent.map((one) => (one.arm === next.arm ? next : one))
  }

  async #generate({ handle }: Asked, arms: readonly AskedArm[]): Promise<void> {
    this.#rows = arms
    const rows = arms.map(({ steering }) => this.#row(steering))
    const reader = this.#tokenReader(arms)
    const { completions } = await handle.generate(rows, this.#options(), reader.take)
    this.#rows = []
    await reader.wait(completions.reduce((sum, { ids }) => sum + ids.length, 0))
    arms.forEach(({ arm }, row) => {
      this.#ids[arm] = completions[row]?.ids ?? []
      this.#change(arm, () => ({ finish: completions[row]?.finish ?? null }))
    })
  }

  async #withoutAdapter({ handle, restore }: Asked, work: () => Promise<void>): Promise<void> {
    try {
      await handle.useAdapter(null)
      await work()
    } finally {
      await restore()
    }
  }

  /** Reads each answer once more, steered as it was, for the projections of its tokens. All get their colours at once, on one scale. */
  async #colour(asked: Asked): Promise<void> {
    const { signal } = (this.#controller = new AbortController())
    const found: Partial<Record<Arm, Projections>> = {}
    const total = asked.arms.length
    try {
      for (const [done, { arm }] of asked.arms.entries()) {
        this.#reading = { done, total }
        const read = async (): Promise<void> => void (found[arm] = await this.#project(asked, arm, signal))
        await (arm === 'bare' ? this.#withoutAdapter(asked, read) : read())
      }
      for (const { arm } of asked.arms) this.#change(arm, () => ({ projections: found[arm] ?? null }))
    } catch (error) {
      if (!signal.aborted) this.#status = endOf(error)
    } finally {
      if (asked === this.#asked) this.#reading = null
    }
  }

  #project({ handle, circumstances }: Asked, arm: Arm, signal: AbortSignal): Promise<Projections> {
    const generated = { prompt: this.#prompt(), ids: this.#ids[arm] ?? [], ran: this.#ran[arm] ?? [] }
    return readAgain(handle, generated, circumstances.directions.directions, signal)
  }

  #prompt(): GenerateRow['prompt'] {
    const content = this.history.current?.question ?? this.question
    const form = this.history.current?.circumstances.form ?? this.form
    return form === 'text' ? { text: content } : { messages: [{ role: 'user', content }] }
  }

  #row(steering: NamedSteering | null): GenerateRow {
    return {
      prompt: this.#prompt(),
      seed: Math.round(this.seed) || 0,
      ...(steering && { steering: steering.steering })
    }
  }

  #options(): GenerateOptions {
    return {
      maxTokens: Math.max(1, Math.round(this.maxTokens ?? presets.lists.maxTokens)),
      sampling: { temperature: Math.max(0, this.temperature || 0), topP: this.topP || 1 },
      alternatives
    }
  }

  /** Tokens have a channel of their own: the last ones may come after the result, and are waited for, for a second. */
  #tokenReader(arms: readonly AskedArm[]): TokenReader {
    const asked = this.#asked
    let first = 0
    let steps = 0
    let count = 0
    const wait = async (total: number): Promise<void> => {
      for (let tries = 0; count < total && tries < 50; tries++) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const take = (events: readonly TokenEvent[]): void => {
      if (asked !== this.#asked) return
      count += events.length
      const now = performance.now()
      first ||= now
      for (const event of events) this.#append(arms[event.row]?.arm, event)
      if (now > first) this.#rate = (++steps / (now - first)) * 1000
    }
    return { take, wait }
  }

  #append(arm: Arm | undefined, { id, text, probability, alternatives: others = [] }: TokenEvent): void {
    if (!arm) return
    const mark = this.#marks[arm]
    this.#marks = { ...this.#marks, [arm]: undefined }
    const token = { id, text, probability, alternatives: others, ...(mark !== undefined && { mark }) }
    this.#change(arm, ({ tokens }) => ({ tokens: [...tokens, token] }))
  }

  #change(arm: Arm, change: (answer: Answer) => Partial<Answer>): void {
    this.history.change((comparison) => ({
      ...comparison,
      answers: comparison.answers.map((one) => (one.arm === arm ? { ...one, ...change(one) } : one))
    }))
  }
}

const steeringOf = (named: NamedSteering | null): { readonly steering: Steering | null } => ({
  steering: named?.steering ?? null
})

function emptyAnswer({ arm, title, steering }: AskedArm): Answer {
  const note = steering ? `${steering.label}, ${steering.where}` : ''
  return { arm, title, note, tokens: [], finish: null, projections: null }
}
