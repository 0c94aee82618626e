import { expect, it } from 'vitest'
import { promptLines } from '../../../src/state/prompts/prompt-lines'
import { examplePrompts, Prompts } from '../../../src/state/prompts/prompts.svelte'

it('takes one prompt a line, without blank and repeated lines', () => {
  expect(promptLines(' one \n\ntwo\r\none\n')).toEqual(['one', 'two'])
})

it('says what keeps the lists from being fitted', () => {
  const prompts = new Prompts()
  expect(prompts.problem).toBeNull()
  prompts.negativeText = ''
  expect(prompts.problem).toContain('one is empty')
  prompts.negativeText = 'only one'
  expect(prompts.problem).toContain('at least 2')
  prompts.restoreExample()
  expect([prompts.problem, prompts.isExample]).toEqual([null, true])
})

it('has an example of equal, distinct sides', () => {
  const { positive, negative } = examplePrompts
  expect(positive.length).toBe(negative.length)
  expect(new Set([...positive, ...negative]).size).toBe(positive.length + negative.length)
})
