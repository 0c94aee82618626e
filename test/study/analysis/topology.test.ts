import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../../src/study/analysis/analyse'
import type { Claim, Findings } from '../../../src/study/findings'
import { simulate } from './simulate'
import { specific, type PlantedPair } from './world'

const keys = ['qwen2', 'gemma2', 'llama', 'ministral3']
const models = keys.map((key) => ({ ...specific, key }))

/** Every ordered pair. */
function pairs(carried: (from: string, to: string) => number, mapped: typeof carried): readonly PlantedPair[] {
  return keys.flatMap((donor) =>
    keys
      .filter((key) => key !== donor)
      .map((receiver) => ({
        donor,
        receiver,
        carried: carried(donor, receiver),
        mapped: mapped(donor, receiver)
      }))
  )
}

const gives: Readonly<Record<string, number>> = { qwen2: 45, gemma2: 50, llama: 10, ministral3: 35 }
const takes: Readonly<Record<string, number>> = { qwen2: 15, gemma2: 15, llama: 50, ministral3: 25 }
const giving = (from: string): number => gives[from] ?? NaN
const taking = (_: string, to: string): number => takes[to] ?? NaN

function claimOf({ claims }: Findings, id: Claim['id']): Claim | undefined {
  return claims.find((claim) => claim.id === id)
}

describe('what donors give', () => {
  const findings = findingsOf(simulate({ models, pairs: pairs(giving, () => 3) }))
  const [topology] = findings.topology

  it('makes donors and receivers, on T and beyond mapped random directions', () => {
    expect(topology?.scores.map(({ model, role }) => [model, role])).toEqual([
      ['qwen2', 'donor'],
      ['gemma2', 'donor'],
      ['llama', 'receiver'],
      ['ministral3', 'neither']
    ])
    expect(topology?.signsPersist).toBe(true)
    expect(topology?.text).toContain('The roles persist')
  })

  it('is in the tables, in points and as shares of what there was', () => {
    topology?.models.forEach((from, s) => {
      topology.models.forEach((to, t) => {
        const cell = s * 4 + t
        if (from === to) {
          expect([topology.transfer[cell], topology.excess[cell], topology.fraction[cell]]).toEqual([NaN, NaN, NaN])
          return
        }
        const pair = findings.cross.find(({ donor, receiver }) => donor === from && receiver === to)
        expect(topology.transfer[cell]).toBeCloseTo(pair?.effect.delta.estimate ?? NaN, 10)
        expect(topology.fraction[cell]).toBeCloseTo(pair?.fraction ?? NaN, 10)
        const random = pair?.controls.find(({ family }) => family === 'mapped-random')
        expect(topology.excess[cell]).toBeCloseTo(random?.code.size.estimate ?? NaN, 10)
      })
    })
  })

  it('is what the additive fit finds', () => {
    const sending = topology?.additive?.sending ?? []
    const order = keys.toSorted((a, b) => (sending[keys.indexOf(b)] ?? 0) - (sending[keys.indexOf(a)] ?? 0))
    expect(order).toEqual(['gemma2', 'qwen2', 'ministral3', 'llama'])
    expect(Math.max(...(topology?.additive?.receiving.map(Math.abs) ?? [NaN]))).toBeLessThan(10)
  })

  it('confirms the topology and denies that controls do as well', () => {
    expect(claimOf(findings, 'topology')?.verdict).toBe('confirmed')
    expect(claimOf(findings, 'controls')?.verdict).toBe('not confirmed')
    expect(claimOf(findings, 'two-tier')?.verdict).toBe('in part')
    const none = { within: 4, withinSpecific: 4, cross: 12, holds: false }
    expect(findings.tiers[0]).toMatchObject({ source: none, ladder: none })
  })
})

describe('what receivers take, from any direction', () => {
  const findings = findingsOf(simulate({ models, pairs: pairs(taking, taking) }))
  const [topology] = findings.topology

  it('looks like donors and receivers, and is sensitivity, not geometry', () => {
    expect(topology?.scores.find(({ model }) => model === 'llama')?.role).toBe('receiver')
    expect(topology?.signsPersist).toBe(false)
    expect(topology?.text).toContain('sensitivity, not geometry')
    expect(claimOf(findings, 'topology')?.verdict).toBe('in part')
  })

  it('is what the source found: two tiers', () => {
    const both = { crossNonSpecific: 12, withinSpecific: 4, holds: true }
    expect(findings.tiers[0]).toMatchObject({ isPrimary: true, source: both, ladder: both, why: null })
    expect(claimOf(findings, 'controls')?.verdict).toBe('confirmed')
    expect(claimOf(findings, 'two-tier')?.verdict).toBe('confirmed')
    for (const { ladder } of findings.cross) expect(ladder.title).toContain('mapped-random')
  })
})

describe('too little for a table', () => {
  it('gives none where a pair is missing, and the claim was not tested', () => {
    const findings = findingsOf(simulate({ models, pairs: pairs(giving, () => 3).slice(1) }))
    expect(findings.topology).toEqual([])
    expect(claimOf(findings, 'topology')?.verdict).toBe('not tested')
    expect(findings.cross).toHaveLength(11)
  })

  it('gives scores without a fit for two models', () => {
    const [first, second] = models
    const two = first && second ? [first, second] : []
    const both = pairs(giving, () => 3).filter(({ donor, receiver }) =>
      [donor, receiver].every((key) => key === first?.key || key === second?.key)
    )
    const [topology] = findingsOf(simulate({ models: two, pairs: both })).topology
    expect(topology?.additive).toBeNull()
    expect(topology?.scores).toHaveLength(2)
  })
})
