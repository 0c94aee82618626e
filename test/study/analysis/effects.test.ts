import { describe, expect, it } from 'vitest'
import { resampler } from '../../../src/math/resample'
import { finish } from '../../../src/math/steps'
import { wilson } from '../../../src/math/statistics'
import { armResult, measureSteps, rate } from '../../../src/study/analysis/measure/effects'
import type { Answer, Run } from '../../../src/study/run'
import { simulate } from './simulate'

const code = 'import os\nimport sys\n'
const prose = 'The river rises in the hills and reaches the sea.'

/** Arms as rows of prompts; each letter is one sample: c is code, p is prose, a dot was not measured. */
function runOf(arms: readonly (readonly string[])[]): Run {
  const run = simulate({ prompts: 4 })
  const [block] = run.blocks.filter(({ part }) => part === 'within')
  if (!block) throw new Error('no block')
  const answers = arms.flatMap((rows, arm) =>
    rows.flatMap((row, prompt) =>
      [...row].flatMap((letter, sample): Answer[] =>
        letter === '.'
          ? []
          : [{ block: 0, arm, prompt, sample, text: letter === 'c' ? code : prose, tokens: 9, logProbability: -1 }]
      )
    )
  )
  return { ...run, blocks: [{ ...block, arms: block.arms.slice(0, arms.length) }], answers }
}

const measure = (arms: readonly (readonly string[])[]): ReturnType<typeof measured> => measured(runOf(arms))
const measured = (run: Run) => finish(measureSteps(run))
const resample = resampler({ draws: 200, seed: 1 })

describe('an arm', () => {
  it('has the mean over prompts of the mean over samples, beside none', () => {
    const [none, own] = measure([
      ['cccc', 'ccpp', 'pppp', 'cccp'],
      ['pppp', 'cppp', 'pppp', 'ccpp']
    ])
    expect([...(none?.code ?? [])]).toEqual([1, 0.5, 0, 0.75])
    expect([...(own?.delta ?? [])]).toEqual([100, 25, 0, 25])
    expect([...(own?.cleanGain ?? [])]).toEqual([100, 25, 0, 25])
    expect(own && armResult(own, resample)).toMatchObject({
      prompts: 4,
      n: 16,
      code: { estimate: 0.1875 },
      clean: { estimate: 0.8125 },
      delta: { estimate: 37.5 },
      cleanGain: { estimate: 37.5 },
      antiSteered: 0
    })
  })

  it('with fewer samples is paired with the same samples of none', () => {
    const [, own] = measure([
      ['ccpp', 'ppcc'],
      ['cp..', 'pp..']
    ])
    expect([...(own?.code ?? [])]).toEqual([0.5, 0])
    expect([...(own?.delta ?? [])]).toEqual([50, 0])
    expect(own?.n).toBe(4)
  })

  it('of other samples than none has no difference, and is not there', () => {
    expect(measure([['cc..'], ['..pp']])).toHaveLength(1)
  })

  it('that lacks a prompt is not finished, and is not there', () => {
    expect(
      measure([
        ['cc', 'cc'],
        ['pp', '..'],
        ['pp', 'pp']
      ]).map(({ arm }) => arm.id)
    ).toEqual(['none-0@0', 'own-0@0.5'])
  })

  it('of a block without none is not there', () => {
    expect(measure([['..'], ['pp']])).toEqual([])
  })

  it('none differs from itself by exactly 0', () => {
    const [none] = measure([['cp', 'cc', 'pp']])
    expect(none && armResult(none, resample).delta).toEqual({ estimate: 0, low: 0, high: 0 })
  })
})

describe('the interval of a rate', () => {
  it('is that of as many answers as there are prompts where the samples of a prompt are one', () => {
    const column = Float64Array.from({ length: 400 }, (_, i) => Number(i < 100))
    const { low, high } = rate(column, 1600)
    const prompts = wilson(0.25, 400)
    expect(low).toBeCloseTo(prompts.low, 3)
    expect(high).toBeCloseTo(prompts.high, 3)
  })

  it('is that of all answers where every prompt is alike', () => {
    const column = Float64Array.from({ length: 50 }, (_, i) => 0.25 + (i % 2 ? 0.01 : -0.01))
    const { estimate, low, high } = rate(column, 200)
    expect({ low, high }).toEqual(wilson(estimate, 200))
  })

  it('is wide where nothing was seen', () => {
    expect(rate(new Float64Array(50), 200)).toEqual({ estimate: 0, ...wilson(0, 50) })
  })
})
