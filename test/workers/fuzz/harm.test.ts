/** Files that are made to do harm, which damage by chance does not come upon. */
import { describe, expect, it } from 'vitest'
import { readDirections } from '../../../src/direction/files/files'
import { LabError } from '../../../src/errors'
import { readPeft } from '../../../src/formats/peft'
import { readPrompts } from '../../../src/formats/prompts'

/** Whether a file gives prompts, or one typed error on one line. */
function isReadOrRefused(name: string, file: string): boolean {
  try {
    const { prompts } = readPrompts(name, file)
    return prompts.length > 0 && prompts.every(({ messages }) => messages.at(-1)?.role === 'user')
  } catch (error) {
    return error instanceof LabError && error.code === 'format' && !error.message.includes('\n')
  }
}

describe('a file of prompts', () => {
  it.each([
    ['a.yaml', '- a: &a [*a, *a]\n', 5_000],
    ['a.yaml', '? ', 5_000],
    ['a.yaml', '- ', 50_000],
    ['a.yaml', '{a: ', 5_000],
    ['a.yaml', 'a: b\n', 30_000],
    ['a.yaml', '- &a a\n- *a\n', 15_000],
    ['a.json', '[', 500_000],
    ['a.json', '{"a":', 200_000],
    ['a.jsonl', '[\n', 200_000],
    ['a.csv', '"', 1_000_000],
    ['a.csv', 'prompt,"', 200_000],
    ['a.tsv', '\t\n', 500_000],
    ['a.txt', 'a\n', 199_999]
  ])(
    '%s of many %j ends',
    (name, atom, times) => {
      expect(isReadOrRefused(name, atom.repeat(times))).toBe(true)
    },
    60_000
  )
})

describe('a file that means harm', () => {
  it('is not followed into depth, or into sizes of which one is 0', () => {
    const deep = new TextEncoder().encode(`{"directions":${'['.repeat(200_000)}`)
    expect(() => readDirections([{ name: 'x', bytes: deep }])).toThrow(LabError)
    const config = JSON.stringify({ peft_type: 'LORA', r: 1e15, lora_alpha: 1 })
    const empty = (shape: readonly number[]): object => ({ dtype: 'F32', shape, data_offsets: [0, 0] })
    const name = 'base_model.model.model.layers.0.self_attn.q_proj.lora_'
    const text = JSON.stringify({ [`${name}A.weight`]: empty([1e15, 0]), [`${name}B.weight`]: empty([0, 1e15]) })
    const file = new Uint8Array(8 + text.length)
    new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true)
    file.set(new TextEncoder().encode(text), 8)
    expect(() => readPeft(config, file)).toThrow(expect.objectContaining({ code: 'adapter' }))
  })
})
