import type { ChatMessage, PromptToken } from '../../lab/api'
import type { LiveModel } from '../../lab/live/live-model'
import { endOf, type Status } from '../status'

/** A prompt as the open model gets it: the newest one asked for wins. */
export class Preview {
  #status = $state.raw<Status<null>>({ kind: 'idle' })
  #tokens = $state.raw<readonly PromptToken[]>([])
  #run = 0

  /** The text that the model gets, template and all: the tokens' texts one after the other. */
  readonly text: string = $derived(this.#tokens.map(({ text }) => text).join(''))

  get status(): Status<null> {
    return this.#status
  }

  /** Those of the last prompt that was read, until the next one is. Hidden states are read at the last of them. */
  get tokens(): readonly PromptToken[] {
    return this.#tokens
  }

  async read(model: Pick<LiveModel, 'tokenize'>, messages: readonly ChatMessage[]): Promise<void> {
    const run = ++this.#run
    this.#status = { kind: 'running', step: null }
    try {
      const tokens = await model.tokenize({ messages })
      if (run !== this.#run) return
      this.#tokens = tokens
      this.#status = { kind: 'done' }
    } catch (error) {
      if (run === this.#run) this.#status = endOf(error)
    }
  }
}
