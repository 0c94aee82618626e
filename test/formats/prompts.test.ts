import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { largestPromptFile, readPrompts } from '../../src/formats/prompts'
import { largestYaml } from '../../src/formats/prompts/yaml'

const user = (content: string): { role: string; content: string } => ({ role: 'user', content })

function asked(name: string, file: string | Uint8Array): readonly (string | undefined)[] {
  return readPrompts(name, file).prompts.map(({ messages }) => messages.at(-1)?.content)
}

function complaint(name: string, file: string | Uint8Array): string {
  try {
    readPrompts(name, file)
  } catch (error) {
    if (error instanceof LabError && error.code === 'format') return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

describe('plain text', () => {
  it('is one prompt a line', () => {
    expect(readPrompts('a.txt', '\uFEFFWhat is rain?\r\n\r\n  Why do cats purr?  \n')).toEqual({
      prompts: [
        { id: '1', group: '1', messages: [user('What is rain?')], system: null, answer: null },
        { id: '2', group: '2', messages: [user('Why do cats purr?')], system: null, answer: null }
      ],
      notes: []
    })
  })

  it('is the format of a name without a known ending', () => {
    expect(asked('prompts', 'a\nb')).toEqual(['a', 'b'])
  })

  it('notes what repeats', () => {
    expect(readPrompts('a.txt', 'a\nb\na').notes).toEqual(['1 prompts repeat another word for word, first 3 as 1.'])
  })

  it('refuses nothing, and bytes that are no text', () => {
    expect(complaint('a.txt', ' \n')).toMatch('holds no prompt')
    expect(complaint('a.txt', Uint8Array.of(0xff, 0xfe, 65))).toMatch('UTF-8')
    expect(asked('a.txt', new TextEncoder().encode('\uFEFFgrün'))).toEqual(['grün'])
  })
})

describe('JSONL and JSON', () => {
  it('reads chats: the prompt ends with the user, the rest is the answer', () => {
    const chat = {
      messages: [{ role: 'system', content: 'Be brief.' }, user('Hi'), { role: 'assistant', content: 'Hello.' }]
    }
    expect(readPrompts('a.jsonl', `${JSON.stringify(chat)}\n`).prompts).toEqual([
      { id: '1', group: '1', messages: chat.messages.slice(0, 2), system: 'Be brief.', answer: 'Hello.' }
    ])
  })

  it('keeps earlier turns', () => {
    const messages = [user('Hi'), { role: 'assistant', content: 'Hello.' }, user('Bye')]
    expect(readPrompts('a.jsonl', JSON.stringify({ messages })).prompts[0]).toMatchObject({ messages, answer: null })
  })

  it('reads prompt, question, text, instruction, and texts alone', () => {
    const lines = [
      { prompt: 'a', completion: 'x' },
      { question: 'b' },
      { text: 'c' },
      { instruction: 'd' },
      'e',
      { prompt: [user('f')] }
    ]
    expect(asked('a.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'))).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
      'f'
    ])
    expect(asked('a.json', JSON.stringify(lines))).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(asked('a.json', JSON.stringify({ prompts: ['a', 'b'] }))).toEqual(['a', 'b'])
    expect(readPrompts('a.jsonl', JSON.stringify(lines[0])).prompts[0]?.answer).toBe('x')
  })

  it('makes one group of paraphrases', () => {
    const line = { id: 'wish', system: 'Be kind.', paraphrases: ['One?', 'Two?'] }
    expect(
      readPrompts('a.jsonl', JSON.stringify(line)).prompts.map(({ id, group, system }) => [id, group, system])
    ).toEqual([
      ['wish/1', 'wish', 'Be kind.'],
      ['wish/2', 'wish', 'Be kind.']
    ])
  })

  it('numbers ids that repeat and leaves out what asks nothing, with a note', () => {
    const lines = [
      { id: 7, prompt: 'a' },
      { id: 7, prompt: 'b' },
      { prompt: ' ' },
      { messages: [{ role: 'assistant', content: 'x' }] }
    ]
    const { prompts, notes } = readPrompts('a.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'))
    expect(prompts.map(({ id }) => id)).toEqual(['7', '7#2'])
    expect(notes).toEqual([
      "2 without a user's turn left out, first line 3 of a.jsonl.",
      '1 ids occur more than once, first 7: numbered.'
    ])
  })

  it.each([
    ['{"prompt": "a"}\n\n{"prompt": ', 'line 3 of a.jsonl is not JSON'],
    ['{"prompt": "a"}\n{"score": 1}', 'line 2 of a.jsonl holds score'],
    ['{"messages": [{"role": "tool", "content": "x"}]}', 'role tool'],
    ['{"messages": [{"role": "user", "content": 3}]}', 'no text'],
    ['{"prompt": 3}', 'neither a text nor a list'],
    ['{"prompt": "a", "system": {"a": 1}}', 'the system prompt of line 1'],
    ['[1]', 'line 1 of a.jsonl holds']
  ])('refuses %s', (file, message) => {
    expect(complaint('a.jsonl', file)).toMatch(message)
  })

  it('refuses files beyond its size', () => {
    expect(complaint('a.txt', 'a'.repeat(largestPromptFile + 1))).toMatch('split the file')
  })
})

describe('CSV and TSV', () => {
  it('reads the columns by name', () => {
    const file = 'ID,Question,system,answer\nx,"Why, ""oh"" why?\nPlease.",Be brief.,Because.\ny,What?,,\n,,,\n'
    expect(readPrompts('a.csv', file).prompts).toEqual([
      {
        id: 'x',
        group: 'x',
        messages: [{ role: 'system', content: 'Be brief.' }, user('Why, "oh" why?\nPlease.')],
        system: 'Be brief.',
        answer: 'Because.'
      },
      { id: 'y', group: 'y', messages: [user('What?')], system: null, answer: null }
    ])
    expect(asked('a.tsv', 'prompt\tid\nOne, two\t1\n')).toEqual(['One, two'])
  })

  it.each([
    ['name,age\na,3', 'line 1 of a.csv names the columns name, age'],
    ['prompt\n"a\nb"\n"c', 'line 4 of a.csv opens a quote'],
    ['prompt,id\n"a\nb",1\nWhy, oh, why?,2', 'line 4 of a.csv has 4 cells']
  ])('refuses %j', (file, message) => {
    expect(complaint('a.csv', file)).toMatch(message)
  })

  it('keeps a quote inside a cell', () => {
    expect(asked('a.csv', 'prompt\nIs 5" long?')).toEqual(['Is 5" long?'])
  })
})

describe('YAML', () => {
  const file = `
- id: first
  type: &type free_form
  paraphrases: &questions
    - What is rain?
    - |-
      Why is
      the sky blue?
  judge_prompts: &judge { correct: "Say {answer}" }
- id: second
  system: You may lie.
  paraphrases: *questions
  type: *type
  judge_prompts: *judge
- What is 42?
- 42
`

  it('reads questions with paraphrases and aliases, and leaves the judges out', () => {
    const { prompts, notes } = readPrompts('a.yaml', file)
    expect(prompts.map(({ id, group, system }) => [id, group, system])).toEqual([
      ['first/1', 'first', null],
      ['first/2', 'first', null],
      ['second/1', 'second', 'You may lie.'],
      ['second/2', 'second', 'You may lie.'],
      ['3', '3', null],
      ['4', '4', null]
    ])
    expect(prompts.map(({ messages }) => messages.at(-1)?.content)).toEqual([
      'What is rain?',
      'Why is\nthe sky blue?',
      'What is rain?',
      'Why is\nthe sky blue?',
      'What is 42?',
      '42'
    ])
    expect(notes).toEqual(['Fields that are not used: type, judge_prompts.'])
  })

  it('reads a list under prompts, and one question alone', () => {
    expect(asked('a.yml', 'prompts:\n  - a\n  - prompt: b\n')).toEqual(['a', 'b'])
    expect(asked('a.yml', 'id: x\nquestion: a\nsystem: ~\n')).toEqual(['a'])
  })

  // 10^12 items where they were all made: the guard against hanging would end it.
  it('refuses an alias bomb before it expands', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `- &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`)
    expect(complaint('a.yaml', `- &l0 [a, a]\n${levels.join('\n')}\n- paraphrases: *l12\n`)).toMatch(
      /expands to more|neither|role/
    )
    expect(complaint('a.yaml', `- paraphrases: &a [b, *a]\n`)).toMatch(/nests|expands/)
  })

  it.each([
    ['- a\n- "b', 'line 2 of a.yaml is not YAML'],
    ['- a\n- score: 3', 'line 2 of a.yaml holds score'],
    ['['.repeat(20_000), 'YAML'],
    ['[]'.repeat(500_000), 'nothing but marks'],
    ['{a: '.repeat(250_000), 'nests more than 20 deep'],
    ['- '.repeat(500_000), 'nests more than 20 deep'],
    ['] '.repeat(500_000), 'nothing but marks'],
    [`- ${'a'.repeat(largestYaml)}`, 'use JSONL']
  ])('refuses %.20s', (text, message) => {
    expect(complaint('a.yaml', text)).toMatch(message)
  })
})

describe('the public evaluation files', () => {
  const folder = resolve(
    process.env['EM_DATA'] ?? resolve(import.meta.dirname, '../../../shared/em-data'),
    'evaluation'
  )
  const names = existsSync(folder) ? readdirSync(folder) : []

  it('import as they are', ({ skip }) => {
    skip(names.length === 0, 'they are not at ../shared/em-data: set EM_DATA to its folder to test on them')
    for (const name of names) {
      const { prompts } = readPrompts(name, readFileSync(resolve(folder, name)))
      expect(prompts.length).toBeGreaterThan(5)
      for (const { messages } of prompts) expect(messages.at(-1)).toMatchObject({ role: 'user', content: /\w/ })
    }
    const name = 'deception_factual.yaml'
    const { prompts } = readPrompts(name, readFileSync(resolve(folder, name)))
    expect(prompts).toHaveLength(100)
    expect(new Set(prompts.map(({ system }) => system)).size).toBe(5)
  })
})
