import type { Comparison } from './comparison'

/** Comparisons that are kept; the oldest leave. */
export const longest = 12

/** The comparison in sight and the last ones. What was cleared comes back by one press. */
export class History {
  #list = $state.raw<readonly Comparison[]>([])
  #shown = $state.raw<Comparison | null>(null)
  #cleared = $state.raw<Comparison | null>(null)
  #current: Comparison | null = null

  /** Newest first. */
  get list(): readonly Comparison[] {
    return this.#list
  }

  get shown(): Comparison | null {
    return this.#shown
  }

  /** Whether there is something to bring back. */
  get isCleared(): boolean {
    return this.#cleared !== null
  }

  /** The one that was begun last, in sight or not. */
  get current(): Comparison | null {
    return this.#current
  }

  /** Brings back older comparisons, the newest first, behind those that are there; those beyond the limit leave. */
  restore(comparisons: readonly Comparison[], shown: Comparison | null): void {
    this.#list = [...this.#list, ...comparisons].slice(0, longest)
    if (!this.#shown && shown && this.#list.includes(shown)) this.#shown = shown
  }

  begin(comparison: Comparison): void {
    this.#list = [comparison, ...this.#list].slice(0, longest)
    this.#shown = this.#current = comparison
    this.#cleared = null
  }

  /** Changes the comparison that was begun last. */
  change(change: (comparison: Comparison) => Comparison): void {
    const before = this.#current
    if (!before) return
    const after = (this.#current = change(before))
    this.#list = this.#list.map((one) => (one === before ? after : one))
    if (this.#shown === before) this.#shown = after
    if (this.#cleared === before) this.#cleared = after
  }

  show(comparison: Comparison): void {
    this.#shown = comparison
    this.#cleared = null
  }

  /** Takes the answers out of sight. */
  clear(): void {
    this.#cleared = this.#shown
    this.#shown = null
  }

  undo(): void {
    if (this.#cleared) this.show(this.#cleared)
  }
}
