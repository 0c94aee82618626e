import { describe, expect, it } from 'vitest'
import { connectShelf } from '../../src/storage/connect-shelf'
import { databaseError } from '../../src/storage/database'
import { memoryShelf } from '../../src/storage/shelf'

describe('the shelf', () => {
  it('keeps copies by key, in their order, until they are removed', async () => {
    const shelf = memoryShelf()
    const value = { list: [1] }
    await shelf.put('captures', 'b', value)
    await shelf.put('captures', 'a', 'first')
    value.list.push(2)
    expect([...(await shelf.all('captures'))]).toEqual([
      ['a', 'first'],
      ['b', { list: [1] }]
    ])
    await shelf.remove('captures', 'a')
    expect([...(await shelf.all('captures'))]).toEqual([['b', { list: [1] }]])
    expect((await shelf.all('prompt-sets')).size).toBe(0)
  })

  it('says what to do where there is no room, or no storage at all', async () => {
    const words = { what: 'it', whenFull: 'delete captures', otherwise: 'export what you need' }
    const full = databaseError(words, new DOMException('full', 'QuotaExceededError'))
    expect(full).toMatchObject({ code: 'quota', message: 'the browser has no room left for it: delete captures' })
    expect(databaseError(words, null).message).toContain('did not keep it (no reason given): export what you need')
    // Node has no IndexedDB.
    await expect(connectShelf('azimuth', null).put('captures', 'a', 1)).rejects.toMatchObject({ code: 'quota' })
  })
})
