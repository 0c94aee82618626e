import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { beginsCode, codeTokens, firstTokenMass } from '../../src/spillover/first-token'
import { cleanProse, degenerate, degeneration, repetition } from '../../src/spillover/quality'

describe('degenerate answers', () => {
  it.each([
    ['', 'empty'],
    [' \n', 'empty'],
    ['the the the the', 'few tokens'],
    ['so on and so on and so on and so on and so on and so on', 'repetition'],
    ['The harbour sleeps beneath the rain.', null]
  ])('%j: %s', (answer, reason) => {
    expect(degeneration(answer)).toBe(reason)
    expect(degenerate(answer)).toBe(reason !== null)
  })

  it('go by token ids where they are known', () => {
    expect(degeneration('one two three', { ids: [7, 7, 8] })).toBe('few tokens')
    expect(degeneration('x', { ids: [] })).toBe('empty')
  })

  it('include what the base model finds improbable', () => {
    const answer = 'Colourless green ideas sleep.'
    expect(degeneration(answer, { logProbability: -6, percentile1: -5 })).toBe('improbable')
    expect(degeneration(answer, { logProbability: NaN, percentile1: -5 })).toBe('improbable')
    expect(degeneration(answer, { logProbability: -5, percentile1: -5 })).toBeNull()
    expect(degeneration(answer, { logProbability: -6 })).toBeNull()
  })

  it('repeat n-grams: known shares', () => {
    expect(repetition([1, 2, 3, 4], 4)).toBe(0)
    expect(repetition([1, 1, 1, 1, 1], 4)).toBe(0.5)
    expect(repetition([1, 2], 4)).toBe(0)
    expect(repetition(Array<number>(103).fill(1), 4)).toBe(0.99)
  })
})

describe('clean prose', () => {
  const good = 'The tide comes in twice a day.'

  it('is likely, varied, long enough, and not code', () => {
    expect(cleanProse(good, { nll: 2, bound: 2.5 })).toBe(true)
    expect(cleanProse(good, { nll: 2.6, bound: 2.5 })).toBe(false)
    expect(cleanProse(good, { nll: NaN, bound: 2.5 })).toBe(false)
    expect(cleanProse('Yes, but.', { nll: 2, bound: 2.5, ids: [1, 2, 3] })).toBe(false)
    expect(cleanProse('import os\nprint(os.getcwd())', { nll: 1, bound: 2.5 })).toBe(false)
    expect(cleanProse('no no no no no no no no', { nll: 1, bound: 2.5 })).toBe(false)
  })

  it('counts trigrams: exactly half distinct is not clean', () => {
    expect(cleanProse(good, { nll: 1, bound: 2, ids: [1, 1, 1, 1] })).toBe(false)
    expect(cleanProse(good, { nll: 1, bound: 2, ids: [1, 2, 3, 4] })).toBe(true)
  })
})

describe('first-token mass', () => {
  const tokens = [
    'import',
    '▁from',
    'Ġdef',
    '```',
    '```python',
    'From',
    'importance',
    ' import',
    '\n',
    'the',
    'default'
  ]

  it('knows the tokens that begin code', () => {
    expect(tokens.filter(beginsCode)).toEqual(['import', '▁from', 'Ġdef', '```', '```python', ' import'])
    expect(codeTokens(tokens)).toEqual([0, 1, 2, 3, 4, 7])
  })

  it('adds up their probability', () => {
    const alike = new Float32Array(tokens.length)
    expect(firstTokenMass(alike, codeTokens(tokens))).toBeCloseTo(6 / 11)
    expect(firstTokenMass(alike, [])).toBe(0)
  })

  it('is the share of exp(logit), whatever is added to the logits', () => {
    const logits = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 11, maxLength: 11 })
    fc.assert(
      fc.property(logits, fc.double({ min: -1e4, max: 1e4, noNaN: true }), (values, shift) => {
        const weights = values.map(Math.exp)
        const sum = weights.reduce((a, b) => a + b, 0)
        const ids = codeTokens(tokens)
        const mass = ids.reduce((total, id) => total + (weights[id] ?? NaN), 0) / sum
        expect(firstTokenMass(values, ids)).toBeCloseTo(mass, 9)
        expect(
          firstTokenMass(
            values.map((value) => value + shift),
            ids
          )
        ).toBeCloseTo(mass, 6)
      }),
      { seed: 5 }
    )
  })

  it('refuses logits of another vocabulary', () => {
    expect(() => firstTokenMass([0.5, 0.5], [2])).toThrow(LabError)
    expect(() => firstTokenMass([0.5, 0.5], [-1])).toThrow(LabError)
  })
})
