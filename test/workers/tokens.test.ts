import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { Tokens } from '../../workers/tokens'

const folder = resolve(import.meta.dirname, '../../public/models/qwen2')
const text = (name: string): string => readFileSync(resolve(folder, name), 'utf8')

it('tells the marks of the template from the text of a user', () => {
  const tokens = new Tokens({
    tokenizer: text('tokenizer.json'),
    config: text('tokenizer_config.json'),
    template: undefined
  })
  const ids = tokens.encode({ messages: [{ role: 'user', content: 'What is a goat?' }] }, 1024)
  expect(ids.filter((id) => tokens.isSpecial(id)).map((id) => tokens.name(id))).toEqual([
    '<|user|>',
    '<|end|>',
    '<|assistant|>'
  ])
  expect(ids.map((id) => tokens.name(id)).join('')).toBe('<|user|>What is a goat?<|end|><|assistant|>')
})
