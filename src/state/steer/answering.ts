/** One question while it is answered: its rows stream their tokens, and follow the controls between two of them. */
import type { AdapterChoice, Steering, TokenEvent } from '../../lab/api'
import { differences, type Circumstances } from '../../lab/live/circumstances'
import type { Lent } from '../../lab/live/lent-model'
import { isSameRun, optionsOf, rowOf, type Asked, type AskedArm } from './asked'
import type { Answer, Arm } from './comparison'
import type { Ran } from './read-again'

/** Where the tokens go. */
export interface AnswerSheet {
  /** False once another question was put: then what still comes is dropped. */
  readonly isCurrent: () => boolean
  readonly answer: (arm: Arm) => Answer | null
  readonly change: (arm: Arm, change: (answer: Answer) => Partial<Answer>) => void
  /** The rows have their first tokens: from now on they follow what was wanted meanwhile. */
  readonly onFirst: () => void
  /** Tokens a second of one row, first token left out. */
  readonly onRate: (rate: number) => void
}

interface TokenReader {
  readonly take: (events: readonly TokenEvent[]) => void
  /** The generation has ended: the rows follow nothing more. Resolves once so many tokens were taken. */
  readonly end: (total: number) => Promise<void>
}

/** Answers one question, in one batch, and one more row where the adapter is off. */
export class Answering {
  /** The tokens of each answer that has ended; those on the page may still be on their way. */
  readonly ids: Partial<Record<Arm, readonly number[]>> = {}
  /** What each answer was generated under, from which of its tokens on. */
  readonly ran: Partial<Record<Arm, readonly Ran[]>> = {}
  readonly #asked: Asked
  readonly #sheet: AnswerSheet
  /** The model while the answers run. */
  #lent: Lent | null = null
  /** The rows whose first token is there, in their order in the batch: from then on they follow the controls. */
  #rows: readonly AskedArm[] = []
  /** The rows that compute with the adapter, from before their first token on. */
  #adapted: readonly AskedArm[] = []
  #sent: readonly AskedArm[]
  #wanted: readonly AskedArm[] = []
  #isSending = false
  #isStopped = false
  /** What the next token of each row is marked with. */
  #marks: Partial<Record<Arm, string>> = {}

  constructor(asked: Asked, sheet: AnswerSheet) {
    this.#asked = asked
    this.#sheet = sheet
    this.#sent = asked.arms
    for (const { arm, steering } of asked.arms) {
      const adapter = arm === 'bare' ? null : asked.adapter
      this.ran[arm] = [{ from: 0, adapter, steering: steering?.steering ?? null }]
    }
  }

  /** Streams all answers on a model that this work has to itself. */
  async run(model: Lent): Promise<void> {
    const { arms } = this.#asked
    const adapted = arms.filter(({ arm }) => arm !== 'bare')
    const bare = arms.filter(({ arm }) => arm === 'bare')
    this.#adapted = adapted
    if (adapted.length > 0) await this.#generate(model, adapted)
    this.#adapted = []
    if (bare.length > 0 && !this.#isStopped) await model.under(null, (base) => this.#generate(base, bare))
  }

  /** It has ended, or failed: nothing follows the controls any more. */
  end(): void {
    this.#lent = null
    this.#rows = []
    this.#adapted = []
  }

  /** Ends the answers between two tokens. Resolves to whether there were any: else the question still waits for the model. */
  async stop(): Promise<boolean> {
    this.#isStopped = true
    if (!this.#lent) return false
    await this.#lent.stop()
    return true
  }

  /** Makes the answers follow the controls, as long as these are of the same model: the newest steering wins, one call at a time. */
  async follow(arms: readonly AskedArm[] = this.#wanted): Promise<void> {
    this.#wanted = arms
    if (this.#isSending) return
    this.#isSending = true
    try {
      for (let next = this.#nextChange(); next; next = this.#nextChange()) await this.#send(next)
    } finally {
      this.#isSending = false
    }
  }

  /** The running rows compute at another scale of their adapter from now on. */
  rescaled(adapter: AdapterChoice): void {
    for (const { arm } of this.#adapted) {
      const before = this.#sheet.answer(arm)?.made.at(-1)?.circumstances
      if (!before?.model.adapter) continue
      const model = { ...before.model, adapter: { ...before.model.adapter, scale: adapter.scale } }
      this.#moved(arm, { model }, { adapter })
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
    if (steering) this.#moved(next.arm, { steering }, { steering: next.steering.steering })
  }

  /** Something moved while an answer runs: from its next token on it is made otherwise, and that token is marked. */
  #moved(
    arm: Arm,
    change: Partial<Circumstances>,
    by: { readonly steering: Steering } | { readonly adapter: AdapterChoice }
  ): void {
    const answer = this.#sheet.answer(arm)
    const before = answer?.made.at(-1)?.circumstances
    const ran = this.ran[arm]?.at(-1)
    if (!answer || !before || !ran) return
    const from = answer.tokens.length
    const circumstances = { ...before, ...change }
    this.ran[arm] = [...(this.ran[arm] ?? []), { ...ran, from, ...by }]
    const mark =
      'adapter' in by
        ? `adapter ${by.adapter.scale.toFixed(2)}`
        : differences(before, circumstances)
            .map(({ now }) => now)
            .join(', ')
    if (mark !== '') this.#marks[arm] = mark
    this.#sheet.change(arm, ({ made }) => ({ made: [...made, { from, circumstances }] }))
  }

  async #generate(model: Lent, arms: readonly AskedArm[]): Promise<void> {
    const rows = arms.map((one) => rowOf(this.#asked, one))
    const reader = this.#tokenReader(arms)
    this.#lent = model
    const { completions } = await model.generate(rows, optionsOf(arms), reader.take)
    this.#rows = []
    await reader.end(completions.reduce((sum, { ids }) => sum + ids.length, 0))
    arms.forEach(({ arm }, row) => {
      this.ids[arm] = completions[row]?.ids ?? []
      this.#sheet.change(arm, () => ({ finish: completions[row]?.finish ?? null }))
    })
  }

  /** Tokens have a channel of their own: the last ones may come after the result, and are waited for, for a second. */
  #tokenReader(arms: readonly AskedArm[]): TokenReader {
    let [first, steps, count, isOver] = [0, 0, 0, false]
    const end = async (total: number): Promise<void> => {
      isOver = true
      for (let tries = 0; count < total && tries < 50; tries++) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const take = (events: readonly TokenEvent[]): void => {
      if (!this.#sheet.isCurrent()) return
      count += events.length
      if (!isOver && steps === 0) {
        this.#rows = arms
        this.#sheet.onFirst()
      }
      const now = performance.now()
      first ||= now
      for (const event of events) this.#append(arms[event.row]?.arm, event)
      steps++
      if (now > first) this.#sheet.onRate(((steps - 1) / (now - first)) * 1000)
    }
    return { take, end }
  }

  #append(arm: Arm | undefined, { id, text, probability, alternatives: others = [] }: TokenEvent): void {
    if (!arm) return
    const mark = this.#marks[arm]
    this.#marks = { ...this.#marks, [arm]: undefined }
    const token = { id, text, probability, alternatives: others, ...(mark !== undefined && { mark }) }
    this.#sheet.change(arm, ({ tokens }) => ({ tokens: [...tokens, token] }))
  }
}
