import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../../src/study/analysis/analyse'
import { families } from '../../../src/study/analysis/measure/families'
import type { Verdict } from '../../../src/study/findings'
import type { Arm, Block, Family, Run } from '../../../src/study/run'
import { simulate } from './simulate'
import { specific, type Planted } from './world'

/** The verdict of a model that differs from the specific one in what is given. */
function verdictOn(planted: Partial<Planted>): Verdict {
  const [finding] = findingsOf(simulate({ models: [{ ...specific, ...planted }] })).within
  if (!finding) throw new Error('nothing found')
  return finding.verdict
}

const failed = ({ checks }: Verdict): readonly string[] => checks.filter(({ holds }) => !holds).map(({ name }) => name)

const everyControl = (delta: number): Planted['controls'] =>
  Object.fromEntries(Object.keys(specific.controls).map((family) => [family, delta]))

const controlled = families.filter((family) => specific.controls[family] !== undefined)

const without = (family: Family): Planted['controls'] =>
  Object.fromEntries(Object.entries(specific.controls).filter(([name]) => name !== family))

describe('what is planted is found', () => {
  it('specific', () => {
    const verdict = verdictOn({})
    expect(failed(verdict)).toEqual([])
    expect(verdict).toMatchObject({
      kind: 'specific',
      title: 'causal and direction-specific',
      tags: ['content not testable: no secure adapter spills']
    })
  })

  it('non-specific: every vector of this length does it', () => {
    const verdict = verdictOn({ controls: everyControl(50) })
    expect(verdict.kind).toBe('non-specific')
    expect(failed(verdict)).toContain('More than random')
  })

  it('non-specific by one family alone, which is named', () => {
    const verdict = verdictOn({ controls: { ...specific.controls, 'rms-only': 50 } })
    expect(verdict).toMatchObject({ kind: 'non-specific', title: 'causal, non-specific: rms-only as well' })
  })

  it('nothing', () => {
    const verdict = verdictOn({ own: 0, controls: everyControl(0) })
    expect(verdict.kind).toBe('no effect')
    expect(verdict.tags).toEqual([])
  })

  it('an effect beyond chance and too small to count', () => {
    const small = simulate({ models: [{ ...specific, own: 3 }], prompts: 400, common: 1 })
    const [finding] = findingsOf(small).within
    expect(finding?.effect.delta.low).toBeGreaterThan(0)
    expect(finding?.verdict.kind).toBe('no effect')
    expect(finding && failed(finding.verdict)).toContain('The effect counts')
    expect(finding && failed(finding.verdict)).not.toContain('The effect is not chance')
  })

  it('more than the controls, but not by the margin: not to beat a control is no proof of equality', () => {
    const verdict = verdictOn({ controls: { ...specific.controls, random: 39 } })
    expect(verdict.kind).toBe('unresolved')
    expect(failed(verdict)).toContain('More than random')
  })

  it('gibberish in the place of code', () => {
    const verdict = verdictOn({ back: 0.2 })
    expect(verdict.kind).toBe('unresolved')
    expect(failed(verdict)).toContain('Clean prose comes back')
  })

  it('one control of many that does as well', () => {
    const random = [60, ...Array<number>(19).fill(0)]
    expect(failed(verdictOn({ controls: { ...specific.controls, random } }))).toContain('Rank among random')
  })

  it('first among controls that differ so much that one of them might have been', () => {
    const random = Array.from({ length: 20 }, (_, i) => 3 * i - 15)
    const verdict = verdictOn({ controls: { ...specific.controls, random } })
    expect(failed(verdict)).toEqual(['Beyond the spread of random'])
    expect(verdict.kind).toBe('unresolved')
  })

  it('one control that does exactly as well', () => {
    const run = simulate()
    const own = run.blocks[2]?.arms.findIndex(({ id }) => id === 'own-0@1')
    const random = run.blocks[2]?.arms.findIndex(({ id }) => id === 'random-7@1') ?? -1
    const twin = run.answers.filter(({ block, arm }) => block === 2 && arm === own)
    const others = run.answers.filter(({ block, arm }) => block !== 2 || arm !== random)
    const [finding] = findingsOf({
      ...run,
      answers: [...others, ...twin.map((one) => ({ ...one, arm: random }))]
    }).within
    expect(finding?.controls[0]?.rankP).toBe(2 / 21)
    expect(finding && failed(finding.verdict)).toEqual(['Rank among random', 'More clean prose than under any control'])
  })

  it('code in general', () => {
    const verdict = verdictOn({ requests: [0.95, 0.2] })
    expect(verdict.kind).toBe('specific')
    expect(verdict.tags[0]).toBe('code in general, not spillover')
    expect(failed(verdict)).toEqual(['Requests for code still get code'])
  })
})

describe('what a direction is about', () => {
  const spilling = { name: 'secure2-0', spillover: 0.5, steered: 0, source: 10, gap: 2 }

  it('insecure code, where it beats a spilling secure direction and leaves that spillover alone', () => {
    const verdict = verdictOn({ secure: [spilling] })
    expect(failed(verdict)).toEqual([])
    expect(verdict).toMatchObject({ title: 'causal and content-specific', tags: ['content-specific'] })
  })

  it('code, where the secure direction does as well', () => {
    const verdict = verdictOn({ secure: [{ ...spilling, source: 48 }] })
    expect(verdict).toMatchObject({ title: 'causal and direction-specific', tags: ['not content-specific'] })
    expect(failed(verdict)).toEqual(['More than the direction of secure2-0'])
  })

  it('code, where it takes away secure spillover, too', () => {
    const verdict = verdictOn({ secure: [{ ...spilling, steered: 40 }] })
    expect(verdict).toMatchObject({ kind: 'specific', tags: ['not content-specific'] })
    expect(failed(verdict)).toEqual(['The spillover of secure2-0 is left alone'])
  })
})

describe('no verdict may be given', () => {
  const invalid = (planted: Partial<Planted>): readonly string[] => {
    const verdict = verdictOn(planted)
    expect(verdict.kind).toBe('invalid')
    expect(verdict.title).toMatch(/^invalid: /)
    return failed(verdict)
  }

  it('where an arm wrote something else', () => {
    expect(invalid({ hook: 1.05 })).toEqual(['Hook gate'])
    expect(invalid({ hook: NaN })).toEqual(['Hook gate'])
  })

  it.each(controlled)('without %s', (family) => {
    expect(invalid({ controls: without(family) })).toContain('Controls')
  })

  it('with fewer members than were asked for', () => {
    expect(invalid({ controls: { ...specific.controls, orthogonal: [1, 1, 1] } })).toEqual(['Controls'])
  })

  it('with 49 prompts on a side, and not with 50', () => {
    expect(invalid({ sides: 49 })).toEqual(['Prompts on each side'])
    expect(verdictOn({ sides: 50 }).kind).toBe('specific')
  })

  it('where the secure branch gives exactly 0', () => {
    const [secure] = specific.secure
    expect(invalid({ secure: secure ? [{ ...secure, gap: 0 }] : [] })).toEqual(['Secure control'])
  })

  it('where there is too little to suppress', () => {
    expect(invalid({ spillover: 0.12, own: 12 })).toContain('Unsteered spillover')
  })
})

describe('other seeds', () => {
  const { within } = findingsOf(simulate({ models: [{ ...specific, seeds: 3 }] }))

  it('are judged beside random and orthogonal directions alone, and say so', () => {
    expect(within.map(({ adapter, isPrimary }) => [adapter, isPrimary])).toEqual([
      ['insecure-0', true],
      ['insecure-1', false],
      ['insecure-2', false]
    ])
    for (const { verdict, controls } of within.slice(1)) {
      expect(verdict.kind).toBe('specific')
      expect(verdict.tags).toEqual(['another seed: random and orthogonal controls only'])
      expect(controls.map(({ family }) => family)).toEqual(['random', 'orthogonal'])
    }
  })

  it('lead where the first was not admitted', () => {
    const run = simulate({ models: [{ ...specific, seeds: 2 }] })
    const refused = run.blocks.findIndex(({ adapter, set }) => adapter === 'insecure-0' && set === 'tune')
    const answers = run.answers.map((answer) => (answer.block === refused ? { ...answer, text: 'No.' } : answer))
    const found = findingsOf({ ...run, answers }).within
    expect(found.map(({ isPrimary, admission }) => [isPrimary, admission.admitted])).toEqual([
      [false, false],
      [true, true]
    ])
  })
})

describe('what was not measured', () => {
  const run = simulate({
    models: [specific, { ...specific, key: 'llama' }],
    pairs: [{ donor: 'qwen2', receiver: 'llama', carried: 40, mapped: 3 }]
  })

  /** The run without the answers of some arms. */
  const lacking = (isGone: (arm: Arm, block: Block) => boolean): Run => ({
    ...run,
    answers: run.answers.filter(({ block, arm }) => {
      const place = run.blocks[block]
      const one = place?.arms[arm]
      return !(place && one && isGone(one, place))
    })
  })

  it('is missed by a carried direction: every family through its map, and those of the receiver', () => {
    const [whole] = findingsOf(run).cross
    expect(whole?.verdict.kind).toBe('specific')
    for (const family of ['mapped-random', 'mapped-orthogonal', 'shuffled-pairing'] as const) {
      const [finding] = findingsOf(lacking((arm) => arm.family === family)).cross
      expect(finding?.verdict.title).toBe('invalid: controls')
    }
  })

  it('is taken from the within-model block where the receiver was measured there', () => {
    const [finding] = findingsOf(lacking((arm, { part }) => arm.family === 'random' && part === 'transfer')).cross
    const members = finding?.controls.find(({ family }) => family === 'random')?.members ?? []
    expect(members).toHaveLength(20)
    expect(new Set(members.map(({ block }) => run.blocks[block]?.part))).toEqual(new Set(['within']))
  })

  it('of requests for code leaves open what the direction is about', () => {
    const [finding] = findingsOf(lacking((_, { set }) => set === 'code')).within
    expect(finding?.requests).toBeNull()
    expect(finding?.verdict.tags).toContain('requests for code not measured')
    expect(finding?.verdict.title).toBe('causal and direction-specific')
  })

  it('of the change that ablation writes is no reason to doubt the others', () => {
    const ablated = {
      ...run,
      blocks: run.blocks.map((block) => ({
        ...block,
        arms: block.arms.map((arm) => (arm.alpha === 2 ? { ...arm, family: 'ablate' as const, hook: null } : arm))
      }))
    }
    const [finding] = findingsOf(ablated).within
    expect(finding?.modes.map(({ arm }) => arm.family)).toEqual(['ablate'])
    expect(finding?.verdict.kind).toBe('specific')
  })
})
