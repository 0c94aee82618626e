import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import { LiveModel } from '../../../src/lab/live/live-model'
import { memoryShelf } from '../../../src/storage/shelf'
import type { ModelInfo } from '../../../src/lab/api'
import { outdatedCapture } from '../../../src/state/capture/capture-made'
import { exportCapture, importCapture, isComparable, rowName, type Capture } from '../../../src/state/capture/capture'
import { Captures } from '../../../src/state/capture/captures.svelte'
import { makeSet, plainRow } from '../../../src/state/prompts/prompt-set'
import { fakeInfo, fakeModel, fakeOpen, type FakeOptions } from '../../fake-lab'

const layers = 4
const prompts = Array.from({ length: 20 }, (_, i) => plainRow(String(i + 1), `a sunny day number ${i}`))
const warm = makeSet('warm', 'positive', prompts)
const answered = makeSet(
  'answered',
  'dir',
  prompts.map((row, i) => (i < 5 ? { ...row, answer: 'Yes, it is.' } : row))
)
const open = (options: FakeOptions = {}) => fakeOpen({ layers, ...options })

function only({ list }: Captures): Capture {
  const [capture] = list
  if (!capture || list.length > 1) throw new Error(`${list.length} captures, one was expected`)
  return capture
}

describe('Captures', () => {
  it('reads a vector a prompt at each layer, and knows what it read', async () => {
    const captures = new Captures()
    await captures.run(open(), [warm], 'last')
    const capture = only(captures)
    expect(capture.states).toMatchObject({ layers, rows: 20, width: 32, position: 'last' })
    expect(capture).toMatchObject({ name: 'warm', modelName: 'fake', set: { name: 'warm', role: 'positive' } })
    expect(rowName(capture, 19)).toBe('a sunny day number 19')
    expect(captures.shown).toEqual([capture])
    // One batch or many: the same numbers.
    const { data } = await fakeModel({ layers }).capture(
      prompts.map(({ messages }) => ({ prompt: { messages } })),
      'last'
    )
    expect(capture.states.data).toEqual(data)
  })

  it('says where a capture was made otherwise than it would be now, and what changed', async () => {
    const captures = new Captures()
    const { info } = open()
    await captures.run(open(), [warm], 'last')
    const capture = only(captures)
    const words = (now: ModelInfo | null, set = warm): string | null => outdatedCapture(capture, now, [answered, set])
    expect([words(info), words(null)]).toEqual([null, null])
    const adapter = { id: 'bundled:a/insecure-0', sha256: 'a', scale: 0.5 }
    expect(words({ ...info, adapter })).toBe('Made with no adapter; now insecure-0 at 0.50.')
    expect(words({ ...info, sha256: 'other', name: 'llama' })).toBe('Made with fake; now llama.')
    const edited = { ...warm, prompts: warm.prompts.slice(1) }
    expect(words(info, edited)).toBe('Made with an earlier version of the set \u201cwarm\u201d; now the present one.')
    // Answers are not read at the last token of the prompt, and a file does not say what it was made under.
    expect(words(info, { ...warm, prompts: prompts.map((row) => ({ ...row, answer: 'Yes.' })) })).toBeNull()
    const [file] = exportCapture(capture, 'json')
    expect(outdatedCapture(importCapture(file ? [file] : []), { ...info, adapter }, [warm])).toBeNull()
  })

  it('reads both sides of a contrast as two captures, in their order', async () => {
    const captures = new Captures()
    await captures.run(open(), [warm, answered], 'last')
    expect(captures.shown.map(({ name }) => name)).toEqual(['warm', 'answered'])
  })

  it('reads the mean over answers where there are answers', async () => {
    const captures = new Captures()
    await captures.run(open(), [answered], 'answer-mean')
    expect(only(captures).texts).toHaveLength(5)
  })

  it('names each token where every token is read', async () => {
    const captures = new Captures()
    await captures.run(open(), [warm], 'every')
    const capture = only(captures)
    expect([capture.states.rows, capture.tokens?.length]).toEqual([100, 100])
    expect(rowName(capture, 6)).toBe('token 2 \u201csunny\u201d of: a sunny day number 1')
  })

  it('estimates by the first batch, in proportion, and for the same model only', async () => {
    const captures = new Captures()
    const model = open()
    expect(captures.reading.estimate(model.info, [warm], 'last')).toBeNull()
    await captures.reading.measure(model, [warm], 'last')
    expect(captures.list).toEqual([])
    const one = captures.reading.estimate(model.info, [warm], 'last')
    expect(one?.bytes).toBe(4 * 20 * layers * 32)
    const two = captures.reading.estimate(model.info, [warm, warm], 'last')
    expect((two?.seconds ?? 0) / (one?.seconds ?? 1)).toBeCloseTo(2, 9)
    expect(captures.reading.estimate({ ...model.info, sha256: 'other' }, [warm], 'last')).toBeNull()
    expect(captures.reading.estimate(model.info, [warm], 'every')).toBeNull()
  })

  it('counts up, tells the time left, and can be cancelled without a trace', async () => {
    const captures = new Captures()
    const seen: number[] = []
    const model = open({
      onCall: () => {
        if (captures.reading.status.kind !== 'running') return
        seen.push(captures.reading.status.step.done)
        if (captures.reading.status.step.done === 8) captures.reading.cancel()
      }
    })
    await captures.run(model, [warm], 'last')
    expect([seen, captures.reading.status.kind, captures.list.length]).toEqual([[0, 8], 'idle', 0])
  })

  it('tells how far the naming of tokens is, which can be cancelled as well', async () => {
    const captures = new Captures()
    const seen: unknown[] = []
    const handle = fakeModel({ layers })
    const tokenize: typeof handle.tokenize = async (prompt) => {
      seen.push(captures.reading.status.kind === 'running' && captures.reading.status.step)
      if (seen.length === 3) captures.reading.cancel()
      return handle.tokenize(prompt)
    }
    const model = { info: fakeInfo(layers), live: new LiveModel({ ...handle, tokenize }) }
    await captures.run(model, [warm], 'every')
    expect(seen).toEqual([0, 1, 2].map((done) => ({ what: 'naming', done, total: 20, left: null })))
    expect([captures.reading.status.kind, captures.list.length]).toEqual(['idle', 0])
  })

  it('tells why a capture failed', async () => {
    const captures = new Captures()
    const onCall = (): void => {
      throw new LabError('shape', 'prompt 3 is too long; shorten it')
    }
    await captures.run(open({ onCall }), [warm], 'last')
    expect(captures.reading.status).toMatchObject({ kind: 'failed', error: { code: 'shape' } })
  })

  it('refuses what would not fit, after the first batch', async () => {
    const captures = new Captures()
    const model = open()
    const huge = { ...model, info: { ...model.info, layers: 100, width: 200_000 } }
    await captures.run(huge, [warm], 'last')
    expect(captures.reading.status).toMatchObject({ kind: 'failed', error: { code: 'memory' } })
  })

  it('shows together only what is of one base model', async () => {
    const captures = new Captures()
    await captures.run(open(), [warm], 'last')
    await captures.run(fakeOpen({ layers: 6 }), [warm], 'last')
    expect(captures.shown.map(({ states }) => states.layers)).toEqual([6])
    const [first, second] = captures.list
    if (!first || !second) throw new Error('two captures were expected')
    expect(isComparable(first, second)).toBe(false)
    captures.show(first)
    expect(captures.shown).toEqual([first])
  })

  it('keeps, renames, deletes and gives back', async () => {
    const shelf = memoryShelf()
    const captures = new Captures(shelf)
    await captures.run(open(), [warm], 'last')
    captures.rename(only(captures), 'mine')
    await captures.keeping.flush()
    const next = new Captures(shelf)
    await next.restore()
    expect(next.list).toEqual(captures.list)
    expect(next.shown.map(({ name }) => name)).toEqual(['mine'])
    next.remove(only(next))
    expect(next.list).toEqual([])
    next.undo.take()
    expect(only(next).name).toBe('mine')
  })
})

describe('captures as files', () => {
  it.each(['safetensors', 'npy', 'json'] as const)('come back from %s', async (format) => {
    const captures = new Captures()
    await captures.run(open(), [warm], 'last')
    const capture = only(captures)
    const files = exportCapture(capture, format)
    expect(files[0]?.name).toMatch(/^warm-hidden\./)
    const back = importCapture(files)
    expect(back).toMatchObject({ name: 'warm', set: null, texts: [], seconds: null })
    expect(back.states.data).toEqual(capture.states.data)
    expect(isComparable(back, capture)).toBe(true)
    expect(rowName(back, 2)).toContain('prompt 3')
  })
})
