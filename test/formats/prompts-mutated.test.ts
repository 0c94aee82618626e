/** Damaged files of every format: a list of prompts or a LabError, and soon. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { readPrompts } from '../../src/formats/prompts'

const files: readonly (readonly [string, string])[] = [
  ['a.txt', 'What is rain?\nWhy do cats purr?\n\nWrite a poem about the sea.\n'],
  [
    'a.jsonl',
    '{"messages": [{"role": "user", "content": "Hi \\u00e4"}, {"role": "assistant", "content": "x"}]}\n{"prompt": "b", "id": 2}\n'
  ],
  ['a.json', '{"questions": [{"id": "q", "paraphrases": ["a", "b"], "system": null}, "c"]}'],
  ['a.csv', 'id,prompt,system\n1,"Why, ""oh"" why?\nPlease.",\n2,What?,Be brief.\n'],
  ['a.tsv', 'prompt\tid\nOne, two\t1\n"Three\tfour"\t2\n'],
  [
    'a.yaml',
    '- id: q\n  paraphrases: &p\n    - a\n    - |-\n      b\n      c\n  judge: &j {x: 1}\n- paraphrases: *p\n  system: "s"\n  judge: *j\n'
  ]
]

const pieces = fc.constantFrom(
  ...[
    '"',
    "'",
    '\n',
    '\r',
    ',',
    '\t',
    '{',
    '}',
    '[',
    ']',
    ':',
    '- ',
    '&p ',
    '*p',
    '*q',
    '<<: ',
    '|',
    '>',
    '#',
    '---\n',
    '!!js ',
    '? ',
    '\\',
    '\0',
    '\uFFFD',
    'é',
    '%',
    '@'
  ],
  ...['null', '~', '1e999', '"messages"', 'role', '\u2028', '\ud800', '   ', '[[[[[[', '{a: {b: {c: ']
)

/** Cuts, repeats and inserts at random places. */
const mutation = fc.record({
  at: fc.nat(400),
  drop: fc.nat(20),
  insert: fc.array(pieces, { maxLength: 4 }),
  repeat: fc.integer({ min: 1, max: 3 })
})

function mutate(
  text: string,
  mutations: readonly { at: number; drop: number; insert: readonly string[]; repeat: number }[]
): string {
  return mutations.reduce((file, { at, drop, insert, repeat }) => {
    const place = at % (file.length + 1)
    return file.slice(0, place) + insert.join('').repeat(repeat) + file.slice(place + drop)
  }, text)
}

function isReadOrRefused(name: string, file: string | Uint8Array): boolean {
  try {
    const { prompts } = readPrompts(name, file)
    return prompts.length > 0 && prompts.every(({ messages }) => messages.at(-1)?.role === 'user')
  } catch (error) {
    return error instanceof LabError && error.code === 'format' && !error.message.includes('\n')
  }
}

describe('10,000 damaged files', () => {
  it.each(files)(
    '%s',
    (name, text) => {
      const damaged = fc.array(mutation, { minLength: 1, maxLength: 5 }).map((mutations) => mutate(text, mutations))
      fc.assert(
        fc.property(damaged, (file) => {
          return isReadOrRefused(name, file)
        }),
        { seed: 5, numRuns: 10_000 }
      )
    },
    120_000
  )

  it.each(files)('%s, in bytes', (name, text) => {
    const bytes = new TextEncoder().encode(text)
    const damaged = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(damaged, (changes) => {
        const file = bytes.slice()
        for (const [at, value] of changes) file[at] = value
        return isReadOrRefused(name, file)
      }),
      { seed: 5, numRuns: 1000 }
    )
  })

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
