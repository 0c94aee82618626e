/**
 * Edits that outlive the page at once: each is noted in localStorage, which is written before the call returns, until the
 * slower shelf has it. A page that is left before its database is open loses nothing; the next one reads the note.
 */
import type { Box, Shelf } from './shelf'

/** What of `Storage` is used. */
export type NoteStore = Pick<Storage, 'length' | 'key' | 'getItem' | 'setItem' | 'removeItem'>

/** What was asked of the shelf: the value to be put; none where it was removed. */
interface Note {
  readonly value?: unknown
}

/**
 * A shelf with notes. Values that JSON does not carry (numbers in bulk) and those that the store has no room for go to the
 * shelf alone, as without notes.
 * @param prefix of the notes' names, one for each shelf
 */
export function withNotes(shelf: Shelf, store: NoteStore, prefix: string): Shelf {
  const notes = notesIn(store, prefix)
  const change = async (box: Box, key: string, note: Note, act: () => Promise<void>): Promise<void> => {
    const text = notes.write(box, key, note)
    // What failed stays noted: it is brought back with the next page, which may find room.
    await act()
    notes.settle(box, key, text)
  }
  const put = (box: Box, key: string, value: unknown): Promise<void> =>
    change(box, key, { value }, () => shelf.put(box, key, value))
  const remove = (box: Box, key: string): Promise<void> => change(box, key, {}, () => shelf.remove(box, key))
  return {
    async all(box) {
      const kept = new Map(await shelf.all(box))
      for (const [key, { value }] of notes.of(box)) {
        if (value === undefined) kept.delete(key)
        else kept.set(key, value)
        // A failure hides nothing: the note is still there, and what it holds is in sight.
        void (value === undefined ? remove(box, key) : put(box, key, value)).catch(() => undefined)
      }
      return new Map([...kept].sort(([a], [b]) => (a < b ? -1 : 1)))
    },
    put,
    remove
  }
}

/** The localStorage of this page; null where the browser gives none. */
export function browserNotes(): NoteStore | null {
  try {
    return 'localStorage' in globalThis ? globalThis.localStorage : null
  } catch {
    // A browser that blocks it throws as soon as it is named.
    return null
  }
}

interface Notes {
  of(box: Box): readonly (readonly [key: string, note: Note])[]
  /** The text that was written; null where none could be. */
  write(box: Box, key: string, note: Note): string | null
  /** Drops a note, unless a later edit has taken its place. */
  settle(box: Box, key: string, text: string | null): void
}

function notesIn(store: NoteStore, prefix: string): Notes {
  let count = 0
  const nameOf = (box: Box, key: string): string => `${prefix}/${box}/${key}`
  return {
    of(box) {
      const start = nameOf(box, '')
      const names = Array.from({ length: store.length }, (_, i) => store.key(i) ?? '')
      return names.flatMap((name) => {
        const note = name.startsWith(start) ? readNote(store.getItem(name)) : null
        return note ? [[name.slice(start.length), note] as const] : []
      })
    },
    write(box, key, note) {
      const name = nameOf(box, key)
      // An older note of the same key must not win over what is not noted.
      store.removeItem(name)
      if (!isPlain(note.value)) return null
      const text = JSON.stringify({ ...note, edit: `${performance.timeOrigin}:${++count}` })
      try {
        store.setItem(name, text)
        return text
      } catch {
        return null
      }
    },
    settle(box, key, text) {
      const name = nameOf(box, key)
      if (text !== null && store.getItem(name) === text) store.removeItem(name)
    }
  }
}

function readNote(text: string | null): Note | null {
  try {
    const note: unknown = JSON.parse(text ?? 'null')
    return typeof note === 'object' && note !== null ? note : null
  } catch {
    return null
  }
}

/** Whether JSON gives back what it is given. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'bigint'
  const isBare = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  return isBare && Object.values(value).every(isPlain)
}
