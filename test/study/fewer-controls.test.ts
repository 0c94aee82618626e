import { describe, expect, it } from 'vitest'
import { planStudy } from '../../src/study/plan'
import { presetSettings } from '../../src/study/presets'
import { judgedAlphas, type Anchors } from '../../src/study/settings'
import { directions, width } from '../formats/samples'
import { transferArms, type Carried } from '../../src/study/steps/carried'

const offline = presetSettings('offline')
const unit = (at: number): Float32Array => Float32Array.from({ length: width }, (_, i) => (i === at ? 1 : 0))
const [own] = directions
if (!own) throw new Error('the samples have a direction')

function carried(anchors: Anchors): Carried {
  const record = {
    ...{ donor: 'qwen2', receiver: 'llama', anchors, n: 10, lambda0: 1 },
    ...{ r2: 1, curve: [], cosine: 0.5, randomCosines: [0] }
  }
  return { record, own: unit(1), random: [unit(2)], orthogonal: [unit(3)], shuffled: [unit(4)] }
}

describe('controls that a study may leave out', () => {
  it('are measured over anchors along the axis at the alphas that are named for them, and over neutral ones at all', () => {
    const arms = transferArms(offline, own, [carried('neutral'), carried('along')], 1)
    const alphas = (anchors: Anchors, family: string): readonly number[] =>
      arms.filter((arm) => arm.anchors === anchors && arm.family === family).map(({ alpha }) => alpha)
    for (const family of ['mapped-random', 'mapped-orthogonal', 'shuffled-pairing']) {
      expect(alphas('neutral', family)).toEqual([1, 3])
      expect(alphas('along', family)).toEqual([1])
    }
    expect(alphas('along', 'carried')).toEqual(offline.carriedAlphas)
    const samples = (alpha: number): number | undefined =>
      arms.find((arm) => arm.anchors === 'along' && arm.family === 'carried' && arm.alpha === alpha)?.samples
    expect([samples(1), samples(3)]).toEqual([offline.decidingSamples, offline.samples])
  })

  it('are those of alphas with controls, whatever else is named', () => {
    expect(judgedAlphas({ verdictAlphas: [1, 3], alongAlphas: [1, 2] }, 'along')).toEqual([1])
    expect(judgedAlphas({ verdictAlphas: [1, 3], alongAlphas: [1, 2] }, 'neutral')).toEqual([1, 3])
  })

  it('are taken off the plan', () => {
    const { controlSamples, controls } = offline
    const random = controlSamples * (controls.random + controls.orthogonal) * 54
    const more = planStudy({ ...offline, seedControls: true }).answers - planStudy(offline).answers
    expect(more).toBe(offline.models.length * 2 * random)
    const steps = planStudy({ ...offline, anchors: [] }).steps
    expect(steps.find(({ stage }) => stage === 'transfer')?.answers).toBe(0)
  })
})
