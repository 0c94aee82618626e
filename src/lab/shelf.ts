/** What the page itself makes and keeps over a reload: plain values by key, in the browser's IndexedDB. */
import { browserNotes, withNotes, type NoteStore } from './ahead'
import { connectDatabase } from './database'

/** One kind of value each. */
const boxes = ['prompt-sets', 'contrast', 'captures', 'capture-names', 'directions'] as const
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

/** One more with each new box. */
const version = 3

/** The shelf of this site in this browser, with notes of what it has not yet. The database is opened by the first call. */
export function connectShelf(name = 'azimuth', notes: NoteStore | null = browserNotes()): Shelf {
  const shelf = databaseShelf(name)
  return notes ? withNotes(shelf, notes, `${name}-edit`) : shelf
}

function databaseShelf(name: string): Shelf {
  const database = connectDatabase({
    name,
    version,
    upgrade: (to) => {
      for (const box of boxes) if (!to.objectStoreNames.contains(box)) to.createObjectStore(box)
    },
    what: 'it',
    whenFull: 'delete captures or models that it keeps',
    otherwise: 'export what you need'
  })
  const change = (box: Box, act: (store: IDBObjectStore) => void): Promise<void> =>
    database.run(box, 'readwrite', (transaction) => {
      act(transaction.objectStore(box))
      // At once, so that the last edit before the page is left is not dropped with the page.
      transaction.commit()
      return () => undefined
    })
  return {
    all: (box) =>
      database.run(box, 'readonly', (transaction) => {
        const store = transaction.objectStore(box)
        const [keys, values] = [store.getAllKeys(), store.getAll()]
        const valueAt = (i: number): unknown => values.result[i]
        return () => new Map(keys.result.flatMap((key, i) => (typeof key === 'string' ? [[key, valueAt(i)]] : [])))
      }),
    put: (box, key, value) => change(box, (store) => void store.put(value, key)),
    remove: (box, key) => change(box, (store) => void store.delete(key))
  }
}
