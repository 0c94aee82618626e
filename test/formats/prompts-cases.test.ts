/** One table of prompt files for both languages: `companion/tests/test_prompts.py` reads the same. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { readPrompts } from '../../src/formats/prompts'

interface PromptCase {
  readonly name: string
  /** The name of the file. */
  readonly file: string
  readonly text?: string
  readonly base64?: string
  /** How the message begins. */
  readonly refused?: string
  readonly prompts?: readonly object[]
  readonly notes?: readonly string[]
}

const path = resolve(import.meta.dirname, '../fixtures/prompts/cases.json')
const cases = JSON.parse(readFileSync(path, 'utf8')) as readonly PromptCase[]

describe('a prompt file', () => {
  it.each(cases)('$file: $name', ({ file, text, base64, refused, prompts, notes = [] }) => {
    const content = text ?? new Uint8Array(Buffer.from(base64 ?? '', 'base64'))
    if (refused !== undefined) {
      const error = refusal(file, content)
      expect(error.message.slice(0, refused.length)).toBe(refused)
      expect(error).toMatchObject({ code: 'format', message: expect.not.stringContaining('\n') })
      return
    }
    const read = readPrompts(file, content)
    const rows = read.prompts.map(({ id, group, messages, answer }) => ({
      id,
      group,
      messages: messages.map(({ role, content }) => [role, content]),
      answer
    }))
    expect(rows).toEqual(prompts)
    expect(read.notes).toEqual(notes)
  })
})

function refusal(file: string, content: string | Uint8Array): LabError {
  try {
    readPrompts(file, content)
  } catch (error) {
    if (error instanceof LabError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
