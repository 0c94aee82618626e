/** What the page itself makes and keeps over a reload: plain values by key, in the browser's IndexedDB. */
import { LabError } from '../errors'

/** One kind of value each. */
const boxes = ['prompt-sets', 'contrast', 'captures', 'directions'] as const
export type Box = (typeof boxes)[number]

/** A place for values that structured clone can carry. Every call rejects with LabError `quota` where it cannot be done. */
export interface Shelf {
  /** All values of a box, in the order of their keys. They may come from an older version of the page: check them. */
  all(box: Box): Promise<readonly unknown[]>
  /** Adds or replaces. */
  put(box: Box, key: string, value: unknown): Promise<void>
  remove(box: Box, key: string): Promise<void>
}

/** A shelf that lasts as long as the page, for tests and for browsers that keep nothing. */
export function memoryShelf(): Shelf {
  const kept = new Map<Box, Map<string, unknown>>(boxes.map((box) => [box, new Map<string, unknown>()]))
  return {
    all: async (box) => [...(kept.get(box) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value),
    put: async (box, key, value) => void kept.get(box)?.set(key, structuredClone(value)),
    remove: async (box, key) => void kept.get(box)?.delete(key)
  }
}

/** One more with each new box. */
const version = 2

/** The shelf of this site in this browser. The database is opened by the first call. */
export function connectShelf(name = 'azimuth'): Shelf {
  let opened: Promise<IDBDatabase> | null = null
  const forget = (): void => {
    opened = null
  }
  async function run<Result>(
    box: Box,
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<Result>
  ): Promise<Result> {
    try {
      const database = await (opened ??= openDatabase(name, forget))
      const transaction = database.transaction(box, mode)
      const request = act(transaction.objectStore(box))
      // At once, so that the last edit before the page is left is not dropped with the page.
      transaction.commit()
      return await settled(transaction, request)
    } catch (error) {
      throw error instanceof LabError ? error : shelfError(error)
    }
  }
  return {
    all: (box) => run(box, 'readonly', (store): IDBRequest<unknown[]> => store.getAll()),
    put: async (box, key, value) => void (await run(box, 'readwrite', (store) => store.put(value, key))),
    remove: (box, key) => run(box, 'readwrite', (store) => store.delete(key))
  }
}

/** @param onGone called when there is no database, or no more: the next call opens it again */
function openDatabase(name: string, onGone: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    if (!('indexedDB' in globalThis)) {
      throw new LabError('quota', 'this browser keeps nothing for the page (no IndexedDB): export what you need')
    }
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = () => {
      const known = request.result.objectStoreNames
      for (const box of boxes) if (!known.contains(box)) request.result.createObjectStore(box)
    }
    request.onsuccess = () => {
      const database = request.result
      database.onclose = onGone
      // Another tab with a newer version of the page must not wait for this one.
      database.onversionchange = () => {
        database.close()
        onGone()
      }
      resolve(database)
    }
    request.onerror = () => {
      onGone()
      reject(shelfError(request.error))
    }
  })
}

/** A write is done when its transaction is: a full disk shows only there. */
function settled<Result>(transaction: IDBTransaction, request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result)
    transaction.onabort = () => reject(shelfError(transaction.error ?? request.error))
  })
}

/** What the browser said as an error that a user can act on. */
export function shelfError(cause: unknown): LabError {
  const isFull = cause instanceof Error && cause.name === 'QuotaExceededError'
  const reason = cause instanceof Error ? cause.name : 'no reason given'
  return isFull
    ? new LabError('quota', 'the browser has no room left for it: delete captures or models that it keeps', { cause })
    : new LabError('quota', `the browser did not keep it (${reason}): export what you need`, { cause })
}
