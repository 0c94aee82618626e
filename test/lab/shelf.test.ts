import { describe, expect, it } from 'vitest'
import { connectShelf, memoryShelf, shelfError } from '../../src/lab/shelf'

describe('the shelf', () => {
  it('keeps copies by key, in their order, until they are removed', async () => {
    const shelf = memoryShelf()
    const value = { list: [1] }
    await shelf.put('captures', 'b', value)
    await shelf.put('captures', 'a', 'first')
    value.list.push(2)
    expect(await shelf.all('captures')).toEqual(['first', { list: [1] }])
    await shelf.remove('captures', 'a')
    expect(await shelf.all('captures')).toEqual([{ list: [1] }])
    expect(await shelf.all('prompt-sets')).toEqual([])
  })

  it('says what to do where there is no room, or no storage at all', async () => {
    const full = shelfError(new DOMException('full', 'QuotaExceededError'))
    expect(full).toMatchObject({ code: 'quota', message: expect.stringContaining('no room left') })
    expect(shelfError(null).message).toContain('did not keep it')
    // Node has no IndexedDB.
    await expect(connectShelf().put('captures', 'a', 1)).rejects.toMatchObject({ code: 'quota' })
  })
})
