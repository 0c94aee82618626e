/** Files are read in a worker within a budget; what takes longer is given up, and the worker is ended. */
import { expose } from 'comlink'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readBeside, type Ready } from '../../src/lab/connect/connect-files'
import { withStudyFile } from '../../src/lab/connect/connect-study-file'
import type { Spawn } from '../../src/lab/connect/line'
import type { StudyFileApi } from '../../src/lab/journal/reader'

interface Api extends Ready {
  read(): Promise<string>
}

/** A worker in this thread. `ended` counts how often it was ended, `die` makes it die. */
function worker<Some extends Ready>(
  api: Some
): { readonly spawn: Spawn; readonly ended: () => number; readonly die: () => void } {
  let ended = 0
  let die: () => void = () => undefined
  const spawn: Spawn = () => {
    const { port1, port2 } = new MessageChannel()
    expose(api, port1)
    return {
      endpoint: port2,
      onLost: (listener) => (die = () => listener('it ended without a word')),
      terminate() {
        ended++
        port1.close()
        port2.close()
      }
    }
  }
  return { spawn, ended: () => ended, die: () => die() }
}

const never = (): Promise<never> => new Promise(() => undefined)
const read = (one: ReturnType<typeof worker<Api>>, ms = 30_000): Promise<string> =>
  readBeside<Api, string>({ name: `${'long '.repeat(100)}.yaml`, ms, spawn: one.spawn }, (readers) => readers.read())

afterEach(() => vi.useRealTimers())

describe('reading beside the page', () => {
  it('gives what the reader gives, and ends the worker', async () => {
    const one = worker({ ready: async () => undefined, read: async () => 'read' })
    expect(await read(one)).toBe('read')
    expect(one.ended()).toBe(1)
  })

  it('is given up after its time, in words that name a way out', async () => {
    const one = worker({ ready: async () => undefined, read: never })
    await expect(read(one, 1)).rejects.toMatchObject({
      name: 'LabError',
      code: 'format',
      message: expect.stringMatching(/^"long .{0,60}…" took more than 0\.001 s to read and was given up: take a part/)
    })
    expect(one.ended()).toBe(1)
  })

  it('does not count the time that the worker takes to begin', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const one = worker({ ready: () => begun, read: async () => 'read' })
    const result = read(one, 1000)
    await vi.advanceTimersByTimeAsync(60_000)
    begin()
    expect(await result).toBe('read')
  })

  it('says so when the worker dies', async () => {
    const reading = vi.fn(never)
    const one = worker({ ready: async () => undefined, read: reading })
    const result = read(one)
    await vi.waitFor(() => expect(reading).toHaveBeenCalled())
    one.die()
    await expect(result).rejects.toMatchObject({ code: 'worker-lost', message: expect.stringMatching(/take a part/) })
  })
})

describe('an unfinished study', () => {
  const cell = ['a', { json: 1 }] as const
  const studyWorker = (answers: Partial<StudyFileApi>) =>
    worker({ ready: async () => undefined, open: never, next: never, ...answers })

  it('is unpacked within a time, and its worker is ended', async () => {
    const one = studyWorker({})
    const result = withStudyFile((reader) => reader.open(new Blob()), { spawn: one.spawn, ms: 1 })
    await expect(result).rejects.toMatchObject({
      code: 'format',
      message: expect.stringMatching(/took more than.*go on with/)
    })
    expect(one.ended()).toBe(1)
  })

  it('may take the page longer to keep than to unpack', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const one = studyWorker({ open: async () => null, next: async () => cell })
    const work = async (reader: StudyFileApi): Promise<unknown> => {
      await reader.open(new Blob())
      await vi.advanceTimersByTimeAsync(600_000)
      return reader.next()
    }
    expect(await withStudyFile(work, { spawn: one.spawn })).toEqual(cell)
    expect(one.ended()).toBe(1)
  })
})
