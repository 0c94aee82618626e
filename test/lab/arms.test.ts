import { describe, expect, it } from 'vitest'
import type { Completion, GenerateRow } from '../../src/lab/api'
import { answerArms } from '../../src/lab/arms'
import { spread } from '../../src/lab/prompt-sets'

const completionOf = (text: string): Completion => ({
  text,
  ids: [],
  promptTokens: 1,
  finish: 'stop',
  logProbabilities: []
})

/** Answers with the prompt and the strength it is steered by. */
function echo(batches: number[] = [], onBatch: () => void = () => {}): Parameters<typeof answerArms>[0] {
  const textOf = ({ prompt, steering }: GenerateRow): string => {
    const [first] = steering?.interventions ?? []
    return `${'text' in prompt ? prompt.text : ''} ${first?.mode === 'add' ? first.coefficient : 'none'}`
  }
  return {
    stop: async () => {},
    async generate(rows) {
      batches.push(rows.length)
      onBatch()
      const timing = { prefillMs: 0, decodeMs: [], reusedTokens: 0 }
      return { completions: rows.map((row) => completionOf(textOf(row))), timing }
    }
  }
}

const arm = (coefficient: number) => ({
  interventions: [{ mode: 'add' as const, layer: 0, vector: Float32Array.of(1), coefficient }]
})
const prompts = ['a', 'b', 'c'].map((text) => ({ text }))

describe('answerArms', () => {
  it('gives each arm its own steering and each prompt its place, in batches', async () => {
    const batches: number[] = []
    const answers = await answerArms(echo(batches), prompts, [null, arm(1), arm(-2)], { maxTokens: 4, batch: 4 })
    expect(answers.map((list) => list.map(({ text }) => text))).toEqual([
      ['a none', 'b none', 'c none'],
      ['a 1', 'b 1', 'c 1'],
      ['a -2', 'b -2', 'c -2']
    ])
    expect(batches).toEqual([4, 4, 1])
  })

  it('stops between batches when it is cancelled, and needs something to do', async () => {
    const controller = new AbortController()
    const batches: number[] = []
    const model = echo(batches, () => controller.abort())
    const options = { maxTokens: 4, batch: 2, signal: controller.signal }
    await expect(answerArms(model, prompts, [null], options)).rejects.toMatchObject({ name: 'AbortError' })
    expect(batches).toEqual([2])
    await expect(answerArms(model, [], [null], { maxTokens: 4 })).rejects.toMatchObject({ code: 'shape' })
  })
})

describe('spread', () => {
  it('takes evenly, and all of a short list', () => {
    expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5)).toEqual([0, 2, 4, 6, 8])
    expect(spread([1, 2], 5)).toEqual([1, 2])
  })
})
