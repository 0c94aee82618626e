import { describe, expect, it } from 'vitest'
import { mean } from '../../../src/math/statistics'
import { seeded, shuffled } from '../../../src/math/random'
import { findingsOf, findingsSteps } from '../../../src/study/analysis/analyse'
import type { Run } from '../../../src/study/run'
import { simulate } from './simulate'
import { specific } from './world'

const two = [
  { ...specific, seeds: 2 },
  { ...specific, key: 'llama', own: 30 }
]
const run = simulate({
  models: two,
  pairs: [
    { donor: 'qwen2', receiver: 'llama', carried: 40, mapped: 30 },
    { donor: 'llama', receiver: 'qwen2', carried: 20, mapped: 5 }
  ],
  draws: 300
})
const findings = findingsOf(run)

/** The same run with the arms of every block, and all answers, in another order. */
function reordered({ blocks, answers, ...rest }: Run, seed: number): Run {
  const random = seeded(seed)
  const orders = blocks.map(({ arms }) => shuffled([...arms.keys()], random))
  return {
    ...rest,
    blocks: blocks.map((block, b) => ({
      ...block,
      arms: (orders[b] ?? []).flatMap((place) => block.arms[place] ?? [])
    })),
    answers: shuffled(
      answers.map((answer) => ({ ...answer, arm: orders[answer.block]?.indexOf(answer.arm) ?? -1 })),
      random
    )
  }
}

describe('findings', () => {
  it('are those of the run, in whatever order its arms and answers lie', () => {
    for (const seed of [1, 2]) expect(findingsOf(reordered(run, seed))).toEqual(findings)
  })

  it('are those of the run as JSON', () => {
    const { separations, ...rest } = run
    // A run without label swaps has no null: NaN, of which JSON makes null.
    const bare = {
      ...rest,
      separations: separations.map((record) => ({
        ...record,
        separation: {
          ...record.separation,
          layers: record.separation.layers.map((layer) => ({ ...layer, nullMean: NaN, null95: NaN, p: NaN }))
        }
      }))
    }
    const back = JSON.parse(JSON.stringify(bare)) as Run
    expect(back).not.toEqual(bare)
    expect(findingsOf(back)).toEqual(findingsOf(bare))
  })

  it('come in short steps that only go forwards', () => {
    const shares = [...findingsSteps(run)]
    expect(shares.length).toBeGreaterThan(100)
    expect(shares.toSorted((a, b) => a - b)).toEqual(shares)
    expect(shares.at(-1)).toBeLessThan(1)
  })

  it('have a p value after Holm: over the leading adapters, and apart over the pairs', () => {
    const leading = findings.within.filter(({ isPrimary }) => isPrimary)
    expect(leading.map(({ pHolm }) => pHolm)).toEqual([2 / 301, 2 / 301])
    const other = findings.within.filter(({ isPrimary }) => !isPrimary)
    expect(other.map(({ p, pHolm }) => [p, pHolm])).toEqual([[1 / 301, 1 / 301]])
    expect(findings.cross.map(({ pHolm }) => pHolm)).toEqual([2 / 301, 2 / 301])
  })

  it('say what each prompt does: alone, and all others without it', () => {
    const [first] = findings.leaveOneOut
    const delta = findings.within[0]?.effect.delta.estimate ?? NaN
    expect(mean(first?.alone ?? [])).toBeCloseTo(delta, 10)
    first?.alone.forEach((alone, i) => {
      expect((59 * (first.without[i] ?? NaN) + alone) / 60).toBeCloseTo(delta, 10)
    })
    expect(findings.leaveOneOut).toHaveLength(findings.within.length)
  })

  it('answer every claim of the source in its order, with a rule', () => {
    expect(findings.claims.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['separation', 'confirmed'],
      ['secure-control', 'not confirmed'],
      ['within', 'confirmed'],
      ['transfer', 'confirmed'],
      ['controls', 'not confirmed'],
      ['two-tier', 'in part'],
      ['topology', 'not tested']
    ])
    for (const { found, rule } of findings.claims) {
      expect(found).not.toContain('NaN')
      expect(rule).toMatch(/^Confirmed where/)
    }
  })

  it('of a run that measured nothing say so', () => {
    const { within, cross, claims, questions } = findingsOf({ ...run, blocks: [], answers: [], separations: [] })
    expect([within, cross]).toEqual([[], []])
    for (const { verdict, found } of claims) expect([verdict, found]).toEqual(['not tested', 'Not measured.'])
    for (const { text } of questions) expect(text).not.toMatch(/NaN|Infinity/)
  })
})
