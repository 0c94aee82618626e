import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../../src/study/analysis/analyse'
import { directionFamilies } from '../../../src/study/analysis/measure/families'
import type { Ladder, RungName } from '../../../src/study/findings'
import type { Arm, Block, Family, Run } from '../../../src/study/run'
import { simulate } from './simulate'
import { specific, type Planted, type World } from './world'

/** The ladder of a model that differs from the specific one in what is given. */
function ladderOn(planted: Partial<Planted>, more: Partial<World> = {}): Ladder {
  const [finding] = findingsOf(simulate({ models: [{ ...specific, ...planted }], ...more })).within
  if (!finding) throw new Error('nothing found')
  return finding.ladder
}

const failed = ({ rungs }: Ladder, name: RungName): readonly string[] =>
  rungs
    .filter((rung) => rung.name === name)
    .flatMap(({ checks }) => checks.filter(({ holds }) => !holds).map((check) => check.name))

const word = ({ rungs }: Ladder, name: RungName): string => rungs.find((rung) => rung.name === name)?.word ?? ''

const everyControl = (delta: number): Planted['controls'] =>
  Object.fromEntries(Object.keys(specific.controls).map((family) => [family, delta]))

const without = (family: Family): Planted['controls'] =>
  Object.fromEntries(Object.entries(specific.controls).filter(([name]) => name !== family))

describe('what is planted is found', () => {
  it('all that is asked', () => {
    const ladder = ladderOn({})
    expect(ladder.kind).toBe('direction-specific')
    expect(ladder.title).toBe(
      'causal, restorative, direction-specific, sign-consistent, layer-specific, content-specific unresolved'
    )
    expect(ladder.source.kind).toBe('specific')
    expect(word(ladder, 'content-specific')).toBe('no other adapter spills')
  })

  it('non-specific: every vector of this length does it', () => {
    const ladder = ladderOn({ controls: everyControl(50), controlsBack: 0.95 })
    expect([ladder.kind, ladder.source.kind]).toEqual(['non-specific', 'non-specific'])
    expect(failed(ladder, 'direction-specific')).toContain('More than random, code')
  })

  it('non-specific by one family alone, which is named, and which the source did not ask', () => {
    const ladder = ladderOn({ controls: { ...specific.controls, 'rms-only': 50 } })
    expect(word(ladder, 'direction-specific')).toBe('non-specific: rms-only as well')
    expect([ladder.kind, ladder.source.kind]).toEqual(['non-specific', 'specific'])
  })

  it('nothing', () => {
    const ladder = ladderOn({ own: 0, controls: everyControl(0) })
    expect([ladder.kind, ladder.source.kind]).toEqual(['no effect', 'no effect'])
    expect(word(ladder, 'direction-specific')).toBe('no effect to compare')
  })

  it('more than the controls, but not by the margin: not to beat a control is no proof of equality', () => {
    const ladder = ladderOn({ controls: { ...specific.controls, random: 39 }, controlsBack: 0 })
    expect(ladder.kind).toBe('unresolved')
    expect(failed(ladder, 'direction-specific')).toContain('More than random, code')
  })

  it('gibberish in the place of code: destructive, and like any control on clean prose', () => {
    const ladder = ladderOn({ back: 0.02, controlsBack: 0 })
    expect(word(ladder, 'restorative')).toBe('destructive')
    expect(word(ladder, 'direction-specific')).toMatch(/^non-specific: .* as well on clean prose$/)
    expect(ladder.source.kind).toBe('specific')
  })

  it('one control of many that does as well', () => {
    const random = [60, ...Array<number>(19).fill(0)]
    const ladder = ladderOn({ controls: { ...specific.controls, random } })
    expect(failed(ladder, 'direction-specific')).toContain('Rank among random, code')
  })

  it('the sign turned round, judged on clean prose alone', () => {
    expect(word(ladderOn({}), 'sign-consistent')).toBe('sign-consistent')
    const run = simulate({ controlSamples: 4 })
    const block = run.blocks.findIndex(({ part, set }) => part === 'within' && set === 'eval')
    const [own, sign] = (['own', 'sign'] as const).map(
      (family) => run.blocks[block]?.arms.findIndex((arm) => arm.family === family && Math.abs(arm.alpha) === 1) ?? -1
    )
    // The turned direction gives what the direction gives: code falls with either.
    const others = run.answers.filter((one) => one.block !== block || one.arm !== sign)
    const twin = run.answers.filter((one) => one.block === block && one.arm === own)
    const answers = [...others, ...twin.map((one) => ({ ...one, arm: sign ?? -1 }))]
    const [finding] = findingsOf({ ...run, answers }).within
    expect(finding && word(finding.ladder, 'sign-consistent')).toBe('sign-free: sign as well on clean prose')
  })

  it('another layer that does as well', () => {
    const ladder = ladderOn({ controls: { ...specific.controls, 'wrong-layer': 50 }, controlsBack: 0.95 })
    expect(word(ladder, 'layer-specific')).toBe('layer-free: wrong-layer as well')
    expect(ladder.kind).toBe('direction-specific')
  })

  it('code in general', () => {
    expect(ladderOn({ requests: [0.95, 0.2] }).tags).toEqual(['code in general, not spillover'])
  })
})

describe('a control that overlaps with the direction', () => {
  it('is shown, and decides nothing', () => {
    const overlapping = { controls: { ...specific.controls, 'wrong-layer': 45 }, cosines: { 'wrong-layer': 0.9 } }
    const [finding] = findingsOf(simulate({ models: [{ ...specific, ...overlapping }] })).within
    const control = finding?.controls.find(({ family }) => family === 'wrong-layer')
    expect(control).toMatchObject({ decides: false, measured: 1 })
    expect(finding && word(finding.ladder, 'layer-specific')).toBe('control overlaps')
    expect(finding?.ladder.kind).toBe('direction-specific')
  })

  it('is missing where the ladder needs it', () => {
    const ladder = ladderOn({ cosines: { swapped: -0.6 } })
    expect(failed(ladder, 'decidable')).toEqual(['Controls'])
    expect(ladder.rungs[0]?.remedy).toBe('controls at this alpha: swapped')
  })
})

describe('what a direction is about', () => {
  const spilling = { name: 'secure2-0', spillover: 0.5, steered: 0, source: 10, gap: 2 }

  it('insecure code, where it beats a spilling secure direction and leaves that spillover alone', () => {
    const ladder = ladderOn({ secure: [spilling] })
    expect(word(ladder, 'content-specific')).toBe('content-specific')
    expect(failed(ladder, 'content-specific')).toEqual([])
  })

  it('refuted by any other direction that does as well, whether or not its adapter spills', () => {
    for (const spillover of [0, 0.5]) {
      const ladder = ladderOn({ secure: [{ ...spilling, spillover, source: 48 }] })
      expect(word(ladder, 'content-specific')).toBe('content refuted: secure2-0 as well')
      expect(ladder.kind).toBe('direction-specific')
    }
  })

  it('not shown, where it takes away secure spillover, too', () => {
    const ladder = ladderOn({ secure: [{ ...spilling, steered: 40 }] })
    expect(word(ladder, 'content-specific')).toBe('content unresolved')
    expect(failed(ladder, 'content-specific')).toEqual(['The spillover of secure2-0 is left alone'])
  })

  it('not asked, where the other adapter was never applied', () => {
    const ladder = ladderOn({ secure: [{ ...spilling, gap: 0 }] })
    expect(word(ladder, 'content-specific')).toBe('no other adapter measured')
  })
})

describe('nothing can be decided', () => {
  const undecidable = (planted: Partial<Planted>, more: Partial<World> = {}): readonly [readonly string[], string] => {
    const ladder = ladderOn(planted, more)
    expect(ladder.kind).toBe('undecidable')
    expect(ladder.title).toMatch(/^undecidable/)
    return [failed(ladder, 'decidable'), ladder.rungs[0]?.remedy ?? '']
  }

  it('where an arm wrote something else', () => {
    for (const hook of [1.05, NaN]) expect(undecidable({ hook })[0]).toEqual(['Hook gate'])
  })

  it.each(directionFamilies)('without %s', (family) => {
    expect(undecidable({ controls: without(family) })[0]).toContain('Controls')
  })

  it('with fewer members than were asked for', () => {
    expect(undecidable({ controls: { ...specific.controls, orthogonal: [1, 1, 1] } })[0]).toEqual(['Controls'])
  })

  it('with 49 prompts on a side or on eval, and not with 50', () => {
    expect(undecidable({ sides: 49 })).toEqual([['Prompts'], 'more prompts'])
    expect(undecidable({}, { prompts: 49 })).toEqual([['Prompts'], 'more prompts'])
    expect(ladderOn({ sides: 50 }, { prompts: 50 }).kind).toBe('direction-specific')
  })

  it('where there is too little to suppress', () => {
    expect(undecidable({ spillover: 0.12, own: 12 })[0]).toContain('Unsteered spillover')
  })

  it('where controls leave no code that could be taken away, and destructive all the same', () => {
    const floor = { own: 69, controls: { ...everyControl(68), 'rms-only': 2 }, back: 0, controlsBack: 0 }
    const [checks, remedy] = undecidable(floor)
    expect(checks).toContain('Room above the controls')
    expect(remedy).toContain('a lower alpha')
    const ladder = ladderOn(floor)
    expect(ladder.title).toBe('undecidable, causal, destructive')
    expect(ladder.source.kind).toBe('non-specific')
  })
})

describe('other seeds', () => {
  it('are judged beside random and orthogonal directions alone, and say so; all are pooled', () => {
    const { within, seeds } = findingsOf(simulate({ models: [{ ...specific, seeds: 3 }] }))
    expect(within.map(({ adapter, isPrimary }) => [adapter, isPrimary])).toEqual([
      ['insecure-0', true],
      ['insecure-1', false],
      ['insecure-2', false]
    ])
    for (const { ladder, controls } of within.slice(1)) {
      expect(ladder.kind).toBe('direction-specific')
      expect(ladder.tags).toEqual(['another seed: random and orthogonal controls only'])
      expect(controls.map(({ family }) => family)).toEqual(['random', 'orthogonal'])
    }
    expect(seeds[0]?.delta).toMatchObject({ n: 3 })
    expect(Math.abs((seeds[0]?.delta.estimate ?? NaN) - 50)).toBeLessThan(10)
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

describe('no admissible alpha', () => {
  it('is a finding: the direction is shown at the primary alpha, and said not to be admissible', () => {
    const run = simulate()
    const choices = run.choices.map((choice) => ({ ...choice, alpha: null }))
    const findings = findingsOf({ ...run, choices })
    expect(findings.within[0]).toMatchObject({ admissible: false, alpha: 1 })
    expect(findings.claims.find(({ id }) => id === 'within')?.found).toContain(
      'No alpha takes the code away and leaves prose'
    )
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
    expect(whole?.ladder.title).toBe('causal, restorative, direction-specific, map-specific, pairing-specific')
    for (const family of ['mapped-random', 'mapped-orthogonal', 'shuffled-pairing'] as const) {
      const [finding] = findingsOf(lacking((arm) => arm.family === family)).cross
      expect(finding?.ladder.rungs[0]?.remedy).toBe(`controls at this alpha: ${family}`)
    }
  })

  it('is taken from the within-model block where the receiver was measured there, as its own direction is', () => {
    const [finding] = findingsOf(lacking((arm, { part }) => arm.family === 'random' && part === 'transfer')).cross
    const members = finding?.controls.find(({ family }) => family === 'random')?.members ?? []
    expect(members).toHaveLength(20)
    expect(new Set(members.map(({ block }) => run.blocks[block]?.part))).toEqual(new Set(['within']))
    expect(finding?.own.map(({ arm }) => arm.alpha)).toEqual(finding?.dose.map(({ arm }) => arm.alpha))
  })

  it('of requests for code leaves open what the direction is about', () => {
    const [finding] = findingsOf(lacking((_, { set }) => set === 'code')).within
    expect(finding?.requests).toBeNull()
    expect(finding && failed(finding.ladder, 'content-specific')).toContain('Requests for code still get code')
  })
})
