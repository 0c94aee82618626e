/** What can be told of a study before it starts. */
import type { Speed } from '../../lab/measure-speed'
import { problemsOf } from '../../study/check'
import type { StudyModel, StudySettings } from '../../study/settings'
import type { StudyPlan } from '../../study/plan'

/** What the measured speeds say of the study that is planned. */
export interface Estimate {
  /** Seconds for the answers alone. */
  readonly seconds: number
  /** Bytes of the models that are open at the same time. */
  readonly memory: number
  /** Where it was measured: "wasm, 2 threads". */
  readonly device: string
}

/** A measured speed, and what it is of. */
export interface KnownSpeed {
  readonly key: string
  readonly speed: Speed
}

/** What hinders a start: all that the run would refuse, one sentence each. */
export function problemSentences(settings: StudySettings): readonly string[] {
  return problemsOf(settings).map(({ message }) => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`)
}

/** The options that a speed depends on, and the model. */
export function speedKey({ dtype, device, maxTokens, batch }: StudySettings, { source, adapters }: StudyModel): string {
  const name = (one: object | undefined): string => JSON.stringify(one ?? null)
  return [dtype, device, maxTokens, batch, name(source), name(adapters[0]?.source)].join(' ')
}

/** Null until every model was measured. */
export function estimateOf(settings: StudySettings, plan: StudyPlan, speeds: readonly KnownSpeed[]): Estimate | null {
  const parts = settings.models.map((model) => {
    const wanted = speedKey(settings, model)
    const speed = speeds.findLast(({ key }) => key === wanted)?.speed
    const answers = plan.models.find(({ key }) => key === model.key)?.answers
    return speed && answers !== undefined ? { speed, seconds: speed.open + answers * speed.answer } : null
  })
  const known = parts.filter((part) => part !== null)
  const [first] = known
  if (!first || known.length < parts.length) return null
  const peaks = known.map(({ speed: { info, tokens } }) => {
    const { peak, cachePerToken } = info.memory
    return peak + settings.batch * cachePerToken * tokens
  })
  const open = peaks.sort((a, b) => b - a).slice(0, settings.lanes)
  return {
    seconds: known.reduce((sum, { seconds }) => sum + seconds, 0),
    memory: open.reduce((sum, bytes) => sum + bytes, 0),
    device: `${first.speed.info.device}, ${first.speed.info.deviceName}`
  }
}

/** What will make a verdict weaker, one sentence each. */
export function cautionsOf({ models, limits, thresholds }: StudySettings): readonly string[] {
  const seeds = (model: StudyModel, kind: 'insecure' | 'secure'): number =>
    model.adapters.filter((adapter) => adapter.kind === kind).length
  const unchecked = models.filter((model) => seeds(model, 'secure') === 0)
  const single = models.filter((model) => seeds(model, 'insecure') < 3 || seeds(model, 'secure') < 3)
  const { fit } = limits
  return [
    ...(unchecked.length > 0
      ? [`Without a secure adapter nothing can be said of what the direction of ${titles(unchecked)} is about.`]
      : []),
    ...(single.length > 0
      ? [
          `Fewer than 3 seeds each of insecure and secure adapters for ${titles(single)}: one pair can look right by chance.`
        ]
      : []),
    ...(fit !== null && fit < thresholds.leastPrompts
      ? [
          `Directions are fitted on ${fit} prompts a side, ${thresholds.leastPrompts} are asked for: nothing can be decided.`
        ]
      : [])
  ]
}

function titles(models: readonly StudyModel[]): string {
  return models.map(({ title }) => title).join(', ')
}
