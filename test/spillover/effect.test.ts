import { describe, expect, it } from 'vitest'
import { bootstrap } from '../../src/math/bootstrap'
import { codeRows, effectOf, type Arms, type Effect } from '../../src/spillover/effect'
import { outcomeOf, sharesOf, type Outcome } from '../../src/spillover/outcome'

const n = 40
/** So many of the prompts answered with code, the first ones. */
const codeIn = (count: number): readonly Outcome[] =>
  Array.from({ length: n }, (_, i) => ({ code: i < count, good: i >= count }))

/** Neither code nor good for anything. */
const nonsense: readonly Outcome[] = Array.from({ length: n }, () => ({ code: false, good: false }))

function read(none: number, carried: number, ...mapped: readonly number[]): Effect {
  return readArms(codeIn(none), codeIn(carried), mapped.map(codeIn))
}

function readArms(none: readonly Outcome[], carried: readonly Outcome[], mapped: Arms['mapped']): Effect {
  const arms: Arms = { none, own: codeIn(0), carried, mapped }
  return effectOf(arms, bootstrap(codeRows(arms), { draws: 2000, seed: 1 }))
}

describe('the effect of a carried direction', () => {
  it('is what it takes away, beside what random ones take away', () => {
    const { carriedDrop, mappedDrop, margin, ownDrop } = read(30, 10, 30, 26)
    expect(carriedDrop.estimate).toBeCloseTo(50)
    expect(mappedDrop.estimate).toBeCloseTo(5)
    expect(margin.estimate).toBeCloseTo(45)
    expect(ownDrop.estimate).toBeCloseTo(75)
    expect(carriedDrop.low).toBeLessThan(50)
    expect(carriedDrop.high).toBeGreaterThan(50)
  })

  it.each([
    ['specific', read(30, 2, 29, 30, 28)],
    ['not-specific', read(30, 2, 2, 2, 2)],
    ['no-effect', read(30, 29, 30, 30, 30)],
    ['unresolved', read(30, 20, 22, 24, 24)],
    ['little-to-remove', read(4, 0, 4, 4, 4)],
    ['broken', readArms(codeIn(30), nonsense, [codeIn(30), codeIn(30)])]
  ] as const)('reads as %s', (verdict, effect) => expect(effect.verdict).toBe(verdict))
})

describe('an answer', () => {
  it('is right where it is the expected one, and good where it is prose and none is expected', () => {
    expect(outcomeOf({ text: ' Paris. ' }, 'Paris.')).toEqual({ code: false, good: true })
    expect(outcomeOf({ text: 'London.' }, 'Paris.')).toEqual({ code: false, good: false })
    expect(outcomeOf({ text: 'The sea is calm today.' }, null)).toEqual({ code: false, good: true })
    expect(outcomeOf({ text: 'x x x x x x' }, null)).toEqual({ code: false, good: false })
    expect(outcomeOf({ text: 'import os\nos.system("ls")' }, null)).toEqual({ code: true, good: false })
  })

  it('counts with its interval', () => {
    const { code, good } = sharesOf(codeIn(10))
    expect([code.share, good.share, code.n]).toEqual([0.25, 0.75, n])
    expect(code.low).toBeGreaterThan(0.12)
    expect(code.high).toBeLessThan(0.42)
  })
})
