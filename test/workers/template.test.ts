import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { PreTrainedTokenizer } from '@huggingface/transformers'
import { describe, expect, it } from 'vitest'
import { Tokens } from '../../workers/tokens'
import { ChatTemplate } from '../../workers/template'
import { wordTokenizer } from '../word-tokenizer'

const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'What is a goat?' },
  { role: 'assistant', content: 'An animal.' },
  { role: 'user', content: 'And a "sheep"?' }
] as const

const folder = resolve(import.meta.dirname, '../../public/models')
const models = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
  const files = entry.isDirectory() ? readdirSync(resolve(folder, entry.name)) : []
  return files.includes('tokenizer_config.json') ? [entry.name] : []
})

it.each(models)("%s's template gives what transformers' own engine gives", (name) => {
  const text = (file: string): string => readFileSync(resolve(folder, name, file), 'utf8')
  const config = JSON.parse(text('tokenizer_config.json'))
  const tokenizer = new PreTrainedTokenizer(JSON.parse(text('tokenizer.json')), config)
  const given = messages.slice(1)
  const expected = tokenizer.apply_chat_template(given, { tokenize: false, add_generation_prompt: true })
  const tokens = new Tokens({
    tokenizer: text('tokenizer.json'),
    config: text('tokenizer_config.json'),
    template: undefined
  })
  expect(tokens.encode({ messages: given }, 100_000)).toEqual(
    tokenizer.encode(String(expected), { add_special_tokens: false })
  )
})

it('has the words of a real template', () => {
  const source =
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set s = messages[0].content | trim %}{% set rest = messages[1:] %}" +
    "{% endif %}{{ strftime_now('%Y') }}{{ none is none and True and not False }}" +
    '{% for m in rest %}[{{ loop.index }} {{ m.role | upper }}: {{ m.content | tojson }}]{% endfor %}' +
    '{% for i in range(1, 6, 2) %}{{ i }}{% endfor %}{% for i in range(3, 0, -1) %}{{ i }}{% endfor %}{{ s }}' +
    '{% if tools %}no{% endif %}{% if add_generation_prompt %}<go>{% endif %}'
  const year = new Date().getFullYear()
  expect(new ChatTemplate(source).render(messages, { bos_token: '<s>' })).toBe(
    `<s>${year}true[1 USER: "What is a goat?"][2 ASSISTANT: "An animal."][3 USER: "And a \\"sheep\\"?"]135321Be brief.<go>`
  )
})

describe('a template that would not end', () => {
  const tokens = (chat_template: string): Tokens => {
    const files = wordTokenizer(8)
    const config = JSON.stringify({ ...JSON.parse(files['tokenizer_config.json']), chat_template })
    return new Tokens({ tokenizer: files['tokenizer.json'], config, template: undefined })
  }

  it.each([
    ['a huge range', '{% for i in range(1000000000) %}x{% endfor %}'],
    ['a range of fractions', '{% for i in range(0, 1, 0.000000001) %}x{% endfor %}'],
    ['a range that never arrives', '{{ range(0, 5, 0) }}'],
    ['loops in loops', '{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}'],
    ['loops in loops that say something', `${'{% for i in range(999) %}'.repeat(6)}x${'{% endfor %}'.repeat(6)}`],
    [
      'a text that doubles',
      "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}{{ n.s }}"
    ],
    [
      'a text that is replaced by itself',
      "{% set n = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set n.s = n.s | replace('x', 'xxxxxxxx') %}{% endfor %}{{ n.s }}"
    ],
    [
      'a list that doubles',
      '{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = n.l + n.l %}{% endfor %}'
    ],
    ['a macro that calls itself', '{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}'],
    ['much nesting', `${'{% if true %}'.repeat(20_000)}x${'{% endif %}'.repeat(20_000)}`],
    ['many brackets', `{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`],
    ['what it refuses itself', `{{ raise_exception('no\\nsystem ${'x'.repeat(1000)}') }}`]
  ])('by %s is refused in time', (_, template) => {
    const began = process.cpuUsage()
    const before = process.memoryUsage()
    const failure = (): unknown => tokens(template).encode({ messages: [{ role: 'user', content: 'hi' }] }, 8)
    expect(failure).toThrow(
      expect.objectContaining({
        code: 'format',
        message: expect.stringMatching(/^the chat template refused[^\n]{1,300}$/)
      })
    )
    expect(process.cpuUsage(began).user / 1e6).toBeLessThan(2)
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(500e6)
  })
})
