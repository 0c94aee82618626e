import type { Projections } from '../../direction/project'
import type { AdapterChoice, GenerateOptions, GenerateRow, Prompt, Steering, TokenEvent } from '../../lab/api'
import { differences, type Circumstances, type MadeBy, type MadeWith } from '../../lab/live/circumstances'
import type { Lender, Lent } from '../../lab/live/lent-model'
import type { LiveModel } from '../../lab/live/live-model'
import type { Answer, Arm, Comparison, Form, Setting } from './comparison'
import { History } from './history.svelte'
import { presets } from '../presets'
import { readAgain, type Ran } from './read-again'
import { endOf, type Status } from '../status'

/** A steering and how the page writes it: "alpha +1.50", "layer 12". */
export interface NamedSteering {
  readonly steering: Steering
  readonly made: MadeWith
  readonly label: string
  readonly where: string
}

/** One column that is asked for. */
export interface AskedArm {
  readonly arm: Arm
  readonly title: string
  readonly steering: NamedSteering | null
  readonly made: Circumstances
}

/** All that an answer needs, as it stood when the question was put. */
export interface Asked {
  readonly live: Pick<LiveModel, 'under'>
  /** In use for all arms but the one without it. */
  readonly adapter: AdapterChoice | null
  readonly question: string
  readonly arms: readonly AskedArm[]
  readonly setting: Setting
  readonly link: string
}

interface TokenReader {
  readonly take: (events: readonly TokenEvent[]) => void
  /** The generation has ended: the rows follow nothing more. Resolves once so many tokens were taken. */
  readonly end: (total: number) => Promise<void>
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
  /** The model while the answers run. */
  #lent: Lent | null = null
  /** The rows whose first token is there, in their order in the batch: from then on they follow the controls. */
  #rows: readonly AskedArm[] = []
  /** The rows that compute with the adapter, from before their first token on. */
  #adapted: readonly AskedArm[] = []
  #sent: readonly AskedArm[] = []
  #wanted: readonly AskedArm[] = []
  #sending = false
  #stopped = false
  /** The tokens of each answer that has ended; those on the page may still be on their way. */
  #ids: Partial<Record<Arm, readonly number[]>> = {}
  /** What each answer was generated under, from which of its tokens on. */
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
    const { live, adapter, arms } = asked
    this.#controller?.abort()
    const { signal } = (this.#controller = new AbortController())
    this.#asked = asked
    this.#wanted = []
    this.#stopped = false
    this.#reading = null
    this.#rate = 0
    this.#status = { kind: 'running', step: null }
    const onScale = (choice: AdapterChoice): void => this.#rescaled(choice)
    try {
      await live.under(adapter, (model) => this.#answer(model, asked), { what: 'answer', signal, onScale })
      if (this.running) this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    } finally {
      this.#lent = null
      this.#rows = []
      this.#adapted = []
    }
    if (this.isColoured && this.#status.kind === 'done') await this.#colour(asked, arms)
  }

  /** The running answers end between two tokens; a question that waits for the model is taken back. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#lent) await this.#lent.stop()
    else if (this.running) this.#controller?.abort()
  }

  /** Leaves the answers without colours. */
  stopReading(): void {
    if (!this.running) this.#controller?.abort()
  }

  /** Makes running answers follow the controls, as long as these are of the same model: the newest steering wins, one call at a time. */
  async follow(arms: readonly AskedArm[]): Promise<void> {
    if (!this.running || arms.length === 0) return
    this.#wanted = arms
    if (this.#sending) return
    this.#sending = true
    try {
      for (let next = this.#nextChange(); next && this.running; next = this.#nextChange()) await this.#send(next)
    } catch (error) {
      this.#status = endOf(error)
      await this.#lent?.stop()
    } finally {
      this.#sending = false
    }
  }

  /** A row whose wanted steering is not the one it has. */
  #nextChange(): AskedArm | null {
    return (
      this.#wanted.find(({ arm, steering, made }) => {
        const sent = this.#sent.find((one) => one.arm === arm)
        const isRunning = this.#rows.some((one) => one.arm === arm)
        if (!isRunning || !sent?.steering || !steering || sent.steering === steering) return false
        return isSameRun(sent.made, made)
      }) ?? null
    )
  }

  async #send(next: AskedArm): Promise<void> {
    const row = this.#rows.findIndex(({ arm }) => arm === next.arm)
    if (!next.steering || !this.#lent) return
    await this.#lent.steer(row, next.steering.steering)
    this.#sent = this.#sent.map((one) => (one.arm === next.arm ? next : one))
    const { steering } = next.made
    if (steering) this.#moved(next.arm, { steering }, next.steering.steering)
  }

  /** The running rows compute at another scale of their adapter from now on. */
  #rescaled(adapter: AdapterChoice): void {
    for (const { arm } of this.#adapted) {
      const before = this.history.current?.answers.find((one) => one.arm === arm)?.made.at(-1)?.circumstances
      if (!before?.model.adapter) continue
      const model = { ...before.model, adapter: { ...before.model.adapter, scale: adapter.scale } }
      this.#moved(arm, { model }, undefined, adapter)
    }
  }

  /** Something moved while an answer runs: from its next token on it is made otherwise, and that token is marked. */
  #moved(arm: Arm, change: Partial<Circumstances>, steering?: Steering, adapter?: AdapterChoice): void {
    const answer = this.history.current?.answers.find((one) => one.arm === arm)
    const before = answer?.made.at(-1)?.circumstances
    const ran = this.#ran[arm]?.at(-1)
    if (!answer || !before || !ran) return
    const from = answer.tokens.length
    const circumstances = { ...before, ...change }
    this.#ran[arm] = [
      ...(this.#ran[arm] ?? []),
      { ...ran, from, ...(steering && { steering }), ...(adapter && { adapter }) }
    ]
    const mark = adapter
      ? `adapter ${adapter.scale.toFixed(2)}`
      : differences(before, circumstances)
          .map(({ now }) => now)
          .join(', ')
    if (mark !== '') this.#marks[arm] = mark
    this.#change(arm, ({ made }) => ({ made: [...made, { from, circumstances }] }))
  }

  async #answer(model: Lent, asked: Asked): Promise<void> {
    const { arms, adapter, question, setting, link } = asked
    this.#sent = arms
    this.#marks = {}
    this.#ids = {}
    const ran = ({ arm, steering }: AskedArm): Ran => {
      return { from: 0, adapter: arm === 'bare' ? null : adapter, steering: steering?.steering ?? null }
    }
    this.#ran = Object.fromEntries(arms.map((one) => [one.arm, [ran(one)]]))
    this.history.begin({ question, answers: arms.map(emptyAnswer), setting, link })
    const adapted = arms.filter(({ arm }) => arm !== 'bare')
    const bare = arms.filter(({ arm }) => arm === 'bare')
    this.#adapted = adapted
    if (adapted.length > 0) await this.#generate(model, asked, adapted)
    this.#adapted = []
    if (bare.length > 0 && !this.#stopped) await model.under(null, (base) => this.#generate(base, asked, bare))
  }

  async #generate(model: Lent, asked: Asked, arms: readonly AskedArm[]): Promise<void> {
    const rows = arms.map((one) => rowOf(asked, one))
    const reader = this.#tokenReader(arms)
    this.#lent = model
    const { completions } = await model.generate(rows, optionsOf(arms), reader.take)
    this.#rows = []
    await reader.end(completions.reduce((sum, { ids }) => sum + ids.length, 0))
    arms.forEach(({ arm }, row) => {
      this.#ids[arm] = completions[row]?.ids ?? []
      this.#change(arm, () => ({ finish: completions[row]?.finish ?? null }))
    })
  }

  /** Reads each answer once more, as it was generated, for the projections of its tokens. All get their colours at once, on one scale. */
  async #colour(asked: Asked, arms: readonly AskedArm[]): Promise<void> {
    const { signal } = (this.#controller = new AbortController())
    const found: Partial<Record<Arm, Projections>> = {}
    const lender: Lender = {
      under: (choice, work) => asked.live.under(choice, work, { what: 'colours', signal })
    }
    try {
      for (const [done, { arm }] of arms.entries()) {
        this.#reading = { done, total: arms.length }
        const generated = { prompt: promptOf(asked), ids: this.#ids[arm] ?? [], ran: this.#ran[arm] ?? [] }
        found[arm] = await readAgain(lender, generated, asked.setting.directions.directions, signal)
      }
      for (const { arm } of arms) this.#change(arm, () => ({ projections: found[arm] ?? null }))
    } catch (error) {
      if (!signal.aborted) this.#status = endOf(error)
    } finally {
      if (asked === this.#asked) this.#reading = null
    }
  }

  /** Tokens have a channel of their own: the last ones may come after the result, and are waited for, for a second. */
  #tokenReader(arms: readonly AskedArm[]): TokenReader {
    const asked = this.#asked
    let first = 0
    let steps = 0
    let count = 0
    let isOver = false
    const end = async (total: number): Promise<void> => {
      isOver = true
      for (let tries = 0; count < total && tries < 50; tries++) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const take = (events: readonly TokenEvent[]): void => {
      if (asked !== this.#asked) return
      count += events.length
      if (!isOver && steps === 0) {
        this.#rows = arms
        void this.follow(this.#wanted)
      }
      const now = performance.now()
      first ||= now
      for (const event of events) this.#append(arms[event.row]?.arm, event)
      steps++
      if (now > first) this.#rate = ((steps - 1) / (now - first)) * 1000
    }
    return { take, end }
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

function promptOf({ question, setting }: Asked): Prompt {
  if (setting.form === 'text') return { text: question }
  return { messages: [{ role: 'user', content: question }] }
}

function rowOf(asked: Asked, { steering, made }: AskedArm): GenerateRow {
  return { prompt: promptOf(asked), seed: made.sampling?.seed ?? 0, ...(steering && { steering: steering.steering }) }
}

/** Of arms of one question, which are drawn alike. */
function optionsOf([one]: readonly AskedArm[]): GenerateOptions {
  const { maxTokens = presets.lists.maxTokens, temperature = 0, topP = 1 } = one?.made.sampling ?? {}
  return { maxTokens, sampling: { temperature, topP }, alternatives }
}

/** Whether controls belong to what runs: the same model under the same adapter, whatever its scale. */
function isSameRun({ model: one }: Circumstances, { model: other }: Circumstances): boolean {
  return one.sha256 === other.sha256 && one.dtype === other.dtype && one.adapter?.sha256 === other.adapter?.sha256
}

function emptyAnswer({ arm, title, steering, made }: AskedArm): Answer {
  const note = steering ? `${steering.label}, ${steering.where}` : ''
  return { arm, title, note, made: [{ from: 0, circumstances: made }], tokens: [], finish: null, projections: null }
}
