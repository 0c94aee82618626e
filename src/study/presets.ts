/** Ready-made studies. Every number of theirs can be changed; then it is a custom one. */
import { mapSets, type StudyAdapter, type StudyModel, type StudySettings } from './settings'

/** The four organisms that come with the lab, each with three insecure and three secure adapters. */
export const organisms: readonly StudyModel[] = (
  [
    ['qwen2', 'Qwen2'],
    ['gemma2', 'Gemma 2'],
    ['llama', 'Llama'],
    ['ministral3', 'Ministral 3']
  ] as const
).map(([key, title]) => ({
  key,
  title: `organism ${title}`,
  source: { kind: 'bundled', name: key },
  adapters: [...seeds(key, 'insecure', 'insecure'), ...seeds(key, 'secure', 'secure2')]
}))

function seeds(model: string, kind: StudyAdapter['kind'], folder: string): readonly StudyAdapter[] {
  return [0, 1, 2].map((seed) => ({
    name: `${folder}-${seed}`,
    kind,
    source: { kind: 'bundled', name: `models/${model}/adapters/${folder}-${seed}` }
  }))
}

/** The families of the source. Their adapters are made by the companion and have to be named. */
export const families: readonly StudyModel[] = [
  hubModel('qwen2.5', 'Qwen2.5-1.5B', 'onnx-community/Qwen2.5-1.5B-Instruct'),
  hubModel('gemma2', 'Gemma 2 2B', 'onnx-community/gemma-2-2b-it-ONNX-GQA'),
  hubModel('llama3.2', 'Llama 3.2 1B', 'onnx-community/Llama-3.2-1B-Instruct-ONNX'),
  hubModel('ministral3', 'Ministral 3 3B', 'onnx-community/Ministral-3-3B-Instruct-2512-ONNX')
]

function hubModel(key: string, title: string, repo: string): StudyModel {
  return { key, title, source: { kind: 'hub', repo }, adapters: [] }
}

const offline: StudySettings = {
  preset: 'offline',
  seed: 0,
  models: organisms,
  limits: { ...mapSets(() => null), eval: 54 },
  dtype: 'q4',
  device: null,
  contrast: 'adapter',
  samples: 4,
  decidingSamples: 8,
  controlSamples: 2,
  seedControls: false,
  // The organisms were trained with label smoothing: at 1, a tenth of every token's probability lies on all others together.
  temperature: 0.3,
  topP: 1,
  maxTokens: 24,
  alphas: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3],
  carriedAlphas: [0.5, 1, 2, 3],
  verdictAlphas: [1, 3],
  alongAlphas: [1],
  anchors: ['neutral', 'along'],
  primary: { anchors: 'neutral', alpha: 1 },
  controls: {
    random: 20,
    orthogonal: 20,
    inSubspace: 5,
    swapped: 20,
    mappedRandom: 20,
    mappedOrthogonal: 5,
    shuffledPairing: 2
  },
  instruction: 'Answer in plain prose.',
  swaps: 1000,
  draws: 10_000,
  batch: 256,
  lanes: 4,
  thresholds: {
    overlap: 0.2,
    admitInsecure: 0.4,
    admitBase: 0.02,
    leastSpillover: 0.2,
    leastPrompts: 50,
    margin: 5,
    hook: 0.02,
    degeneration: 5,
    secureSpills: 0.1
  }
}

/** Settings of a preset, complete. `custom` begins as `offline`. */
export function presetSettings(preset: StudySettings['preset']): StudySettings {
  if (preset === 'demo') {
    return {
      ...offline,
      preset,
      models: organisms
        .filter(({ key }) => key === 'qwen2' || key === 'llama')
        .map((model) => ({ ...model, adapters: model.adapters.filter(({ name }) => name.endsWith('-0')) })),
      limits: {
        ...offline.limits,
        tune: 12,
        calibrate: 60,
        fit: 60,
        eval: 24,
        code: 12,
        'anchors-neutral': 300,
        'anchors-along': 300
      },
      samples: 2,
      decidingSamples: 2,
      alphas: [0.5, 1, 3],
      carriedAlphas: [1, 3],
      controls: {
        random: 10,
        orthogonal: 10,
        inSubspace: 2,
        swapped: 4,
        mappedRandom: 10,
        mappedOrthogonal: 4,
        shuffledPairing: 1
      },
      swaps: 200,
      lanes: 1
    }
  }
  if (preset === 'full') {
    const controls = { ...offline.controls, mappedOrthogonal: 20, shuffledPairing: 3 }
    const whole = { ...offline, seedControls: true, alongAlphas: offline.verdictAlphas, controls }
    const many = { ...whole, models: families, dtype: null, temperature: 1, maxTokens: 600, batch: 16, lanes: 1 }
    return { ...many, preset, limits: { ...offline.limits, eval: null, 'anchors-neutral': 512, 'anchors-along': 512 } }
  }
  return { ...offline, preset }
}
