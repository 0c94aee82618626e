/** The last destructive step, as long as it can be taken back. */
export class Undo {
  #last = $state.raw<{ readonly sentence: string; readonly restore: () => void } | null>(null)

  /** What was done, in one sentence; null where nothing can be taken back. */
  get sentence(): string | null {
    return this.#last?.sentence ?? null
  }

  /** Replaces what was offered before. */
  offer(sentence: string, restore: () => void): void {
    this.#last = { sentence, restore }
  }

  take(): void {
    this.#last?.restore()
    this.#last = null
  }

  dismiss(): void {
    this.#last = null
  }
}
