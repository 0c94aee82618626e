/** IndexedDB as promises: a database that opens with the first call, and its failures as errors that a user can act on. */
import { LabError } from '../errors'

/** A database of this browser, and what its failures are told as. */
export interface DatabaseOptions {
  readonly name: string
  readonly version: number
  /** Makes what is missing. Called where the browser has none, `before` being 0, or one of that older version. */
  readonly upgrade: (database: IDBDatabase, transaction: IDBTransaction, before: number) => void
  /** What is kept there: "the study". */
  readonly what: string
  /** The way out of a full disk, and of any other failure. */
  readonly whenFull: string
  readonly otherwise: string
}

/** Places requests on a transaction, and returns what reads their results once it is committed. */
export type Work<Result> = (transaction: IDBTransaction) => () => Result

export interface Database {
  /**
   * Resolves when the transaction is on the disk: a full one shows only there. The work is begun in the same turn that the
   * transaction is, so what it reads elsewhere is as old as the transaction.
   * @throws LabError `quota` for whatever the browser could not do
   */
  run<Result>(stores: string | readonly string[], mode: 'readonly' | 'readwrite', work: Work<Result>): Promise<Result>
}

export function connectDatabase(options: DatabaseOptions): Database {
  let opened: Promise<IDBDatabase> | null = null
  const forget = (): void => {
    opened = null
  }
  return {
    async run(stores, mode, work) {
      try {
        const database = await (opened ??= open(options, forget))
        const transaction = database.transaction(stores, mode, { durability: 'strict' })
        return await committed(transaction, work(transaction))
      } catch (error) {
        throw error instanceof LabError ? error : databaseError(options, error)
      }
    }
  }
}

/** @param onGone called when there is no database, or no more: the next call opens it again */
function open({ name, version, upgrade }: DatabaseOptions, onGone: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    if (!('indexedDB' in globalThis)) {
      throw new LabError('quota', 'this browser keeps nothing for the page (no IndexedDB): export what you need')
    }
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = ({ oldVersion }) => {
      if (request.transaction) upgrade(request.result, request.transaction, oldVersion)
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
      reject(request.error ?? new Error('no reason given'))
    }
  })
}

function committed<Result>(transaction: IDBTransaction, read: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(read())
    transaction.onabort = () => reject(transaction.error ?? new Error('aborted'))
  })
}

/** What the browser said as an error that a user can act on: a full disk is the one failure with a way out of its own. */
export function databaseError(
  { what, whenFull, otherwise }: Pick<DatabaseOptions, 'what' | 'whenFull' | 'otherwise'>,
  cause: unknown
): LabError {
  const isFull = cause instanceof Error && cause.name === 'QuotaExceededError'
  const reason = cause instanceof Error ? cause.name : 'no reason given'
  return isFull
    ? new LabError('quota', `the browser has no room left for ${what}: ${whenFull}`, { cause })
    : new LabError('quota', `the browser did not keep ${what} (${reason}): ${otherwise}`, { cause })
}
