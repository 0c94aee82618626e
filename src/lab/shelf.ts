/** What the page itself makes and keeps over a reload: plain values by key, in the browser's IndexedDB. */
import { LabError } from '../errors'

/** One kind of value each. */
const boxes = ['prompt-sets', 'contrast', 'captures'] as const
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

const version = 1

/** The shelf of this site in this browser. The database is opened by the first call. */
export function connectShelf(name = 'azimuth'): Shelf {
  let opened: Promise<IDBDatabase> | null = null
  const database = (): Promise<IDBDatabase> =>
    (opened ??= openDatabase(name).catch((error: unknown) => {
      opened = null
      throw error
    }))
  async function run<Result>(
    box: Box,
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<Result>
  ): Promise<Result> {
    const transaction = (await database()).transaction(box, mode)
    const request = act(transaction.objectStore(box))
    // At once, so that the last edit before the page is left is not dropped with the page.
    transaction.commit()
    return settled(transaction, request)
  }
  return {
    all: (box) => run(box, 'readonly', (store): IDBRequest<unknown[]> => store.getAll()),
    put: async (box, key, value) => void (await run(box, 'readwrite', (store) => store.put(value, key))),
    remove: (box, key) => run(box, 'readwrite', (store) => store.delete(key))
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    if (!('indexedDB' in globalThis)) {
      reject(new LabError('quota', 'this browser keeps nothing for the page (no IndexedDB): export what you need'))
      return
    }
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = () => {
      for (const box of boxes) request.result.createObjectStore(box)
    }
    request.onsuccess = () => {
      // Another tab with a newer version of the page must not wait for this one.
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
    request.onerror = () => reject(shelfError(request.error))
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
