import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withNotes, type NoteStore } from '../../src/storage/ahead'
import { memoryShelf, type Shelf } from '../../src/storage/shelf'

const box = 'prompt-sets'

/** Room for `most` characters in all. */
function noteStore(most = Infinity): NoteStore & { readonly kept: ReadonlyMap<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    get length() {
      return kept.size
    },
    key: (i) => [...kept.keys()][i] ?? null,
    getItem: (name) => kept.get(name) ?? null,
    removeItem: (name) => void kept.delete(name),
    setItem: (name, text) => {
      const others = [...kept].reduce((sum, [other, { length }]) => sum + (other === name ? 0 : length), 0)
      if (others + text.length > most) throw new DOMException('full', 'QuotaExceededError')
      kept.set(name, text)
    }
  }
}

/** A page that is left before its database is open: what is asked of the shelf never happens. */
function neverOpen(): Shelf {
  const never = (): Promise<never> => new Promise(() => undefined)
  return { all: never, put: never, remove: never }
}

describe('edits that are noted ahead', () => {
  it('are there after a page that was left at once', async () => {
    const [notes, shelf] = [noteStore(), memoryShelf()]
    await shelf.put(box, 'gone', 'old')
    const left = withNotes(neverOpen(), notes, 'page')
    void left.put(box, 'b', { text: 'first' })
    void left.put(box, 'b', { text: 'second' })
    void left.put(box, 'a', 1)
    void left.remove(box, 'gone')
    const next = withNotes(shelf, notes, 'page')
    expect([...(await next.all(box))]).toEqual([
      ['a', 1],
      ['b', { text: 'second' }]
    ])
    // And in the shelf itself, without a note, a moment later.
    await expect.poll(() => notes.kept.size).toBe(0)
    expect([...(await shelf.all(box)).keys()]).toEqual(['a', 'b'])
  })

  it('whatever was edited, and whenever the page was left, the next one has the last of each', async () => {
    const edit = fc.record({ key: fc.constantFrom('a', 'b', 'c/d'), value: fc.option(fc.jsonValue()) })
    await fc.assert(
      fc.asyncProperty(fc.array(edit), fc.nat(), async (edits, at) => {
        const [notes, shelf] = [noteStore(), memoryShelf()]
        let left = at
        // The first of what is asked is done, the rest is lost with the page.
        const dying: Shelf = {
          all: (which) => shelf.all(which),
          put: (...asked) => (left-- > 0 ? shelf.put(...asked) : new Promise(() => undefined)),
          remove: (...asked) => (left-- > 0 ? shelf.remove(...asked) : new Promise(() => undefined))
        }
        const page = withNotes(dying, notes, 'page')
        const wanted = new Map<string, unknown>()
        for (const { key, value } of edits) {
          if (value === null) void page.remove(box, key)
          else void page.put(box, key, value)
          if (value === null) wanted.delete(key)
          else wanted.set(key, value)
        }
        const next = await withNotes(shelf, notes, 'page').all(box)
        expect(Object.fromEntries(next)).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(wanted))))
      })
    )
  })

  it('leave no note once they are kept, and hold no other box or page', async () => {
    const notes = noteStore()
    const shelf = withNotes(memoryShelf(), notes, 'page')
    await shelf.put(box, 'a', 1)
    expect(notes.kept.size).toBe(0)
    const left = withNotes(neverOpen(), notes, 'page')
    void left.put('contrast', 'sides', 2)
    expect((await shelf.all(box)).size).toBe(1)
    expect((await withNotes(memoryShelf(), notes, 'other').all('contrast')).size).toBe(0)
  })

  it('that the shelf refused stay noted, and in sight', async () => {
    const notes = noteStore()
    const full: Shelf = { ...memoryShelf(), put: () => Promise.reject(new Error('full')) }
    const shelf = withNotes(full, notes, 'page')
    await expect(shelf.put(box, 'a', 1)).rejects.toThrow('full')
    expect((await withNotes(full, notes, 'page').all(box)).get('a')).toBe(1)
  })

  it('go to the shelf alone where they are no JSON or there is no room, and no older note wins over them', async () => {
    for (const value of [{ data: new Float32Array(3) }, 'x'.repeat(500)]) {
      const [notes, shelf] = [noteStore(400), memoryShelf()]
      void withNotes(neverOpen(), notes, 'page').put(box, 'a', 'older')
      await withNotes(shelf, notes, 'page').put(box, 'a', value)
      expect((await withNotes(shelf, notes, 'page').all(box)).get('a')).toEqual(value)
      expect(notes.kept.size).toBe(0)
    }
  })

  it('a broken note hides nothing', async () => {
    const notes = noteStore()
    notes.setItem('page/prompt-sets/a', '{"value":')
    const shelf = memoryShelf()
    await shelf.put(box, 'a', 'kept')
    expect((await withNotes(shelf, notes, 'page').all(box)).get('a')).toBe('kept')
  })
})
