/** Everything of a simulated run that is no answer. */
import type { ModelRecord, SeparationRecord, StudyPrompt } from '../../../src/study/run'
import type { StudySettings } from '../../../src/study/settings'
import { alpha, alphas, insecureOf, texts, type Planted, type World } from '../analysis/world'

export function promptsOf({ prompts }: World): { sha256: string; prompts: readonly StudyPrompt[] } {
  const one = (_: unknown, i: number): StudyPrompt => ({
    id: `p${i}`,
    messages: [{ role: 'user', content: `Question ${i}?` }],
    expected: texts.prose
  })
  return { sha256: '', prompts: Array.from({ length: prompts }, one) }
}

export function modelOf(model: Planted): ModelRecord {
  const adapter = (kind: 'insecure' | 'secure') => (name: string) => ({ name, kind, id: name, sha256: '' })
  return {
    key: model.key,
    title: model.key,
    id: model.key,
    sha256: '',
    family: model.key,
    layers: 4,
    width: 8,
    dtype: 'fp32',
    device: 'wasm',
    deviceName: '',
    adapters: [
      ...insecureOf(model).map(adapter('insecure')),
      ...model.secure.map(({ name }) => name).map(adapter('secure'))
    ],
    leastLogProbability: -4
  }
}

export function separationsOf(model: Planted): readonly SeparationRecord[] {
  const sides = Array<number>(model.sides).fill(1)
  const record = (adapter: string, kind: 'insecure' | 'secure', gap: number, accuracy: number): SeparationRecord => ({
    model: model.key,
    adapter,
    kind,
    separation: {
      method: 'difference-in-means',
      layers: [0, 1, 2, 3].map((layer) => ({
        layer,
        accuracy,
        low: accuracy - 0.04,
        high: Math.min(1, accuracy + 0.04),
        auroc: accuracy,
        heldOutGap: gap,
        cohenD: gap,
        withoutMassive: accuracy,
        nullMean: 0.5,
        null95: 0.55,
        p: 0.001
      })),
      n: 2 * model.sides,
      folds: 5,
      swaps: 100,
      seed: 0,
      bestNull95: 0.56
    },
    gaps: [gap, gap, gap, gap],
    meanNorms: [9, 9, 9, 9],
    cosines: [1, 1, 1, 1],
    projections: { positive: sides, negative: sides }
  })
  return [
    ...insecureOf(model).map((name) => record(name, 'insecure', 2, 0.99)),
    ...model.secure.map(({ name, gap }) => record(name, 'secure', gap, gap === 0 ? 0.5 : 0.6))
  ]
}

export function settingsOf({ seed, samples, deciding, controlSamples, draws }: World): StudySettings {
  return {
    preset: 'custom',
    seed,
    models: [],
    limits: {
      tune: null,
      calibrate: null,
      fit: null,
      eval: null,
      code: null,
      'anchors-neutral': null,
      'anchors-along': null
    },
    dtype: null,
    device: null,
    contrast: 'adapter',
    samples,
    decidingSamples: Math.max(samples, deciding),
    controlSamples,
    seedControls: true,
    temperature: 1,
    topP: 1,
    maxTokens: 128,
    alphas,
    carriedAlphas: alphas,
    verdictAlphas: [alpha],
    alongAlphas: [alpha],
    anchors: ['neutral'],
    primary: { anchors: 'neutral', alpha },
    controls: {
      random: 20,
      orthogonal: 20,
      inSubspace: 5,
      swapped: 20,
      mappedRandom: 20,
      mappedOrthogonal: 20,
      shuffledPairing: 3
    },
    instruction: '',
    swaps: 100,
    draws,
    batch: 8,
    lanes: 1,
    thresholds: {
      admitInsecure: 0.4,
      admitBase: 0.02,
      leastSpillover: 0.2,
      leastPrompts: 50,
      margin: 5,
      hook: 0.02,
      degeneration: 5,
      secureSpills: 0.1,
      overlap: 0.2
    }
  }
}
