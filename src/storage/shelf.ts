/** What the page itself makes and keeps over a reload: plain values by key. */

/** What each tab has open: the sessions, and beside them what is large, by `<session>/<id>`. */
const sessionBoxes = ['sessions', 'session-directions', 'session-answers'] as const

/** One kind of value each. */
export const boxes = ['prompt-sets', 'contrast', 'captures', 'capture-names', 'directions', ...sessionBoxes] as const
export type Box = (typeof boxes)[number]

/** A place for values that structured clone can carry. Every call rejects with LabError `quota` where it cannot be done. */
export interface Shelf {
  /** All values of a box by their keys, in the order of these. They may come from an older version of the page: check them. */
  all(box: Box): Promise<ReadonlyMap<string, unknown>>
  /** Adds or replaces. */
  put(box: Box, key: string, value: unknown): Promise<void>
  remove(box: Box, key: string): Promise<void>
}

/** A shelf that lasts as long as the page, for tests and for browsers that keep nothing. */
export function memoryShelf(): Shelf {
  const kept = new Map<Box, Map<string, unknown>>(boxes.map((box) => [box, new Map<string, unknown>()]))
  return {
    all: async (box) => new Map([...(kept.get(box) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))),
    put: async (box, key, value) => void kept.get(box)?.set(key, structuredClone(value)),
    remove: async (box, key) => void kept.get(box)?.delete(key)
  }
}
