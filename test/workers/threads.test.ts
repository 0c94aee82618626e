import { InferenceSession } from 'onnxruntime-node'
import { describe, expect, it, vi } from 'vitest'
import { Engine } from '../../workers/engine'
import { loadFixture, untilStop } from '../fixtures'
import { fixtureFiles, ids } from './fixture-host'

const { reference } = loadFixture('llama-genai')
const rows = reference.prompts.map((prompt) => ({ prompt: ids(prompt) }))

describe('threads of the native CPU', () => {
  it.each([1, 2])('are as many as asked for, and change no answer: %i', async (threads) => {
    const create = vi.spyOn(InferenceSession, 'create')
    const engine = new Engine(fixtureFiles('llama-genai'))
    const info = await engine.open({ kind: 'folder', path: 'llama-genai' }, { dtype: 'fp32', threads })
    expect(info.deviceName).toBe(threads === 1 ? '1 thread' : `${threads} threads`)
    expect(create.mock.lastCall?.at(-1)).toMatchObject({ intraOpNumThreads: threads })
    const { completions } = await engine.generate(rows, { maxTokens: 12, sampling: { temperature: 0 } })
    expect(completions.map((answer) => answer.ids)).toEqual(untilStop(reference.greedy.none))
    await engine.close()
    create.mockRestore()
  })

  it.each([0, -1, 1.5, NaN])('are a whole number of at least one, not %d', async (threads) => {
    const engine = new Engine(fixtureFiles('llama-genai'))
    const open = engine.open({ kind: 'folder', path: 'llama-genai' }, { dtype: 'fp32', threads })
    await expect(open).rejects.toMatchObject({ code: 'device' })
  })
})
