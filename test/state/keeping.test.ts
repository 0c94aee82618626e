/** What the browser cannot keep now is kept later, once there is room, and the newest of each name. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LabError } from '../../src/errors'
import { Keeping } from '../../src/state/keeping.svelte'
import { makeSet } from '../../src/state/prompts/prompt-set'
import { PromptSets } from '../../src/state/prompts/prompt-sets.svelte'
import { Prompts } from '../../src/state/prompts/prompts.svelte'
import { memoryShelf, type Shelf } from '../../src/storage/shelf'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A disk that is full until it is not. */
class Disk {
  isFull = true
  readonly kept = new Map<string, number>()
  put(name: string, value: number): () => Promise<void> {
    return async () => {
      await Promise.resolve()
      if (this.isFull) throw new LabError('quota', 'no room: delete a stored model')
      this.kept.set(name, value)
    }
  }
}

it('keeps what failed with the next thing that is kept, and says so until all is', async () => {
  const [keeping, disk] = [new Keeping(), new Disk()]
  await keeping.now(disk.put('a', 1), 'a')
  await keeping.now(disk.put('b', 1), 'b')
  expect(keeping.error).toMatchObject({ code: 'quota' })
  disk.isFull = false
  await keeping.now(disk.put('c', 1), 'c')
  expect([...disk.kept.keys()].sort()).toEqual(['a', 'b', 'c'])
  expect(keeping.error).toBeNull()
})

it('tries again by itself', async () => {
  const [keeping, disk] = [new Keeping(), new Disk()]
  await keeping.now(disk.put('a', 1), 'a')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(keeping.error).not.toBeNull()
  disk.isFull = false
  await vi.advanceTimersByTimeAsync(20_000)
  expect([disk.kept.get('a'), keeping.error]).toEqual([1, null])
})

it('never puts an older value over a newer one', async () => {
  const [keeping, disk] = [new Keeping(), new Disk()]
  const first = keeping.now(disk.put('a', 1), 'a')
  const second = keeping.now(disk.put('a', 2), 'a')
  await Promise.all([first, second])
  disk.isFull = false
  await keeping.flush()
  expect(disk.kept.get('a')).toBe(2)
  // An edit that comes while an older one still fails.
  disk.isFull = true
  const older = keeping.now(disk.put('a', 3), 'a')
  const newer = keeping.now(async () => void disk.kept.set('a', 4), 'a')
  await Promise.all([older, newer])
  disk.isFull = false
  await vi.advanceTimersByTimeAsync(60_000)
  expect(disk.kept.get('a')).toBe(4)
})

/** A shelf on which there is no room yet. */
function fullShelf(): { readonly shelf: Shelf; readonly free: () => void } {
  const shelf = memoryShelf()
  let isFull = true
  const put: Shelf['put'] = async (...all) => {
    if (isFull) throw new LabError('quota', 'no room: delete a stored model')
    return shelf.put(...all)
  }
  return { shelf: { ...shelf, put }, free: () => void (isFull = false) }
}

it('what was deleted meanwhile does not come back', async () => {
  const { shelf, free } = fullShelf()
  const sets = new PromptSets(new Prompts(), shelf)
  const [one, two] = [makeSet('one', 'dir', []), makeSet('two', 'dir', [])]
  sets.add(one)
  sets.add(two)
  await vi.advanceTimersByTimeAsync(0)
  expect(sets.keeping.error).toMatchObject({ code: 'quota' })
  sets.remove(one)
  free()
  await vi.advanceTimersByTimeAsync(20_000)
  expect([...(await shelf.all('prompt-sets')).keys()]).toEqual([two.id])
  expect(sets.keeping.error).toBeNull()
})
