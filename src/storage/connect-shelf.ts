/** The shelf of this site: the browser's IndexedDB, with notes in localStorage of what it has not yet. */
import { browserNotes, withNotes, type NoteStore } from './ahead'
import { connectDatabase } from './database'
import { boxes, type Box, type Shelf } from './shelf'

/** One more with each new box. */
const version = 4

/** The database is opened by the first call. @param notes null keeps none */
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
