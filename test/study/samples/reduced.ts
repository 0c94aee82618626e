/** The study on two organisms, as small as it can be with every step in it. */
import { localMath } from '../../../src/lab/math'
import { connectModel, type ModelHandle } from '../../../src/lab/connect/connect'
import { presetSettings } from '../../../src/study/presets'
import type { Finished } from '../../../src/study/protocol'
import type { StudySettings } from '../../../src/study/settings'
import type { StudyLab } from '../../../src/study/study'
import { promptLoader } from '../../../scripts/study/prompts'
import { spawnNodeWorker } from '../../../workers/spawn-node'

const offline = presetSettings('offline')

export const reduced: StudySettings = {
  ...offline,
  preset: 'custom',
  models: offline.models
    .filter(({ key }) => key === 'qwen2' || key === 'llama')
    .map((model) => ({ ...model, adapters: model.adapters.filter(({ name }) => name.endsWith('-0')) })),
  limits: { tune: 4, calibrate: 4, fit: 20, eval: 3, code: 2, 'anchors-neutral': 40, 'anchors-along': 40 },
  samples: 2,
  decidingSamples: 3,
  alphas: [1, 3],
  carriedAlphas: [1],
  verdictAlphas: [1],
  anchors: ['along'],
  primary: { anchors: 'along', alpha: 1 },
  controls: {
    random: 2,
    orthogonal: 2,
    inSubspace: 1,
    swapped: 1,
    mappedRandom: 2,
    mappedOrthogonal: 1,
    shuffledPairing: 1
  },
  swaps: 20,
  draws: 200,
  batch: 64,
  lanes: 1
}

/** Native models in threads of their own. `connected` is told of each. */
export function nativeLab(connected: (handle: ModelHandle) => ModelHandle = (handle) => handle): StudyLab {
  return {
    connect: () => connected(connectModel(spawnNodeWorker)),
    math: localMath(),
    loadPrompts: promptLoader([]),
    host: 'test',
    version: 'test',
    threads: 1
  }
}

/** A run without what differs from one time to the next: dates and seconds. */
export function timeless({ run }: Finished): unknown {
  const { started: _started, finished: _finished, times: _times, notes: _notes, ...rest } = run
  return rest
}

/** The same with as few prompts and numbers as give every kind of cell: for what runs it many times. */
export const tiny: StudySettings = {
  ...reduced,
  limits: { tune: 2, calibrate: 2, fit: 8, eval: 2, code: 1, 'anchors-neutral': 12, 'anchors-along': 12 },
  decidingSamples: 2,
  alphas: [1],
  maxTokens: 6,
  swaps: 5,
  draws: 20
}
