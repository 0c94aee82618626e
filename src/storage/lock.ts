/** One holder of a name in all tabs of the page. */
export interface Locks {
  /**
   * Does the work while no other tab does work of the same name, else resolves to null at once. A tab that is closed or
   * killed lets go by itself.
   */
  exclusively<Result>(name: string, work: () => Promise<Result>): Promise<Result | null>
  /** The names that are held, in this tab or another. */
  held(): Promise<readonly string[]>
}

/** The browser's own. */
export function browserLocks(): Locks {
  return {
    exclusively: (name, work) =>
      navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? work() : Promise.resolve(null))),
    held: async () => ((await navigator.locks.query()).held ?? []).flatMap(({ name }) => name ?? [])
  }
}
