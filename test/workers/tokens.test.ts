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

it('takes a special token as an object that does not say what it is, as older files have it', () => {
  const config: Record<string, unknown> = JSON.parse(text('tokenizer_config.json'))
  const eos = config['eos_token']
  const tokens = (end: unknown): Tokens =>
    new Tokens({
      tokenizer: text('tokenizer.json'),
      config: JSON.stringify({ ...config, eos_token: end }),
      template: undefined
    })
  expect(tokens(eos).stop).toHaveLength(1)
  expect(tokens({ content: eos, lstrip: false, special: true }).stop).toEqual(tokens(eos).stop)
})

it('takes numbers that Python writes and JSON does not know', () => {
  const config = text('tokenizer_config.json').replace(
    '{',
    '{"model_max_length": Infinity, "note": "an \\"Infinity\\"", "x": [NaN],'
  )
  const tokens = new Tokens({ tokenizer: text('tokenizer.json'), config, template: undefined })
  expect(tokens.stop).toHaveLength(1)
})

it('gives a model without a template the plain form, as the companion does', () => {
  const config: Record<string, unknown> = JSON.parse(text('tokenizer_config.json'))
  delete config['chat_template']
  const base = new Tokens({ tokenizer: text('tokenizer.json'), config: JSON.stringify(config), template: undefined })
  expect(base.hasTemplate).toBe(false)
  const ids = base.encode(
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Is it cold?' },
        { role: 'assistant', content: 'No.' },
        { role: 'user', content: 'Is it hot?' }
      ]
    },
    1024
  )
  // companion/tests/test_template.py has the same text.
  const plain = 'Be brief.\n\nQuestion: Is it cold?\nAnswer: No.\n\nQuestion: Is it hot?\nAnswer:'
  expect(ids).toEqual(base.encode({ text: plain }, 1024))
  expect(base.decode(ids)).toBe(plain)
})
