/** The studies that a browser keeps: cleaned of secrets, and never written to where they are no longer kept. */
import { IDBKeyRange, indexedDB } from 'fake-indexeddb'
import { beforeEach, describe, expect, it } from 'vitest'
import { browserStudies, StudyGone, type StudyCard } from '../../src/storage/journal-idb'
import { failure } from '../failure'

Object.assign(globalThis, { indexedDB, IDBKeyRange })

const name = 'azimuth-studies'
const settings = {
  preset: 'custom',
  models: [
    {
      key: 'm',
      source: { kind: 'hub', repo: 'owner/name', token: 'hf_PLANTED', endpoint: 'https://user:PLANTED@hub.example/x' },
      adapters: [{ name: 'a', source: { kind: 'url', url: 'https://host.example/a/?sig=PLANTED' } }]
    }
  ]
}
const card: StudyCard = {
  id: 'one',
  settings: {},
  started: '2026',
  changed: '2026',
  done: 1,
  total: 9,
  finished: false
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('failed'))
  })

const clear = (): Promise<unknown> => done(indexedDB.deleteDatabase(name))

beforeEach(clear)

/** As the first version of the page left it. */
async function firstVersion(): Promise<void> {
  const opening = indexedDB.open(name, 1)
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('studies', { keyPath: 'id' })
    opening.result.createObjectStore('bundles')
    const cells = opening.result.createObjectStore('cells', { autoIncrement: true })
    cells.createIndex('key', ['study', 'key'], { unique: true })
    cells.createIndex('study', 'study')
  }
  const database = await done(opening)
  const to = database.transaction(['studies', 'cells'], 'readwrite')
  to.objectStore('studies').put({ ...card, settings })
  for (const [key, json] of [
    ['states/m', { rows: 2 }],
    ['study', { asked: 'what', started: '2026', settings }]
  ] as const)
    to.objectStore('cells').put({ study: 'one', key, cell: { json, floats: Float32Array.of(1, 2) } })
  await new Promise((resolve) => (to.oncomplete = resolve))
  database.close()
}

/** All that the database holds. */
async function everything(): Promise<string> {
  const database = await done(indexedDB.open(name))
  const stores = [...database.objectStoreNames]
  const from = database.transaction(stores)
  const all = await Promise.all(stores.map((store) => done(from.objectStore(store).getAll())))
  database.close()
  return JSON.stringify(all)
}

describe('studies of an earlier version', () => {
  it('lose their secrets when the page is opened, and nothing else', async () => {
    await firstVersion()
    expect(await everything()).toContain('PLANTED')
    const store = browserStudies()
    const [kept] = await store.list()
    expect(kept).toMatchObject({ ...card, settings: { preset: 'custom' } })
    expect(await everything()).not.toContain('PLANTED')
    const cells = store.cells('one')
    expect(await cells.keys()).toEqual(['states/m', 'study'])
    expect(await cells.read('states/m')).toEqual({ json: { rows: 2 }, floats: Float32Array.of(1, 2) })
    expect((await cells.read('study'))?.json).toMatchObject({
      asked: 'what',
      settings: {
        models: [
          {
            source: { kind: 'hub', repo: 'owner/name', endpoint: 'https://hub.example/x' },
            adapters: [{ name: 'a', source: { kind: 'url', url: 'https://host.example/a/' } }]
          }
        ]
      }
    })
  })
})

describe('a browser that clears its data under a running study', () => {
  it('is noticed by the next cell, and by how far it is', async () => {
    const store = browserStudies()
    await store.save(card)
    await store.cells('one').write('a', { json: 1 })
    await store.update({ ...card, done: 2 })
    await clear()
    await expect(store.cells('one').write('b', { json: 2 })).rejects.toBeInstanceOf(StudyGone)
    expect(await failure(store.update(card))).toMatch(
      /^quota: this browser no longer keeps the study: .*start it again$/
    )
    expect(await store.list()).toEqual([])
    expect(await store.cells('one').keys()).toEqual([])
  })

  it('keeps the bundle of a study that ends, and lets it begin again', async () => {
    const store = browserStudies()
    await store.save(card)
    await clear()
    await store.finish({ ...card, finished: true }, new Blob(['whole']))
    expect(await store.list()).toMatchObject([{ id: 'one', finished: true }])
    await store.save(card)
    await store.cells('one').write('a', { json: 1 })
    expect(await store.cells('one').read('a')).toEqual({ json: 1 })
  })
})
