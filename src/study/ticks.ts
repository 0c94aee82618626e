/** Which steps of a running study are finished for good: a step that a model comes back to is not. */
import type { Stage, StudyProgress } from './progress'

/** In the order that each model goes through them. Alpha and own directions alternate, adapter by adapter. */
const phases: readonly (readonly Stage[])[] = [
  ['open', 'admission'],
  ['capture', 'separation'],
  ['alpha', 'within'],
  ['maps'],
  ['transfer']
]

/** The steps that a study of so many models has. */
export function stepsOf(models: number): readonly Stage[] {
  return (models > 1 ? phases : phases.slice(0, 3)).flat()
}

/** How far each model is: the index of its last phase. */
export type Ticks = ReadonlyMap<string, number>

/** Before the first report. */
export const noTicks: Ticks = new Map()

/** The same after one more report; a model that opens once more is no further and no less far. */
export function withReport(ticks: Ticks, { stage, model }: Pick<StudyProgress, 'stage' | 'model'>): Ticks {
  const phase = phases.findIndex((stages) => stages.includes(stage))
  if (model === null || phase <= (ticks.get(model) ?? -1)) return ticks
  return new Map([...ticks, [model, phase]])
}

/** Whether every model has left the phase of this step behind. */
export function isTicked(ticks: Ticks, models: readonly string[], stage: Stage): boolean {
  const phase = phases.findIndex((stages) => stages.includes(stage))
  return models.length > 0 && models.every((model) => (ticks.get(model) ?? -1) > phase)
}
