import type { Completion, GenerateOptions, Steering, TokenEvent } from '../lab/api'
import type { ModelHandle } from '../lab/connect'
import { endOf, type Status } from './status'

/** Used, too, while a number field is empty. */
const defaultMaxTokens = 120

export const exampleQuestion = 'Describe the view from the window.'

/** A token on the page. `mark` is set where the steering had just changed: what it is from here on. */
export interface ShownToken {
  readonly text: string
  readonly probability: number
  readonly mark?: string
}

export interface Answer {
  readonly tokens: readonly ShownToken[]
  readonly finish: Completion['finish'] | null
}

/** A steering and how the page writes it: "alpha +1.50", "layer 12". */
export interface NamedSteering {
  readonly steering: Steering
  readonly label: string
  readonly where: string
}

const emptyAnswer: Answer = { tokens: [], finish: null }
const steeredRow = 1

/** One question, answered twice in one batch: row 0 as the model is, row 1 steered. */
export class Chat {
  question = $state(exampleQuestion)
  temperature = $state(0.3)
  seed = $state(0)
  maxTokens = $state(defaultMaxTokens)
  #status = $state.raw<Status<null>>({ kind: 'idle' })
  #plain = $state.raw<Answer>(emptyAnswer)
  #steered = $state.raw<Answer>(emptyAnswer)
  #askedLabel = $state.raw('')
  #rate = $state.raw(0)
  #handle: ModelHandle | null = null
  #sent: NamedSteering | null = null
  #wanted: NamedSteering | null = null
  #sending = false
  /** What the next token of each row is marked with. */
  readonly #marks: (string | null)[] = [null, null]
  #run = 0

  get status(): Status<null> {
    return this.#status
  }

  get running(): boolean {
    return this.#status.kind === 'running'
  }

  get plain(): Answer {
    return this.#plain
  }

  get steered(): Answer {
    return this.#steered
  }

  /** How the steered answer was begun. */
  get askedLabel(): string {
    return this.#askedLabel
  }

  /** Tokens a second of one row, first token left out; 0 while unknown. */
  get rate(): number {
    return this.#rate
  }

  /** Streams both answers; ends when both have ended. */
  async ask(handle: ModelHandle, steering: NamedSteering): Promise<void> {
    const run = ++this.#run
    this.#handle = handle
    this.#sent = this.#wanted = steering
    this.#marks.fill(null)
    this.#askedLabel = `${steering.label}, ${steering.where}`
    this.#plain = this.#steered = emptyAnswer
    this.#rate = 0
    this.#status = { kind: 'running', step: null }
    const seed = Math.round(this.seed) || 0
    const prompt = { messages: [{ role: 'user' as const, content: this.question }] }
    const rows = [
      { prompt, seed },
      { prompt, seed, steering: steering.steering }
    ]
    const show = this.#tokenReader()
    try {
      const { completions } = await handle.generate(
        rows,
        this.#options(),
        (events) => run === this.#run && show(events)
      )
      this.#plain = { ...this.#plain, finish: completions[0]?.finish ?? null }
      this.#steered = { ...this.#steered, finish: completions[steeredRow]?.finish ?? null }
      if (this.running) this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  async stop(): Promise<void> {
    await this.#handle?.stop()
  }

  /** Marks the next token of both answers: something that both run with has just changed. */
  markBoth(label: string): void {
    if (this.running) this.#marks.fill(label)
  }

  /** Makes a running answer follow the controls: the newest steering wins, one call at a time. */
  async follow(steering: NamedSteering | null): Promise<void> {
    if (!steering || !this.running || this.#sent === steering) return
    this.#wanted = steering
    if (this.#sending) return
    this.#sending = true
    try {
      while (this.#handle && this.#wanted && this.#wanted !== this.#sent && this.running) {
        const next: NamedSteering = this.#wanted
        await this.#handle.steer(steeredRow, next.steering)
        this.#marks[steeredRow] = next.where === this.#sent?.where ? next.label : `${next.label}, ${next.where}`
        this.#sent = next
      }
    } catch (error) {
      this.#status = endOf(error)
      await this.#handle?.stop()
    } finally {
      this.#sending = false
    }
  }

  #options(): GenerateOptions {
    return {
      maxTokens: Math.max(1, Math.round(this.maxTokens) || defaultMaxTokens),
      sampling: { temperature: Math.max(0, this.temperature || 0) }
    }
  }

  #tokenReader(): (events: readonly TokenEvent[]) => void {
    let first = 0
    return (events) => {
      const now = performance.now()
      first ||= now
      for (const event of events) this.#append(event)
      const count = Math.max(this.#plain.tokens.length, this.#steered.tokens.length)
      if (now > first) this.#rate = ((count - 1) / (now - first)) * 1000
    }
  }

  #append({ row, text, probability }: TokenEvent): void {
    const answer = row === steeredRow ? this.#steered : this.#plain
    const mark = this.#marks[row] ?? null
    this.#marks[row] = null
    const token: ShownToken = { text, probability, ...(mark !== null && { mark }) }
    const next = { ...answer, tokens: [...answer.tokens, token] }
    if (row === steeredRow) this.#steered = next
    else this.#plain = next
  }
}
