/** One holder of a name in all tabs of the page. */

/**
 * Does the work while no other tab does work of the same name, else resolves to null at once. A tab that is closed or
 * killed lets go by itself.
 */
export async function exclusively<Result>(name: string, work: () => Promise<Result>): Promise<Result | null> {
  if (!('locks' in navigator)) return work()
  return navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? work() : null))
}

/** The names that begin so and are held, in this tab or another. */
export async function heldNames(start: string): Promise<readonly string[]> {
  if (!('locks' in navigator)) return []
  const { held = [] } = await navigator.locks.query()
  return held.flatMap(({ name }) => (name?.startsWith(start) ? [name] : []))
}
