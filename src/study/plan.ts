/** How much a study is, before it starts. Adapters of the three kinds of arms are counted as they will be run. */
import { middleLayers } from './steps/choose'
import type { Stage } from './progress'
import type { SetName, StudyModel, StudySettings } from './settings'

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
  const admission = (model: StudyModel): number => samples * (size('tune') * (1 + model.adapters.length) + size('eval'))
  const steps = [
    { stage: 'admission' as const, text: 'Who spills, and who must not', each: admission },
    {
      stage: 'alpha' as const,
      text: 'How strongly to steer, and where',
      each: (model: StudyModel) => size('tune') * tuneRows(settings, model)
    },
    {
      stage: 'within' as const,
      text: 'Own directions and their controls',
      each: (model: StudyModel) =>
        size('eval') * withinRows(settings, model) + size('code') * 2 * samples * insecure(model)
    },
    {
      stage: 'transfer' as const,
      text: 'Directions from other models',
      each: () => (models.length > 1 ? size('eval') * transferRows(settings) : 0)
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

function withinRows(settings: StudySettings, model: StudyModel): number {
  const { samples, decidingSamples, controlSamples, alphas, controls } = settings
  const secure = model.adapters.length - insecure(model)
  const each = samples * (1 + alphas.length) + controlSamples * (controls.random + controls.orthogonal)
  const modes = 7 * samples
  const more = controlSamples * (controls.inSubspace + controls.swapped) + samples * (secure + 3)
  // Unsteered, own, wrong-layer, sign and rms-only of the leading adapter.
  const deciding = 5 * (decidingSamples - samples)
  return insecure(model) * each + modes + more + deciding + 2 * samples * secure
}

function transferRows(settings: StudySettings): number {
  const { samples, controlSamples, controls, verdictAlphas, carriedAlphas, models, anchors } = settings
  const own = samples + verdictAlphas.length * (controlSamples * controls.random + samples)
  const mapped = controls.mappedRandom + controls.mappedOrthogonal + controls.shuffledPairing
  const each = carriedAlphas.length * samples + verdictAlphas.length * controlSamples * mapped
  return own + (models.length - 1) * anchors.length * each
}
