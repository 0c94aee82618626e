/**
 * The studies that this browser keeps, in IndexedDB: what each was asked, how far it is, and its finished cells, or the
 * bundle of a finished run. So a study outlives its tab.
 */
import { LabError } from '../errors'
import { fieldsOf } from '../formats/fields'
import { cleanSettings, cleanStudy } from '../lab/privacy/secrets'
import type { StudyCell } from '../lab/journal/lines'
import { connectDatabase } from './database'

/** One study on the list. What it was asked is kept as it came: an older version of the page may have written it. */
export interface StudyCard {
  readonly id: string
  readonly settings: unknown
  /** ISO 8601. */
  readonly started: string
  readonly changed: string
  /** Answers that are finished, and all. */
  readonly done: number
  readonly total: number
  /** True where the bundle of the run is kept, and no cell. */
  readonly finished: boolean
}

/** The finished cells of one study, by their keys. */
export interface StudyCells {
  /** In the order of writing. */
  keys(): Promise<readonly string[]>
  read(key: string): Promise<StudyCell | null>
  /** Resolves when the cell is on the disk. @throws LabError `quota`, StudyGone */
  write(key: string, cell: StudyCell): Promise<void>
}

/** Where studies are kept. Every call may fail with `quota`. */
export interface StudyStore {
  /** Newest first. */
  list(): Promise<readonly StudyCard[]>
  save(card: StudyCard): Promise<void>
  /** How far it is. @throws StudyGone: a study that is no longer kept does not come back by this */
  update(card: StudyCard): Promise<void>
  cells(id: string): StudyCells
  /** Puts the bundle of a finished run in place of its cells. */
  finish(card: StudyCard, bundle: Blob): Promise<void>
  bundle(id: string): Promise<Blob | null>
  remove(id: string): Promise<void>
}

/** The store of this browser. Opens with the first call. */
export function browserStudies(): StudyStore {
  const database = connectDatabase({
    name: 'azimuth-studies',
    version: 2,
    upgrade,
    what: 'the study',
    whenFull: 'delete a model that it keeps, then go on',
    otherwise: 'free some room, then go on'
  })
  const read = <T>(store: Store, ask: (from: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
    database.run(store, 'readonly', (transaction) => {
      const request = ask(transaction.objectStore(store))
      return () => request.result
    })
  const change = (stores: readonly Store[], work: (transaction: IDBTransaction) => void): Promise<void> =>
    database.run(stores, 'readwrite', (transaction) => {
      work(transaction)
      return () => undefined
    })
  /** A change to a study that is there. The browser may have cleared its data, or another tab deleted the study, meanwhile. */
  const changeKept = async (
    id: string,
    stores: readonly Store[],
    work: (transaction: IDBTransaction) => void
  ): Promise<void> => {
    const isKept = await database.run(['studies', ...stores], 'readwrite', (transaction) => {
      const known = transaction.objectStore('studies').getKey(id)
      known.onsuccess = () => known.result !== undefined && work(transaction)
      return () => known.result !== undefined
    })
    if (!isKept) throw new StudyGone()
  }
  return {
    async list() {
      const cards = (await read<unknown[]>('studies', (from) => from.getAll())).filter(isCard)
      return cards.sort((a, b) => (a.changed < b.changed ? 1 : -1))
    },
    save: (card) => change(['studies'], (to) => to.objectStore('studies').put(card)),
    update: (card) => changeKept(card.id, [], (to) => to.objectStore('studies').put(card)),
    cells: (id) => ({
      keys: () => database.run('cells', 'readonly', (from) => cellKeys(from, id)),
      read: async (key) => cellOf(await read<unknown>('cells', (from) => from.index('key').get([id, key]))),
      write: (key, cell) => changeKept(id, ['cells'], (to) => putCell(to.objectStore('cells'), id, key, cell))
    }),
    finish: (card, bundle) =>
      change(['studies', 'cells', 'bundles'], (to) => {
        to.objectStore('studies').put(card)
        to.objectStore('bundles').put(bundle, card.id)
        dropCells(to, card.id)
      }),
    async bundle(id) {
      const bundle = await read<unknown>('bundles', (from) => from.get(id))
      return bundle instanceof Blob ? bundle : null
    },
    remove: (id) =>
      change(['studies', 'cells', 'bundles'], (to) => {
        to.objectStore('studies').delete(id)
        to.objectStore('bundles').delete(id)
        dropCells(to, id)
      })
  }
}

type Store = 'studies' | 'cells' | 'bundles'

/** The browser no longer keeps a study that was being written to. */
export class StudyGone extends LabError {
  constructor() {
    const text = 'this browser no longer keeps the study: its data was cleared, or the study was deleted in another tab'
    super('quota', `${text}; what it had finished is lost, start it again`)
  }
}

function upgrade(database: IDBDatabase, transaction: IDBTransaction, before: number): void {
  if (before === 0) {
    database.createObjectStore('studies', { keyPath: 'id' })
    database.createObjectStore('bundles')
    const cells = database.createObjectStore('cells', { autoIncrement: true })
    cells.createIndex('key', ['study', 'key'], { unique: true })
    cells.createIndex('study', 'study')
  } else clean(transaction)
}

/** The first version kept the token of a hub with what a study was asked. */
function clean(transaction: IDBTransaction): void {
  rewrite(transaction.objectStore('studies'), (card) => {
    const settings = cleanSettings(fieldsOf(card).get('settings'))
    return settings === fieldsOf(card).get('settings') ? card : { ...Object.fromEntries(fieldsOf(card)), settings }
  })
  rewrite(transaction.objectStore('cells').index('key'), (row) => {
    const fields = fieldsOf(row)
    if (fields.get('key') !== 'study') return row
    const cell = fieldsOf(fields.get('cell'))
    const json = cleanStudy('study', cell.get('json'))
    return { ...Object.fromEntries(fields), cell: { ...Object.fromEntries(cell), json } }
  })
}

function rewrite(values: IDBObjectStore | IDBIndex, change: (value: unknown) => unknown): void {
  const request = values.openCursor()
  request.onsuccess = () => {
    const cursor = request.result
    if (!cursor) return
    const next = change(cursor.value)
    if (next !== cursor.value) cursor.update(next)
    cursor.continue()
  }
}

function isCard(value: unknown): value is StudyCard {
  const fields = fieldsOf(value)
  const isText = ['id', 'started', 'changed'].every((name) => typeof fields.get(name) === 'string')
  return isText && ['done', 'total'].every((name) => typeof fields.get(name) === 'number')
}

/** What `putCell` put there; null for nothing. */
function cellOf(value: unknown): StudyCell | null {
  const cell = fieldsOf(value).get('cell')
  if (cell === undefined) return null
  const fields = fieldsOf(cell)
  const [floats, seconds] = [fields.get('floats'), fields.get('seconds')]
  return {
    json: fields.get('json'),
    ...(floats instanceof Float32Array && { floats }),
    ...(typeof seconds === 'number' && { seconds })
  }
}

/** In the place of the cell of the same key, where there is one. */
function putCell(cells: IDBObjectStore, study: string, key: string, cell: StudyCell): void {
  const known = cells.index('key').getKey([study, key])
  known.onsuccess = () => cells.put({ study, key, cell }, known.result)
}

/** Keys alone, without their cells; the numbers of the store say in which order they came. */
function cellKeys(transaction: IDBTransaction, study: string): () => readonly string[] {
  const index = transaction.objectStore('cells').index('key')
  const request = index.openKeyCursor(IDBKeyRange.bound([study], [study, []]))
  const found: { readonly key: string; readonly order: number }[] = []
  request.onsuccess = () => {
    const cursor = request.result
    if (!cursor) return
    const key: unknown = Array.isArray(cursor.key) ? cursor.key[1] : null
    if (typeof key === 'string') found.push({ key, order: Number(cursor.primaryKey) })
    cursor.continue()
  }
  return () => found.sort((a, b) => a.order - b.order).map(({ key }) => key)
}

function dropCells(transaction: IDBTransaction, study: string): void {
  const cells = transaction.objectStore('cells')
  const request = cells.index('study').openKeyCursor(IDBKeyRange.only(study))
  request.onsuccess = () => {
    const cursor = request.result
    if (!cursor) return
    cells.delete(cursor.primaryKey)
    cursor.continue()
  }
}
