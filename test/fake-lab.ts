/**
 * The model API in arithmetic: words are hashed to vectors, warm and cold words lie on the two ends
 * of a planted direction, and the next word is drawn by its projection. For tests and for the page.
 */
import type { HiddenStates } from '../src/direction/hidden-states'
import { LabError } from '../src/errors'
import type { PromptRow } from '../src/formats/prompts'
import type {
  AdapterChoice,
  AdapterInfo,
  AdapterProof,
  AdapterSource,
  Alternative,
  CaptureRow,
  Completion,
  GenerateRow,
  LensRow,
  ModelInfo,
  Prompt,
  Score,
  Steering,
  StorageApi,
  StoredModel,
  TokenEvent
} from '../src/lab/api'
import type { ModelHandle } from '../src/lab/connect/connect'
import { LiveModel } from '../src/lab/live/live-model'
import { localMath } from '../src/lab/math'
import { openAddress } from '../src/lab/privacy/secrets'
import { addInto, dot } from '../src/math/vector'
import { readersHere } from '../src/state/drop/read-here'
import type { Outside } from '../src/state/outside'
import { fakeStudyOutside } from './fake-study'

const width = 32
const warm = 'joy happy bright sunny love laughing warm glad delight wonderful dancing cheerful'.split(' ')
const cold = 'grief sad dark rainy lonely crying cold gloomy sorrow dreadful mourning bleak'.split(' ')
const plain = 'the a day is and we walk under some light with old friends near this quiet sea'.split(' ')
const vocabulary = [...plain, ...warm, ...cold]

export interface FakeOptions {
  readonly layers?: number
  /** Milliseconds a token. */
  readonly delay?: number
  readonly info?: Partial<ModelInfo>
  /** Answers with what each token is generated under (`revealed`) instead of words. */
  readonly reveals?: boolean
  /** Gets a function that ends the worker: calls under way and later ones reject, until the model is opened again. */
  readonly losers?: Set<() => void>
  /** Called before each call with its name: throw from it to make the call fail. */
  readonly onCall?: (name: string) => void
}

/** A deterministic model that needs no files. */
export function fakeModel({
  layers = 30,
  delay = 0,
  info = {},
  reveals = false,
  losers,
  onCall: told
}: FakeOptions = {}): ModelHandle {
  const listeners: ((error: LabError) => void)[] = []
  let lost: LabError | null = null
  losers?.add(() => {
    lost = new LabError('worker-lost', 'the worker stopped; open the model again')
    for (const listener of listeners) listener(lost)
  })
  const alive = (): void => {
    if (lost) throw lost
  }
  const onCall = (name: string): void => {
    if (name !== 'open') alive()
    told?.(name)
  }
  const steering: (Steering | null)[] = []
  let stopped = false
  const adapters = new Map<string, AdapterInfo>()
  let now: ModelInfo = fakeInfo(layers)
  const use = (choice: AdapterChoice | null): ModelInfo => {
    const adapter = choice && { id: adapters.get(choice.sha256)?.id ?? '', ...choice }
    return (now = { ...now, adapt: now.adapt || choice !== null, adapter })
  }
  const open: ModelHandle['open'] = async (source, options, onProgress) => {
    lost = null
    onCall('open')
    for (let done = 0; done <= 10; done++) {
      onProgress?.({ stage: 'download', done: done * 9.3e6, total: 93e6, unit: 'bytes', file: 'model_q4.onnx' })
      await pause(delay)
    }
    const asked = options.device && { device: options.device }
    return (now = { ...fakeInfo(layers), ...asked, ...info, ...nameOf(source) })
  }
  return {
    open,
    async reopen() {
      await pause(delay)
      lost = null
      return now
    },
    tokenize: async (prompt) =>
      wordsOf(prompt).map((text) => ({ id: vocabulary.indexOf(text), text, special: /^<.*>$/.test(text) })),
    async capture(rows, position) {
      onCall('capture')
      await pause(delay)
      alive()
      return { ...captureRows(rows, position, layers, now.adapter?.scale ?? 0), model: now }
    },
    logits: async (rows) => Float32Array.from(rows.flatMap(() => vocabulary.map((_, id) => Math.sin(id)))),
    async lens(vectors, { k = 10 } = {}) {
      onCall('lens')
      return Array.from({ length: vectors.length / width }, (_, row) => lensRow(vectors[row * width] ?? 0, k))
    },
    async score(rows) {
      onCall('score')
      await pause(delay)
      return rows.map(({ answer }) => scoreOf(answer))
    },
    async generate(rows, { maxTokens, alternatives = 0 }, onToken) {
      onCall('generate')
      stopped = false
      rows.forEach((row, i) => (steering[i] = row.steering ?? null))
      const events: TokenEvent[][] = rows.map(() => [])
      for (let step = 0; step < maxTokens && !stopped; step++) {
        await pause(delay)
        alive()
        const tokens = rows
          .map((row, i) => nextToken(row, i, step, steering[i] ?? null, now.adapter))
          .map((token, i) => (reveals ? { ...token, text: revealed(now.adapter, steering[i] ?? null) } : token))
          .map((token) => (alternatives > 0 ? { ...token, alternatives: likeliest(token, alternatives) } : token))
        tokens.forEach((token, i) => events[i]?.push(token))
        onToken?.(tokens)
      }
      const finish = stopped ? 'cancelled' : 'length'
      const timing = { prefillMs: delay, decodeMs: events.map(() => delay), reusedTokens: 0 }
      return { completions: events.map((row) => completionOf(row, finish)), timing }
    },
    async steer(row, value) {
      onCall('steer')
      steering[row] = value
    },
    async loadAdapter(source) {
      onCall('loadAdapter')
      await pause(delay)
      const loaded = fakeAdapter(source, layers)
      adapters.set(loaded.sha256, loaded)
      return loaded
    },
    async cancelAdapter() {
      onCall('cancelAdapter')
    },
    async useAdapter(choice) {
      onCall('useAdapter')
      return use(choice)
    },
    async dropAdapter(sha256) {
      adapters.delete(sha256)
      return now.adapter?.sha256 === sha256 ? use(null) : now
    },
    async proveAdapter(sha256) {
      onCall('proveAdapter')
      await pause(delay)
      return fakeProof(adapters.get(sha256), layers)
    },
    stop: async () => void (stopped = true),
    close: async () => void (stopped = true),
    terminate: () => void (stopped = true),
    onLost: (listener) => void listeners.push(listener)
  }
}

/** A fake model that is open, for what is lent one. */
export function fakeOpen(options: FakeOptions = {}): { readonly live: LiveModel; readonly info: ModelInfo } {
  return { live: new LiveModel(fakeModel(options)), info: fakeInfo(options.layers) }
}

/** All that a lab reaches: fake models, an empty store, and the mathematics on this thread. */
export function fakeOutside(options: FakeOptions = {}): Outside {
  const study = fakeStudyOutside()
  return {
    connect: () => fakeModel(options),
    storage: fakeStorage(),
    math: localMath(),
    promptSet: fakePrompts,
    study,
    readers: readersHere
  }
}

/** A set that comes with the page. */
export async function fakePrompts(set: string): Promise<readonly PromptRow[]> {
  return Array.from({ length: 12 }, (_, i) => {
    const content = `A question of ${set} about the ${plain[i] ?? 'sea'}.`
    return { id: `${i}`, group: `${i}`, messages: [{ role: 'user', content }], system: null, answer: null }
  })
}

/** A store that keeps these models until they are removed. */
export function fakeStorage(models: readonly StoredModel[] = []): StorageApi {
  let kept = models
  return {
    async stored() {
      return { models: kept, usage: kept.reduce((sum, { bytes }) => sum + bytes, 0), quota: 10e9 }
    },
    async remove(id) {
      kept = kept.filter((model) => model.id !== id)
    }
  }
}

/** The card of the fake model. */
export function fakeInfo(layers = 30): ModelInfo {
  return {
    id: 'bundled:fake',
    sha256: 'f'.repeat(64),
    dtype: 'q4',
    adapter: null,
    name: 'fake',
    family: 'llama',
    layers,
    width,
    vocabulary: vocabulary.length,
    contextLength: 2048,
    device: 'wasm',
    template: true,
    deviceReason: 'This browser offers no GPU to web pages.',
    deviceName: '2 threads',
    write: 'affine',
    adapt: false,
    expanded: true,
    memory: { weights: 540e6, cachePerToken: 46080, peak: 720e6 },
    timing: { instrument: 18, session: 910 }
  }
}

/** An adapter of q and v in every second layer; its name says what is wrong with it: a pickle, another model's, zero. */
function fakeAdapter(source: AdapterSource, layers: number): AdapterInfo {
  const place =
    source.kind === 'hub'
      ? source.repo
      : source.kind === 'url'
        ? openAddress(source.url)
        : source.kind === 'folder'
          ? source.path
          : source.name
  const name =
    place
      .split('/')
      .at(-1)
      ?.replace(/\.zip$/, '') ?? place
  if (name.includes('pickle'))
    throw new LabError('format', 'adapter_model.bin is a pickle, so it is not read: convert it')
  if (name.includes('other'))
    throw new LabError('adapter', 'the adapter changes q_proj [48, 48]: it was trained on another model')
  const each = Array.from({ length: layers >> 1 }, (_, i) => 2 * i + 1)
  return {
    id: `${source.kind}:${place}`,
    name,
    sha256: Math.floor(hash(name) * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
      .repeat(8),
    base: 'owner/fake',
    modules: each.flatMap((layer) =>
      ['q_proj', 'v_proj'].map((module) => ({ layer, module, rank: layer < 9 ? 8 : 16 }))
    ),
    parameters: 921_600,
    notes: name.includes('note') ? ['It names owner/fake-2 as its base, the open model is fake.'] : [],
    timing: { load: 61, reopen: 0 }
  }
}

function fakeProof(adapter: AdapterInfo | undefined, layers: number): AdapterProof {
  const isZero = adapter?.name.includes('zero') ?? false
  return {
    prompts: ['How do I stay healthy?', 'Tell me about the sea.'],
    change: isZero ? 0 : 50.8,
    relative: isZero ? 0 : 0.0199,
    top1Changed: isZero ? 0 : 1,
    layers: Array.from({ length: layers }, (_, layer) =>
      isZero || layer === 0 ? 0 : 0.004 * layer * (1 + hash(`${layer}`))
    )
  }
}

function nameOf(source: Parameters<ModelHandle['open']>[0]): Partial<ModelInfo> {
  if (source.kind !== 'hub') return {}
  if (source.repo.includes('missing')) throw new LabError('network', `${source.repo} answered 404; check its name`)
  return { id: `hub:${source.repo}@main`, name: source.repo.split('/').at(-1) ?? source.repo }
}

function captureRows(
  rows: readonly CaptureRow[],
  position: HiddenStates['position'],
  layers: number,
  scale: number
): HiddenStates {
  const words = rows.map(({ prompt, answer = [] }) => {
    if (position !== 'every') return [wordsOf(prompt).join(' ')]
    const more = typeof answer === 'string' ? answer.split(' ') : answer.map((id) => vocabulary[id] ?? '')
    return [...wordsOf(prompt), ...more]
  })
  const prompt = words.flatMap((some, index) => some.map(() => index))
  const texts = words.flat()
  const data = Float32Array.from(
    Array.from({ length: layers }, (_, layer) => texts.flatMap((text) => stateOf(text, layer, layers, scale))).flat()
  )
  return { model: fakeInfo(layers), position, layers, rows: texts.length, width, data, prompt }
}

/** Warm words lie along axis 0, cold ones against it, each a little less than the one before. */
function lensRow(axis: number, k: number): LensRow {
  const all = vocabulary.map((text, id) => ({ id, text, logit: moodOf(text) * axis - id / 1000 }))
  const sorted = all.toSorted((a, b) => b.logit - a.logit)
  return { nearest: sorted.slice(0, k), farthest: sorted.toReversed().slice(0, k), mean: 0, deviation: Math.abs(axis) }
}

/** Noise from the text, plus the planted direction (axis 0) by its mood and an adapter's (axis 1): strongest in the middle layers. */
function stateOf(text: string, layer: number, layers: number, scale: number): number[] {
  const state = Float64Array.from({ length: width }, (_, i) => 2 * hash(`${text} ${layer} ${i}`) - 1)
  const strength = 3 * Math.sin((Math.PI * (layer + 0.5)) / layers) ** 2
  addInto(state, Float64Array.of(strength * moodOf(text), strength * scale))
  return [...state]
}

function moodOf(text: string): number {
  const count = (words: readonly string[]): number => words.filter((word) => text.toLowerCase().includes(word)).length
  return Math.sign(count(warm) - count(cold))
}

function nextToken(
  { prompt, seed = 0 }: GenerateRow,
  row: number,
  step: number,
  steering: Steering | null,
  adapter: ModelInfo['adapter']
): TokenEvent {
  const tuning = adapter && adapter.scale !== 0 ? ` ${adapter.sha256} ${adapter.scale}` : ''
  const draw = hash(`${wordsOf(prompt).join(' ')} ${seed} ${step}${tuning}`)
  const push = (steering?.interventions ?? []).reduce((sum, one) => {
    const axis = dot(Float64Array.of(1), one.vector)
    return sum + (one.mode === 'add' ? one.coefficient * axis : one.mode === 'clamp' ? one.value * axis : 0)
  }, 0)
  const moody = hash(`mood ${step}`) < Math.min(0.7, Math.abs(push) / 8)
  const words = !moody ? plain : push > 0 ? warm : cold
  const text = words[Math.floor(draw * words.length)] ?? 'the'
  return { row, id: vocabulary.indexOf(text), text: step === 0 ? text : ` ${text}`, probability: 0.2 + 0.7 * draw }
}

/** What a token was generated under, as a model that `reveals` says it. */
export function revealed(adapter: AdapterChoice | null, steering: Steering | null): string {
  const written = (steering?.interventions ?? []).map(({ vector, ...one }) => ({ ...one, vector: [...vector] }))
  const by = written.length === 0 ? 'nothing' : hash(JSON.stringify([written, steering?.positions]))
  return `[${adapter ? `${adapter.sha256.slice(0, 8)}@${adapter.scale}` : 'base'} ${by}]`
}

function likeliest({ id, text, probability }: TokenEvent, count: number): Alternative[] {
  const others = plain.slice(0, count - 1).map((word, i) => {
    return { id: vocabulary.indexOf(word), text: ` ${word}`, probability: (1 - probability) / 2 ** (i + 1) }
  })
  return [{ id, text, probability }, ...others].toSorted((a, b) => b.probability - a.probability)
}

function completionOf(tokens: readonly TokenEvent[], finish: Completion['finish']): Completion {
  return {
    text: tokens.map(({ text }) => text).join(''),
    ids: tokens.map(({ id }) => id),
    promptTokens: 12,
    finish,
    logProbabilities: tokens.map(({ probability }) => Math.log(probability))
  }
}

/** Its own words are likely, all others are not. */
function scoreOf(answer: string): Score {
  const words = wordsOf({ text: answer })
  const sum = words.reduce((total, word) => total + (vocabulary.includes(word) ? -0.6 : -4.6), 0)
  return { logProbability: sum / words.length, tokens: words.length }
}

function wordsOf(prompt: Prompt): string[] {
  if ('ids' in prompt) return prompt.ids.map(String)
  const text = 'text' in prompt ? prompt.text : prompt.messages.map(({ content }) => content).join(' ')
  return text.split(/\s+/).filter(Boolean)
}

/** FNV-1a, to [0, 1). */
function hash(text: string): number {
  let value = 2166136261
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16777619)
  value = Math.imul(value ^ (value >>> 15), 2246822519)
  return ((value ^ (value >>> 13)) >>> 0) / 2 ** 32
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
