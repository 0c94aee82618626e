/** How much a study is, before it starts, counted as it will be run; a chosen alpha that is one of the judged ones anyhow makes it less. */
import { middleLayers } from './steps/choose'
import type { Stage } from './progress'
import { judgedAlphas, type SetName, type StudyModel, type StudySettings } from './settings'

export interface StudyPlan {
  /** Answers to be generated in all. */
  readonly answers: number
  readonly models: readonly {
    readonly key: string
    readonly title: string
    readonly adapters: number
    readonly answers: number
  }[]
  readonly steps: readonly { readonly stage: Stage; readonly text: string; readonly answers: number }[]
}

/** Prompts of each set. */
export type SetSizes = Readonly<Record<SetName, number>>

/** Sizes of the sets that come with the lab. */
export const ownSizes: SetSizes = {
  tune: 30,
  calibrate: 200,
  fit: 125,
  eval: 60,
  code: 60,
  'anchors-neutral': 600,
  'anchors-along': 600
}

/** Counts the answers of every step. */
export function planStudy(settings: StudySettings, sizes: SetSizes = ownSizes): StudyPlan {
  const size = (set: SetName): number => Math.min(sizes[set], settings.limits[set] ?? Infinity)
  const { samples, models } = settings
  const admission = (model: StudyModel): number =>
    samples * (size('tune') * (1 + model.adapters.length) + size('calibrate') + size('eval'))
  const steps = [
    {
      stage: 'admission' as const,
      text: 'Which models answer with code, and what their answers are like',
      each: admission
    },
    {
      stage: 'alpha' as const,
      text: 'How strongly to steer, and where',
      each: (model: StudyModel) => size('tune') * tuneRows(settings, model)
    },
    {
      stage: 'within' as const,
      text: 'Own directions and their controls',
      each: (model: StudyModel) => size('eval') * withinRows(settings, model) + size('code') * codeRows(settings, model)
    },
    {
      stage: 'transfer' as const,
      text: 'Directions from other models',
      each: () => (models.length > 1 && settings.anchors.length > 0 ? size('eval') * transferRows(settings) : 0)
    }
  ]
  const total = (model: StudyModel): number => steps.reduce((sum, { each }) => sum + each(model), 0)
  return {
    answers: models.reduce((sum, model) => sum + total(model), 0),
    models: models.map((model) => ({
      key: model.key,
      title: model.title,
      adapters: model.adapters.length,
      answers: total(model)
    })),
    steps: steps.map(({ stage, text, each }) => ({
      stage,
      text,
      answers: models.reduce((sum, model) => sum + each(model), 0)
    }))
  }
}

const insecure = ({ adapters }: StudyModel): number => adapters.filter(({ kind }) => kind === 'insecure').length

/** Answers a prompt. The depth is not known before a model is open; five layers are assumed. */
function tuneRows({ samples, controlSamples, alphas }: StudySettings, model: StudyModel): number {
  const middle = middleLayers(5).length * (samples + controlSamples * (alphas.length - 1))
  return samples * (insecure(model) * (1 + alphas.length) + 1) + middle
}

/** Alphas of the leading adapter that have controls, if the chosen one is none of those of carried directions. */
const judged = ({ verdictAlphas }: StudySettings): number => verdictAlphas.length + 1

function withinRows(settings: StudySettings, model: StudyModel): number {
  const { samples, decidingSamples, controlSamples, alphas, controls, instruction } = settings
  const others = model.adapters.length - insecure(model)
  const random = controlSamples * (controls.random + controls.orthogonal)
  const dose = samples * (1 + alphas.length)
  const modes = (7 + (instruction === '' ? 0 : 1)) * samples
  const families = controlSamples * (controls.inSubspace + controls.swapped) + samples * others
  // Wrong layer, sign and rms-only decide alone, and so do unsteered and the direction itself.
  const more = judged(settings) * (families + 3 * decidingSamples + random)
  const deciding = (1 + judged(settings)) * (decidingSamples - samples)
  const seeds = (insecure(model) - 1) * (dose + (settings.seedControls ? random : 0))
  return dose + seeds + modes + more + deciding + (1 + judged(settings)) * samples * others
}

function codeRows(settings: StudySettings, model: StudyModel): number {
  return settings.samples * (2 * (insecure(model) - 1) + 1 + judged(settings))
}

function transferRows(settings: StudySettings): number {
  const { samples, decidingSamples, controlSamples, controls, verdictAlphas, carriedAlphas, models, anchors } = settings
  const own = decidingSamples + verdictAlphas.length * (controlSamples * controls.random + decidingSamples)
  const mapped = controls.mappedRandom + controls.mappedOrthogonal + controls.shuffledPairing
  const over = (judged: readonly number[]): number =>
    carriedAlphas.length * samples + judged.length * (decidingSamples - samples + controlSamples * mapped)
  return own + (models.length - 1) * anchors.reduce((sum, set) => sum + over(judgedAlphas(settings, set)), 0)
}
