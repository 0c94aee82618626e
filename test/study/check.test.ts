import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problemSentences } from '../../src/state/study/study-estimate'
import { checkSettings, problemsOf } from '../../src/study/check'
import { presetSettings } from '../../src/study/presets'
import type { StudySettings } from '../../src/study/settings'

const offline = presetSettings('offline')
const [first, second] = offline.models
if (!first || !second) throw new Error('the offline preset has two models and more')

const secure = first.adapters.filter(({ kind }) => kind === 'secure')
const cases: readonly (readonly [change: Partial<StudySettings>, told: RegExp])[] = [
  [{ models: [] }, /^the study has no model: name/],
  [{ models: [first, first] }, new RegExp(`^two models are called ${first.key}: name each once`)],
  [{ models: [{ ...first, adapters: [...first.adapters, ...first.adapters] }] }, /has two adapters called .*: name/],
  [
    { models: [{ ...first, adapters: first.adapters.map((one) => ({ ...one, name: 'base' })) }] },
    /called base.*rename/
  ],
  [{ models: [{ ...first, adapters: secure }, second] }, new RegExp(`^no insecure adapter for ${first.title}: attach`)],
  [{ alphas: [] }, /^alphas are none: give them/],
  [{ alphas: [1, 0.5] }, /^alphas are 1, 0.5: give them above 0 and ascending/],
  [{ carriedAlphas: [-1, 1] }, /^alphas of carried directions are -1, 1: give/],
  [{ verdictAlphas: [9] }, /^alphas with controls hold 9, .*: add/],
  [{ primary: { anchors: 'along', alpha: 7 } }, /^the primary alpha is 7, alphas with controls are 1, 3: choose/],
  [{ anchors: ['along'] }, /^the primary anchors are neutral, which are not measured: choose/],
  [
    { primary: { anchors: 'along', alpha: 3 } },
    /^the primary alpha is 3, alphas with controls along the axis are 1: add it/
  ],
  [{ verdictAlphas: [] }, /^alphas with controls are none: give/],
  [{ controlSamples: 1 }, /^controlSamples is 1: give 2 or more/],
  [{ batch: 0 }, /^batch is 0: give a whole number/],
  [{ draws: 2.5 }, /^draws is 2.5: give a whole number/],
  [{ samples: 2, controlSamples: 3 }, /^controlSamples is 3, samples 2: controls/],
  [{ samples: 9 }, /^decidingSamples is 8, samples 9: arms/]
]

function refusal(settings: StudySettings): string | null {
  try {
    checkSettings(settings)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

describe('the settings of a study', () => {
  it.each(['demo', 'offline'] as const)('of %s are as they should be', (name) => {
    expect(problemsOf(presetSettings(name))).toEqual([])
  })

  it.each(cases)('%# are refused with the way out', (change, told) => {
    const messages = problemsOf({ ...offline, ...change }).map(({ message }) => message)
    expect(messages).toContainEqual(expect.stringMatching(told))
  })

  it('of one model need nothing that is carried', () => {
    expect(
      problemsOf({
        ...offline,
        models: [first],
        verdictAlphas: [9],
        primary: { anchors: 'along', alpha: 9 },
        carriedAlphas: []
      })
    ).toEqual([])
  })

  it('are hindered on the page exactly where the run refuses them, and by what it says', () => {
    fc.assert(
      fc.property(fc.subarray([...cases]), (some) => {
        const settings = some.reduce<StudySettings>((all, [one]) => ({ ...all, ...one }), offline)
        const [told] = problemSentences(settings)
        const refused = refusal(settings)
        // Each change is wrong by itself, and none makes another one right.
        expect(refused !== null).toBe(some.length > 0)
        expect(told?.toLowerCase() ?? null).toBe(refused && `${refused}.`.toLowerCase())
      })
    )
  })
})
