/** What a result was made under, and how that differs from what stands on the page now, in plain words. */
import { signed } from '../../math/number-text'
import type { ModelInfo, Position, Sampling } from '../api'
import type { SteeringSettings } from '../steering'

/** The model as it ran: its files, where they were computed, and its adapter. */
export type MadeOn = Pick<ModelInfo, 'id' | 'name' | 'sha256' | 'dtype' | 'device' | 'adapter'>

/** What was written into the model. */
export interface MadeWith extends SteeringSettings {
  /** `directionsKey` of the directions (direction-key.ts), and what they are called. */
  readonly directions: string
  readonly name: string
  /** Null where each direction was written at its own layer. */
  readonly layer: number | null
  /** Of the random direction that stood in for the direction; null where none did. */
  readonly randomSeed: number | null
}

/** How tokens were drawn. */
export interface MadeBy extends Sampling {
  readonly seed: number
  readonly maxTokens: number
}

/** What a result is about, such as two sides set against each other: two results are alike where their `key` is. */
export interface MadeOf {
  readonly key: string
  /** "gloomy against joyful" */
  readonly name: string
}

/** All that a result depends on; a part that is not there does not apply to it. */
export interface Circumstances {
  readonly model: MadeOn
  /** Null for the model as it is. */
  readonly steering?: MadeWith | null
  readonly sampling?: MadeBy
  /** What was asked or read: "the question …". */
  readonly prompt?: MadeOf
  readonly contrast?: MadeOf
  readonly method?: string
  /** Where hidden states were read. */
  readonly position?: Position
}

/** One thing that differs: "alpha +1.50" where it was made, "alpha +0.80" now. */
export interface Difference {
  readonly made: string
  readonly now: string
}

/** The model and adapter of a card. */
export function madeOn({ id, name, sha256, dtype, device, adapter }: ModelInfo): MadeOn {
  return { id, name, sha256, dtype, device, adapter }
}

/**
 * What differs between how a result was made and how it would be made now, the model first. Empty where nothing does.
 * @param now null where it could not be made now: no model is open
 */
export function differences(made: Circumstances, now: Circumstances | null): readonly Difference[] {
  if (!now) return [{ made: made.model.name, now: 'no model' }]
  return [
    ...modelDifferences(made.model, now.model),
    ...compared(
      made.contrast,
      now.contrast,
      ({ key }) => key,
      ({ name }) => name
    ),
    ...compared(made.method, now.method, String, String),
    ...compared(
      made.prompt,
      now.prompt,
      ({ key }) => key,
      ({ name }) => name
    ),
    ...compared(made.position, now.position, String, (place) => positionNames[place]),
    ...steeringDifferences(made.steering, now.steering),
    ...samplingDifferences(made.sampling, now.sampling)
  ]
}

/** "Made with alpha +1.50; now alpha +0.80." Null where nothing differs. */
export function describeDifferences(all: readonly Difference[]): string | null {
  if (all.length === 0) return null
  const list = (side: keyof Difference): string => all.map((one) => one[side]).join(', ')
  const now = list('now')
  // A quoted question ends the sentence by itself.
  return `Made with ${list('made')}; now ${now}${/[.?!]\u201d$/.test(now) ? '' : '.'}`
}

/** The adapter of a model: its last name, and its scale where that is not 1. */
export function adapterWords({ adapter }: Pick<MadeOn, 'adapter'>): string {
  if (!adapter) return 'no adapter'
  const name = adapter.id.replace(/^.*[:/]/, '')
  return adapter.scale === 1 ? name : `${name} at ${adapter.scale.toFixed(2)}`
}

/** Alpha with its sign, two digits, and a real minus. */
export function formatAlpha(alpha: number): string {
  return signed(alpha, 2)
}

function modelDifferences(made: MadeOn, now: MadeOn): readonly Difference[] {
  if (made.sha256 !== now.sha256 || made.dtype !== now.dtype) {
    const words = (model: MadeOn): string => (made.name === now.name ? `${model.name} ${model.dtype}` : model.name)
    return [{ made: words(made), now: words(now) }]
  }
  const adapter = (model: MadeOn): string => `${model.adapter?.sha256} ${model.adapter?.scale}`
  return [
    ...compared(made.device, now.device, String, (device) => `the model on ${device}`),
    ...compared<MadeOn>(made, now, adapter, adapterWords)
  ]
}

function steeringDifferences(
  made: MadeWith | null | undefined,
  now: MadeWith | null | undefined
): readonly Difference[] {
  if (made === undefined || now === undefined) return []
  if (!made || !now)
    return compared({ steering: made }, { steering: now }, ({ steering }) => `${steering !== null}`, steeringWords)
  const alpha = ({ mode, alpha }: MadeWith): string => (mode === 'ablate' ? mode : `${mode} ${alpha}`)
  // At another layer it is another direction of the same fit: then the layer is what changed.
  const isSameLayer = made.layer === now.layer
  const direction = ({ directions, name, randomSeed }: MadeWith): string =>
    `${isSameLayer ? directions : name} ${randomSeed}`
  return [
    ...compared(made, now, direction, directionWords),
    ...compared(
      made,
      now,
      ({ layer }) => `${layer}`,
      ({ layer }) => (layer === null ? 'all layers' : `layer ${layer}`)
    ),
    ...compared(made, now, alpha, strengthWords),
    ...compared(
      made,
      now,
      ({ positions }) => positions,
      ({ positions }) => placeNames[positions]
    )
  ]
}

function samplingDifferences(made: MadeBy | undefined, now: MadeBy | undefined): readonly Difference[] {
  if (!made || !now) return []
  const of = (name: 'temperature' | 'topP' | 'topK' | 'seed' | 'maxTokens', words: string): readonly Difference[] =>
    compared(
      made,
      now,
      (one) => `${one[name]}`,
      (one) => `${words} ${one[name] ?? 'not set'}`
    )
  return [
    ...of('temperature', 'temperature'),
    ...of('topP', 'top p'),
    ...of('topK', 'top k'),
    // A greedy answer is the same whatever the seed.
    ...(made.temperature === 0 && now.temperature === 0 ? [] : of('seed', 'seed')),
    ...of('maxTokens', 'at most tokens:')
  ]
}

function compared<Part>(
  made: Part | undefined,
  now: Part | undefined,
  key: (part: Part) => string,
  words: (part: Part) => string
): readonly Difference[] {
  if (made === undefined || now === undefined || key(made) === key(now)) return []
  const [before, after] = [words(made), words(now)]
  // An edited list keeps its name.
  return [
    before === after
      ? { made: `an earlier version of ${before}`, now: 'the present one' }
      : { made: before, now: after }
  ]
}

function steeringWords({ steering }: { readonly steering: MadeWith | null }): string {
  return steering ? `${strengthWords(steering)} along ${directionWords(steering)}` : 'no steering'
}

function directionWords({ name, randomSeed }: MadeWith): string {
  return randomSeed === null ? `the direction ${name}` : `random direction ${randomSeed} beside ${name}`
}

function strengthWords({ mode, alpha }: SteeringSettings): string {
  if (mode === 'ablate') return 'the direction taken out'
  return `${mode === 'clamp' ? 'held at' : 'alpha'} ${formatAlpha(alpha)}`
}

const placeNames = { all: 'all tokens steered', prompt: 'the prompt steered', generated: 'the answer steered' } as const
const positionNames: Readonly<Record<Position, string>> = {
  last: 'the last prompt token',
  'answer-mean': 'the mean over the answer',
  every: 'every token'
}

/** A question as a part of what a result was made under. */
export function askedQuestion(text: string, form: 'chat' | 'text' = 'chat'): MadeOf {
  const name = `the ${form === 'chat' ? 'question' : 'plain text'} \u201c${shortened(text)}\u201d`
  return { key: `${form} ${text}`, name }
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59)}\u2026` : line
}
