/** An experiment as a link: settings to the part of the address after `#`, which no server sees, and back. */
import { methods, type Method } from '../direction/method'
import type { Device, Dtype, ModelSource, Position } from '../lab/api'
import { openAddress } from '../lab/privacy/secrets'
import { allArms, type Arm, type Form } from './steer/comparison'
import type { ContrastKind } from './directions/contrasts'
import { readArm, writeArm, type ArmAddress } from './link-arm'
import { readLeft, readTexts, writeTexts, type LinkPart } from './link-texts'
import { readAdapter, readSource, sourceId } from './models/source-id'
import { readMade } from './session/made'
import { dtypes } from '../lab/dtype'

export const views = [
  'models',
  'prompts',
  'capture',
  'directions',
  'steer',
  'transfer',
  'study',
  'tour',
  'docs'
] as const
export type View = (typeof views)[number]

export type { ArmAddress } from './link-arm'

/** What a link holds of a transfer. */
export interface TransferSettings {
  readonly donor: ModelSource | null
  readonly receiver: ModelSource | null
  readonly anchors: 'neutral' | 'along' | 'file'
  /** How much is subtracted, in the receiver's gaps. */
  readonly gaps: number
  /** Ids of the adapters, and layers, where they were chosen. */
  readonly donorAdapter: string | null
  readonly receiverAdapter: string | null
  readonly donorLayer: number | null
  readonly receiverLayer: number | null
  /** Texts of the map and prompts of the measurement, at most. */
  readonly texts: number
  readonly questions: number
}

/** What a link holds of a capture: where hidden states are read, and the layer that is drawn, where it was chosen. */
export interface CaptureSettings {
  readonly position: Position
  readonly captureLayer: number | null
}

/** What a link holds. Only what differs from the defaults is written. */
export interface Settings extends TransferSettings, CaptureSettings {
  readonly view: View
  readonly source: ModelSource | null
  readonly dtype: Dtype | null
  readonly device: Device | null
  /** The adapter in use by its id, `bundled:...`, `hub:...` or `url:...`; null for none, or one that no link reaches. */
  readonly adapter: string | null
  readonly scale: number
  readonly contrast: ContrastKind
  /** The adapter of the contrast, where it is not the one in use. */
  readonly contrastAdapter: string | null
  readonly method: Method
  readonly layer: number | null
  readonly alpha: number
  readonly mode: 'add' | 'ablate' | 'clamp'
  readonly positions: 'all' | 'prompt' | 'generated'
  readonly scope: 'layer' | 'all'
  /** The columns. */
  readonly arms: readonly Arm[]
  /** Of the random direction. */
  readonly controlSeed: number
  readonly temperature: number
  readonly topP: number
  readonly seed: number
  readonly maxTokens: number
  readonly question: string
  /** Whether the question is a turn of a chat or a text to continue. */
  readonly form: Form
  /** Of the documentation, with a heading's id where one was asked for: `concepts`, `study/re-check`. Null for the first page. */
  readonly page: string | null
  /** Of the tour, from 1. */
  readonly step: number
  /** Null for the example lists. */
  readonly positive: Side | null
  readonly negative: Side | null
  /** A study to plan; null for the first one, and for those that only a file holds. */
  readonly preset: LinkedPreset | null
  /** A finished run that comes with the page, a claim of its report, and an arm whose answers are looked at. */
  readonly run: string | null
  readonly claim: string | null
  readonly arm: ArmAddress | null
  /** What the direction in use was, by `madeOf`: whoever makes it again compares. Null without one. */
  readonly made: string | null
  /** The direction in use itself, by `packDirections`, where no recipe makes it again. */
  readonly vector: string | null
  /** What was too long for this link. */
  readonly left: readonly LinkPart[]
  /** Address of a session file to open. */
  readonly session: string | null
}

const linkedPresets = ['offline', 'full'] as const
export type LinkedPreset = (typeof linkedPresets)[number]

/** A preset as a link holds it. */
export function linkedPreset(preset: string | undefined): LinkedPreset | null {
  return oneOf(linkedPresets, preset ?? null)
}

/** One side of a contrast: its name, and its prompts one a line. */
export interface Side {
  readonly name: string
  readonly text: string
}

const positions: readonly Position[] = ['last', 'every', 'answer-mean']

/** The settings that a contrast begins with. */
export type Defaults = (contrast: ContrastKind) => Settings

const plain = [
  'scale',
  'method',
  'alpha',
  'mode',
  'positions',
  'scope',
  'controlSeed',
  'temperature',
  'topP',
  'seed',
  'maxTokens',
  'form'
] as const

/**
 * `#/view?name=value`, without what equals the defaults. A hub token is never written. Long texts are packed; what is too long
 * even so is named under `left`.
 */
export function writeLink(settings: Settings, defaultsOf: Defaults): string {
  const { source, contrast } = settings
  const defaults = defaultsOf(contrast)
  const arms = settings.arms.join()
  const isImplied = contrast === impliedContrast(source !== null || settings.positive !== null)
  const entries: readonly (readonly [string, string | number | null])[] = [
    ['model', source && sourceId(source)],
    ['hub', source?.kind === 'hub' && source.endpoint ? openAddress(source.endpoint) : null],
    ['dtype', settings.dtype],
    ['device', settings.device],
    ['adapter', settings.adapter],
    ['contrast', isImplied ? null : contrast],
    ['contrastAdapter', settings.contrastAdapter],
    ['layer', settings.layer],
    ...plain.map((name) => [name, settings[name] === defaults[name] ? null : settings[name]] as const),
    ['columns', arms === defaults.arms.join() ? null : arms],
    ...(settings.view === 'transfer' ? transferEntries(settings, defaults) : []),
    ...(settings.view === 'capture' ? captureEntries(settings, defaults) : []),
    ['step', settings.view === 'tour' ? settings.step : null],
    ...(['made', 'vector', 'session'] as const).map((name) => [name, settings[name]] as const),
    ...textEntries(settings, defaults),
    ...(settings.view === 'study' ? runEntries(settings) : [])
  ]
  const query = new URLSearchParams(entries.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])))
  const text = query.toString()
  const page = settings.view === 'docs' && settings.page ? `/${settings.page}` : ''
  return `#/${settings.view}${page}${text && `?${text}`}`
}

/** The question and the two lists, and what of them or of the direction no link can hold. */
function textEntries(settings: Settings, defaults: Settings): readonly (readonly [string, string])[] {
  const { question, positive, negative } = settings
  const whole = ({ name, text }: Side): string => `${name}\n${text}`
  return writeTexts(
    {
      ...(question !== defaults.question && { question }),
      ...(positive && { positive: whole(positive) }),
      ...(negative && { negative: whole(negative) })
    },
    settings.left
  )
}

function transferEntries(settings: TransferSettings, defaults: TransferSettings): [string, string | number | null][] {
  const { donor, receiver } = settings
  const changed = (['anchors', 'gaps', 'texts', 'questions'] as const).filter(
    (name) => settings[name] !== defaults[name]
  )
  return [
    ['donor', donor && sourceId(donor)],
    ['receiver', receiver && sourceId(receiver)],
    ['donorAdapter', settings.donorAdapter],
    ['receiverAdapter', settings.receiverAdapter],
    ['donorLayer', settings.donorLayer],
    ['receiverLayer', settings.receiverLayer],
    ...changed.map((name): [string, string | number] => [name, settings[name]])
  ]
}

function captureEntries(settings: CaptureSettings, defaults: CaptureSettings): [string, string | number | null][] {
  const { position, captureLayer } = settings
  return [
    ['position', position === defaults.position ? null : position],
    ['captureLayer', captureLayer]
  ]
}

/** What a link asks for; what it does not name, or names wrongly, comes from the defaults. */
export function readLink(hash: string, defaultsOf: Defaults): Settings {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [view = '', ...page] = path.split('/')
  const values = new URLSearchParams(query)
  const texts = readTexts(values)
  const left = readLeft(values.get('left'))
  const source = readSource(values.get('model'), values.get('hub'))
  const contrast =
    oneOf(['lists', 'adapter'], values.get('contrast')) ??
    impliedContrast(source !== null || texts.has('positive') || left.includes('positive'))
  const defaults = defaultsOf(contrast)
  const number = (name: string, low: number, high: number): number | null => {
    const value = Number.parseFloat(values.get(name) ?? '')
    return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : null
  }
  const whole = (name: string, low: number, high: number): number | null => {
    const value = number(name, low, high)
    return value === null ? null : Math.round(value)
  }
  return {
    view: oneOf(views, view) ?? defaults.view,
    page: page.join('/') || null,
    source,
    dtype: oneOf(dtypes, values.get('dtype')),
    device: oneOf(['webgpu', 'wasm'], values.get('device')),
    adapter: readAdapter(values.get('adapter')),
    scale: number('scale', 0, 2) ?? defaults.scale,
    contrast,
    contrastAdapter: readAdapter(values.get('contrastAdapter')),
    method: oneOf(methods, values.get('method')) ?? defaults.method,
    layer: number('layer', 0, 999),
    alpha: number('alpha', -3, 3) ?? defaults.alpha,
    mode: oneOf(['add', 'ablate', 'clamp'], values.get('mode')) ?? defaults.mode,
    positions: oneOf(['all', 'prompt', 'generated'], values.get('positions')) ?? defaults.positions,
    scope: oneOf(['layer', 'all'], values.get('scope')) ?? defaults.scope,
    arms: readArms(values.get('columns')) ?? defaults.arms,
    controlSeed: Math.round(number('controlSeed', 0, 2 ** 31) ?? defaults.controlSeed),
    temperature: number('temperature', 0, 2) ?? defaults.temperature,
    donor: readSource(values.get('donor'), null),
    receiver: readSource(values.get('receiver'), null),
    anchors: oneOf(['neutral', 'along', 'file'], values.get('anchors')) ?? defaults.anchors,
    gaps: number('gaps', 0, 3) ?? defaults.gaps,
    donorAdapter: readAdapter(values.get('donorAdapter')),
    receiverAdapter: readAdapter(values.get('receiverAdapter')),
    donorLayer: whole('donorLayer', 0, 999),
    receiverLayer: whole('receiverLayer', 0, 999),
    texts: whole('texts', 1, 100_000) ?? defaults.texts,
    questions: whole('questions', 1, 100_000) ?? defaults.questions,
    position: oneOf(positions, values.get('position')) ?? defaults.position,
    captureLayer: whole('captureLayer', 0, 999),
    preset: linkedPreset(values.get('preset') ?? undefined),
    step: Math.round(number('step', 1, 99) ?? defaults.step),
    topP: number('topP', 0.01, 1) ?? defaults.topP,
    seed: Math.round(number('seed', 0, 2 ** 31) ?? defaults.seed),
    maxTokens: Math.round(number('maxTokens', 1, 2048) ?? defaults.maxTokens),
    question: texts.get('question') ?? defaults.question,
    form: oneOf(['chat', 'text'], values.get('form')) ?? defaults.form,
    positive: readSide(texts.get('positive')),
    negative: readSide(texts.get('negative')),
    made: readMade(values.get('made')) ? values.get('made') : null,
    ...{ vector: values.get('vector'), session: values.get('session') },
    left,
    run: values.get('run'),
    claim: values.get('claim'),
    arm: readArm(values.get('arm'))
  }
}

/** A link that names no contrast: two lists, unless it names neither a model nor lists, as on a first visit. */
function impliedContrast(isNamed: boolean): ContrastKind {
  return isNamed ? 'lists' : 'adapter'
}

function readArms(value: string | null): readonly Arm[] | null {
  const arms = (value ?? '').split(',').flatMap((name) => oneOf(allArms, name) ?? [])
  return arms.length > 0 ? [...new Set(arms)] : null
}

function readSide(value: string | undefined): Side | null {
  if (value === undefined) return null
  const [name = '', ...lines] = value.split('\n')
  return { name, text: lines.join('\n') }
}

function runEntries({ preset, run, claim, arm }: Settings): readonly (readonly [string, string | null])[] {
  return [
    ['preset', run === null ? preset : null],
    ['run', run],
    ['claim', claim],
    ['arm', arm && writeArm(arm)]
  ]
}

function oneOf<const Value extends string>(allowed: readonly Value[], value: string | null): Value | null {
  return allowed.find((one) => one === value) ?? null
}
