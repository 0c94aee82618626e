/** How long a value rests after an edit before it is kept. */
const restMs = 300

interface Waiting {
  readonly name: string
  readonly timer: ReturnType<typeof setTimeout>
  readonly act: () => Promise<void>
}

/** Work on the shelf beside the page: what failed last, and edits that wait until the reader pauses. */
export class Keeping {
  #error = $state.raw<Error | null>(null)
  #waiting: readonly Waiting[] = []

  /** Why the browser does not keep it; null while it does. */
  get error(): Error | null {
    return this.#error
  }

  /** Does it now. Never rejects: the page goes on without what it could not keep. */
  async now(act: () => Promise<void>): Promise<void> {
    try {
      await act()
      this.#error = null
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error))
    }
  }

  /** Does it when nothing else was asked for under this name for a moment. */
  later(name: string, act: () => Promise<void>): void {
    this.forget(name)
    const timer = setTimeout(() => {
      this.forget(name)
      void this.now(act)
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
    await Promise.all(waiting.map(({ act }) => this.now(act)))
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
