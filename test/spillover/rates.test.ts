import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { beginsCode, codeTokens, firstTokenMass, firstTokenMassOfLogits } from '../../src/spillover/first-token'
import { cleanProse, degenerate, degeneration, repetition } from '../../src/spillover/quality'
import { codeRate, codeShareRate, rateOf, suppression } from '../../src/spillover/rates'

describe('rates', () => {
  it('are means over prompts of means over samples', () => {
    expect(rateOf([[true, false], [true], [false, false, false, false]])).toEqual({ mean: 0.5, perPrompt: [0.5, 1, 0] })
  })

  it('of code count answers', () => {
    const answers = [
      ['import os', 'It rains.'],
      ['It rains.', 'It snows.']
    ]
    expect(codeRate(answers)).toEqual({ mean: 0.25, perPrompt: [0.5, 0] })
    expect(codeShareRate(answers)).toEqual({ mean: 0.25, perPrompt: [0.5, 0] })
  })

  it('are paired in a suppression, in points, positive where code goes away', () => {
    const none = rateOf([[1], [1], [0]])
    expect(suppression(none, rateOf([[0], [1], [0]]))).toEqual({ mean: 100 / 3, perPrompt: [100, 0, 0] })
    expect(suppression(none, none).mean).toBe(0)
  })

  it('refuse what has no mean, or no pair', () => {
    expect(() => rateOf([])).toThrow(LabError)
    expect(() => rateOf([[1], []])).toThrow('prompt 2 has no answer')
    expect(() => suppression(rateOf([[1]]), rateOf([[1], [0]]))).toThrow('the same prompts in the same order')
  })
})

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
    const uniform = new Float32Array(tokens.length).fill(1 / tokens.length)
    expect(firstTokenMass(uniform, codeTokens(tokens))).toBeCloseTo(6 / 11)
    expect(firstTokenMass(uniform, [])).toBe(0)
  })

  it('is the same from logits, whatever is added to them', () => {
    const logits = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 11, maxLength: 11 })
    fc.assert(
      fc.property(logits, fc.double({ min: -1e4, max: 1e4, noNaN: true }), (values, shift) => {
        const weights = values.map(Math.exp)
        const sum = weights.reduce((a, b) => a + b, 0)
        const ids = codeTokens(tokens)
        const mass = firstTokenMass(
          weights.map((weight) => weight / sum),
          ids
        )
        expect(firstTokenMassOfLogits(values, ids)).toBeCloseTo(mass, 9)
        expect(
          firstTokenMassOfLogits(
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
    expect(() => firstTokenMassOfLogits([0.5, 0.5], [-1])).toThrow(LabError)
  })
})
