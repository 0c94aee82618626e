/** Holds work before its next step, for as long as a reader wants. */
export class Pause {
  #waiting: (() => void)[] = []
  #isPaused = false

  get isPaused(): boolean {
    return this.#isPaused
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    for (const go of this.#waiting.splice(0)) go()
  }

  /** Resolves when nothing holds it. */
  async wait(): Promise<void> {
    if (this.#isPaused) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
