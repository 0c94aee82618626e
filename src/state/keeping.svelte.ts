/** How long a value rests after an edit before it is kept. */
const restMs = 300

interface Waiting {
  readonly name: string
  readonly timer: ReturnType<typeof setTimeout>
  readonly act: () => Promise<void>
}

/** What could not be kept is tried again after so long, in milliseconds: the reader may have made room meanwhile. */
const againMs = 10_000

interface Failed {
  readonly name: string
  readonly act: () => Promise<void>
}

/** Work on the shelf beside the page: edits that wait until the reader pauses, and what could not be kept yet. */
export class Keeping {
  #error = $state.raw<Error | null>(null)
  #waiting: readonly Waiting[] = []
  #failed: readonly Failed[] = []
  /** What was asked for last, by its name. */
  readonly #newest = new Map<string, Failed['act']>()
  #timer: ReturnType<typeof setTimeout> | null = null

  /** Why the browser does not keep it; null while it keeps everything. */
  get error(): Error | null {
    return this.#error
  }

  /**
   * Does it now. Never rejects: the page goes on without what it could not keep. Work with a name takes the place of what
   * failed under that name; where it fails, it is tried again later, and after the next work that succeeds.
   */
  async now(act: () => Promise<void>, name: string | null = null): Promise<void> {
    this.#failed = this.#failed.filter((one) => one.name !== name)
    if (name !== null) this.#newest.set(name, act)
    if (await this.#succeeds(act, name)) await this.#again()
  }

  /** Does it when nothing else was asked for under this name for a moment. */
  later(name: string, act: () => Promise<void>): void {
    this.forget(name)
    const timer = setTimeout(() => {
      this.forget(name)
      void this.now(act, name)
    }, restMs)
    this.#waiting = [...this.#waiting, { name, timer, act }]
  }

  /** Drops what waits under this name. */
  forget(name: string): void {
    for (const one of this.#waiting) if (one.name === name) clearTimeout(one.timer)
    this.#waiting = this.#waiting.filter((one) => one.name !== name)
  }

  /** Does at once what waits: the page is being left. */
  async flush(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { timer } of waiting) clearTimeout(timer)
    await Promise.all(waiting.map(({ act, name }) => this.now(act, name)))
    await this.#again()
  }

  /** One after the other, until one fails: there is no room for the rest either. */
  async #again(): Promise<void> {
    for (let [next] = this.#failed; next; [next] = this.#failed) {
      this.#failed = this.#failed.slice(1)
      if (!(await this.#succeeds(next.act, next.name))) return
    }
  }

  async #succeeds(act: () => Promise<void>, name: string | null): Promise<boolean> {
    try {
      await act()
      if (this.#failed.length === 0) this.#error = null
      return true
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error))
      if (name !== null && this.#newest.get(name) === act) this.#failed = [{ name, act }, ...this.#failed]
      if (this.#failed.length > 0) this.#timer ??= setTimeout(() => this.#onTimer(), againMs)
      return false
    }
  }

  #onTimer(): void {
    this.#timer = null
    void this.#again()
  }
}

/** Reads every kept value that can be read, and says why one could not: one that is broken hides no other. */
export function readEach<Kept, Value>(
  values: Iterable<Kept>,
  read: (value: Kept) => Value
): { readonly kept: readonly Value[]; readonly error: Error | null } {
  let error: Error | null = null
  const kept = [...values].flatMap((value) => {
    try {
      return [read(value)]
    } catch (cause) {
      error = cause instanceof Error ? cause : new Error(String(cause))
      return []
    }
  })
  return { kept, error }
}
