import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPrompts } from '../../../src/formats/prompts'
import {
  isLine,
  keptSet,
  makeSet,
  overlapsOf,
  plainRow,
  readKeptSet,
  roleOfName,
  setSha256,
  textOf,
  toJsonl,
  withText
} from '../../../src/state/prompts/prompt-set'
import { shippedSets } from '../../../src/ui/prompts/prompt-roles'

const file = [
  { messages: [{ role: 'user', content: 'What is a goat?' }], answer: 'An animal.', id: 'goat', group: 'animals' },
  {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi.' }
    ]
  },
  { prompt: 'Complete this:\ndef f():' },
  { prompt: 'Why?' }
]
  .map((row) => JSON.stringify(row))
  .join('\n')
const mixed = makeSet('mixed', 'eval', readPrompts('mixed.jsonl', file).prompts)

describe('a set as text', () => {
  it('holds single lines only', () => {
    expect(mixed.prompts.map(isLine)).toEqual([true, false, false, true])
    expect(textOf(mixed)).toBe('What is a goat?\nWhy?')
  })

  it('keeps what was not edited: answers, ids, and prompts that are no lines', () => {
    const edited = withText(mixed, 'Why not?\n\nWhat is a goat?\nWhy not?\n')
    expect(edited.prompts.map(({ messages }) => messages.at(-1)?.content)).toEqual([
      'Why not?',
      'What is a goat?',
      'Hi.',
      'Complete this:\ndef f():'
    ])
    expect(edited.prompts[1]).toEqual(mixed.prompts[0])
    expect(new Set(edited.prompts.map(({ id }) => id)).size).toBe(4)
  })
})

describe('files and hashes', () => {
  it('come back from JSONL as they were', () => {
    expect(readPrompts('again.jsonl', toJsonl(mixed))).toEqual({ prompts: mixed.prompts, notes: [] })
    expect(readKeptSet(structuredClone(keptSet(mixed)))).toEqual(mixed)
    expect(readKeptSet(keptSet(makeSet('empty', 'map', []))).prompts).toEqual([])
  })

  it('refuse what is no kept set', () => {
    expect(() => readKeptSet({ ...keptSet(mixed), role: 'judge' })).toThrow(/role should be one of positive/)
    expect(() => readKeptSet('text')).toThrow(/should be an object/)
  })

  it('hash the messages of each prompt, one JSON a line, whatever the names', async () => {
    const lines = [
      '[{"role":"user","content":"a"}]',
      '[{"role":"user","content":"b"},{"role":"assistant","content":"c"}]'
    ]
    const expected = createHash('sha256').update(lines.join('\n')).digest('hex')
    const rows = [plainRow('1', 'a'), { ...plainRow('x', 'b'), answer: 'c' }]
    expect(await setSha256(rows)).toBe(expected)
    expect(await setSha256(rows.map((row) => ({ ...row, id: `${row.id}!` })))).toBe(expected)
    expect(await setSha256(rows.toReversed())).not.toBe(expected)
  })
})

describe('overlapsOf', () => {
  const one = makeSet('one', 'eval', [plainRow('1', 'Hi.'), plainRow('2', 'Why?')])
  const two = makeSet('two', 'tune', [plainRow('1', 'Where?'), plainRow('2', 'Why?')])

  it('finds what two roles share, whatever the system prompt', () => {
    expect(overlapsOf([one, two])).toEqual([{ first: one, second: two, count: 1, example: 'Why?' }])
    expect(overlapsOf([mixed, { ...one, role: 'map' }])[0]?.count).toBe(2)
  })

  it('lets sets of one role share', () => {
    expect(overlapsOf([one, { ...two, role: 'eval' }])).toEqual([])
  })
})

describe('the sets that come with the page', () => {
  const folder = resolve(import.meta.dirname, '../../../public/models/prompts')
  const sets = shippedSets.map(({ file: name, role }) =>
    makeSet(name, role, readPrompts(name, readFileSync(resolve(folder, name))).prompts)
  )

  it('are all that are there, but the fine-tuning data', () => {
    const there = readdirSync(folder).filter((name) => !name.startsWith('finetune'))
    expect(shippedSets.map(({ file: name }) => name).toSorted()).toEqual(there.toSorted())
  })

  it('are disjoint, and their names tell their roles', () => {
    expect(overlapsOf(sets)).toEqual([])
    expect(shippedSets.map(({ file: name }) => roleOfName(name))).toEqual(shippedSets.map(({ role }) => role))
  })
})
