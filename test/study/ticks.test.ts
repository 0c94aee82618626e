import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Stage } from '../../src/study/progress'
import { isTicked, stepsOf, withReport, type Ticks } from '../../src/study/ticks'

type Report = readonly [model: string, stage: Stage]

const after = (reports: readonly Report[]): Ticks =>
  reports.reduce<Ticks>((ticks, [model, stage]) => withReport(ticks, { model, stage }), new Map())
const ticked = (reports: readonly Report[], models: readonly string[]): readonly Stage[] =>
  stepsOf(models.length).filter((stage) => isTicked(after(reports), models, stage))

describe('the ticks of a running study', () => {
  it('come when a step is left behind for good', () => {
    const one = ['a']
    expect(ticked([['a', 'open']], one)).toEqual([])
    expect(ticked([['a', 'capture']], one)).toEqual(['open', 'admission'])
    // The next adapter goes from its own directions back to the choice of alpha.
    const own = [['a', 'alpha'] as const, ['a', 'within'] as const]
    expect(ticked(own, one)).toEqual(['open', 'admission', 'capture', 'separation'])
    expect(ticked([...own, ['a', 'alpha']], one)).toEqual(['open', 'admission', 'capture', 'separation'])
  })

  it('wait for every model', () => {
    expect(ticked([['a', 'within']], ['a', 'b'])).toEqual([])
    expect(
      ticked(
        [
          ['a', 'within'],
          ['b', 'capture']
        ],
        ['a', 'b']
      )
    ).toEqual(['open', 'admission'])
  })

  it('stay, whatever is reported next', () => {
    const stages = fc.constantFrom<Stage>(...stepsOf(2), 'score', 'findings')
    const report = fc.tuple(fc.constantFrom('a', 'b'), stages)
    fc.assert(
      fc.property(fc.array(report), report, (before, next) => {
        const models = ['a', 'b']
        expect(ticked([...before, next], models)).toEqual(expect.arrayContaining([...ticked(before, models)]))
      })
    )
  })

  it('know no maps where there is one model', () => {
    expect(stepsOf(1)).not.toContain('maps')
    expect(stepsOf(2)).toContain('transfer')
  })
})
