import { describe, expect, it } from 'vitest'
import { captureAll } from '../../src/lab/loops'
import { fakeModel } from '../fake-lab'

const rows = Array.from({ length: 10 }, (_, i) => ({ prompt: { text: `prompt ${i}` } }))

describe('captureAll', () => {
  it('gives the same in batches as at once, and tells how far it is', async () => {
    const done: number[] = []
    const batched = await captureAll(fakeModel(), rows, 'last', { batch: 4, onProgress: (p) => done.push(p.done) })
    expect(batched).toEqual(await fakeModel().capture(rows, 'last'))
    expect(done).toEqual([0, 4, 8, 10])
  })

  it('sends nothing more when cancelled', async () => {
    const controller = new AbortController()
    let calls = 0
    const model = fakeModel({ onCall: () => void (++calls === 2 && controller.abort()) })
    const captured = captureAll(model, rows, 'last', { batch: 2, signal: controller.signal })
    await expect(captured).rejects.toMatchObject({ name: 'AbortError' })
    expect(calls).toBe(2)
  })

  it('refuses an empty list', async () => {
    await expect(captureAll(fakeModel(), [], 'last')).rejects.toThrow('add at least one prompt')
  })
})
