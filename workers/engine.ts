/** The model API over one open model, on whichever host. */
import { LabError } from '../src/errors'
import type { HiddenStates } from '../src/direction/hidden-states'
import type {
  AdapterChoice,
  AdapterInfo,
  AdapterProof,
  AdapterSource,
  CaptureRow,
  GenerateOptions,
  GenerateResult,
  GenerateRow,
  LensRow,
  ModelApi,
  ModelInfo,
  ModelSource,
  OpenOptions,
  Position,
  Progress,
  Prompt,
  PromptToken,
  Score,
  ScoreRow,
  Steering,
  TokenEvent
} from '../src/lab/api'
import { measureAdapter } from './adapters/adapter-proof'
import { loadAdapter, type LoadedAdapter } from './adapters/adapters'
import { capture, encodeCapture } from './run/capture'
import { generate, type Control } from './run/generate'
import type { Host, ModelFiles } from './host/host'
import { lens } from './run/lens'
import { checkAlive } from './run/liveness'
import { openModel, type OpenModel } from './open'
import { PrefixStore } from './run/prefix'
import { encodeScore, score } from './run/score'
import { DecoderSession } from './session'
import { checkSteering, checkVector } from './run/steering'

interface Open extends OpenModel {
  readonly files: ModelFiles
  readonly options: OpenOptions
  readonly prefixes: PrefixStore
  /** Layers whose steering inputs were seen to move the logits. */
  readonly alive: Set<number>
  /** By their sha256. */
  readonly adapters: Map<string, LoadedAdapter>
}

type OnProgress = (progress: Progress) => void
const ignore: OnProgress = () => undefined

/**
 * The model API on a host: owns one open model, runs calls one after another. Methods throw LabError, and AbortError once stopped.
 */
export class Engine implements ModelApi {
  readonly #host: Host
  #model: Open | null = null
  #running: Control | null = null
  /** Of the adapter that is being loaded. */
  #loading: AbortController | null = null
  /** Whether the running generation computed its tokens at several scales of its adapter. */
  #rescaled = false
  /** Calls run one after another; a failed one does not stop the next. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(host: Host) {
    this.#host = host
  }

  open(source: ModelSource, options: OpenOptions, onProgress: OnProgress = ignore): Promise<ModelInfo> {
    return this.#next(async () => {
      await this.#close()
      const model = await this.#open(await this.#host.files(source, onProgress), options, onProgress)
      return model.info
    })
  }

  tokenize(prompt: Prompt): Promise<PromptToken[]> {
    return this.#with(({ tokens, info }) =>
      Promise.resolve(
        tokens
          .encode(prompt, info.vocabulary)
          .map((id) => ({ id, text: tokens.name(id), special: tokens.isSpecial(id) }))
      )
    )
  }

  capture(rows: readonly CaptureRow[], position: Position): Promise<HiddenStates> {
    return this.#with(async (model) => {
      const encoded = this.#encode(model, rows, position)
      await this.#checkSteering(model, rows)
      return capture(model.session, rows, encoded, position, model.info)
    })
  }

  logits(rows: readonly CaptureRow[]): Promise<Float32Array> {
    return this.#with(async (model) => {
      const encoded = this.#encode(model, rows, 'last')
      await this.#checkSteering(model, rows)
      const output = await model.session.run({
        tokens: encoded.map((row) => row.ids),
        cache: null,
        prompt: encoded.map((row) => row.prompt),
        steering: rows.map((row) => row.steering ?? null),
        scores: 'logits'
      })
      DecoderSession.release(output.cache)
      return output.scores
    })
  }

  lens(vectors: Float32Array, options: { readonly k?: number } = {}): Promise<readonly LensRow[]> {
    return this.#with(({ session, tokens }) => lens(session, vectors, options.k ?? 10, (id) => tokens.name(id)))
  }

  score(rows: readonly ScoreRow[]): Promise<readonly Score[]> {
    return this.#with(async (model) => {
      requireRows(rows)
      const encoded = rows.map((row) => encodeScore(model.tokens, row, model.info.vocabulary))
      for (const { prompt, answer } of encoded) requireRoom(model, prompt.length + answer.length)
      await this.#checkSteering(model, rows)
      return score(model, encoded)
    })
  }

  generate(
    rows: readonly GenerateRow[],
    options: GenerateOptions,
    onToken: (events: readonly TokenEvent[]) => void = () => undefined
  ): Promise<GenerateResult> {
    return this.#with(async (model) => {
      requireRows(rows)
      const encoded = rows.map((row) => ({
        ids: model.tokens.encode(row.prompt, model.info.vocabulary),
        seed: row.seed ?? 0,
        flatten: row.flatten
      }))
      for (const { flatten } of rows) if (flatten) checkVector(flatten, model.session.parts.info, flatten.coefficient)
      await this.#checkSteering(model, rows)
      const control: Control = { steering: rows.map((row) => row.steering ?? null), stopped: false }
      this.#running = control
      const generator = { ...model, contextLength: model.info.contextLength, host: this.#host }
      try {
        return await generate(generator, encoded, options, control, onToken)
      } finally {
        this.#running = null
        if (this.#rescaled) model.prefixes.clear()
        this.#rescaled = false
      }
    })
  }

  loadAdapter(source: AdapterSource, onProgress: OnProgress = ignore): Promise<AdapterInfo> {
    const { signal } = (this.#loading = new AbortController())
    return this.#with(async (model) => {
      signal.throwIfAborted()
      const files = await this.#host.adapterFiles(source, onProgress, signal)
      const loaded = await loadAdapter(files, model.session.parts.info, model.info, onProgress)
      // From here on it is a matter of a moment.
      signal.throwIfAborted()
      const known = model.adapters.get(loaded.info.sha256)
      if (known) return known.info
      const began = performance.now()
      const roomy = model.session.adapter ? model : await this.#makeRoom(model, onProgress)
      const reopen = roomy === model ? 0 : performance.now() - began
      const info = { ...loaded.info, timing: { ...loaded.info.timing, reopen } }
      roomy.adapters.set(info.sha256, { ...loaded, info })
      return info
    })
  }

  cancelAdapter(): Promise<void> {
    this.#loading?.abort()
    return Promise.resolve()
  }

  async useAdapter(choice: AdapterChoice | null): Promise<ModelInfo> {
    if (choice && !Number.isFinite(choice.scale)) {
      throw new LabError('adapter', `a scale is a number, 0 for the base and 1 as trained, got ${choice.scale}`)
    }
    const inUse = this.#model?.info.adapter
    if (!this.#running || !choice || choice.sha256 !== inUse?.sha256) {
      return this.#with(async (model) => this.#attach(model, choice))
    }
    this.#rescaled = true
    return this.#scale(this.#need(), { ...inUse, scale: choice.scale })
  }

  dropAdapter(sha256: string): Promise<ModelInfo> {
    return this.#with(async (model) => {
      const info = model.info.adapter?.sha256 === sha256 ? this.#attach(model, null) : model.info
      model.adapters.delete(sha256)
      return info
    })
  }

  proveAdapter(sha256: string): Promise<AdapterProof> {
    return this.#with(async (model) => {
      const { session, tokens, info } = model
      try {
        return await measureAdapter(session, tokens, info.vocabulary, needAdapter(model, sha256).pairs)
      } finally {
        this.#attach(model, info.adapter)
      }
    })
  }

  async steer(row: number, steering: Steering | null): Promise<void> {
    const model = this.#need()
    const running = this.#running
    if (!running)
      throw new LabError('shape', 'there is no running generation to steer: give the steering with the next one')
    if (!Number.isInteger(row) || row < 0 || row >= running.steering.length) {
      throw new LabError('shape', `row ${row} was asked for, the running generation has ${running.steering.length}`)
    }
    if (steering) checkSteering(steering, model.session.parts.info, model.session.parts.plan)
    running.steering = running.steering.with(row, steering)
    return Promise.resolve()
  }

  stop(): Promise<void> {
    if (this.#running) this.#running.stopped = true
    return Promise.resolve()
  }

  close(): Promise<void> {
    if (this.#running) this.#running.stopped = true
    return this.#next(() => this.#close())
  }

  #encode(model: Open, rows: readonly CaptureRow[], position: Position): ReturnType<typeof encodeCapture>[] {
    requireRows(rows)
    return rows.map((row) => {
      const encoded = encodeCapture(model.tokens, row, position, model.info.vocabulary)
      requireRoom(model, encoded.ids.length)
      return encoded
    })
  }

  async #checkSteering(model: Open, rows: readonly { readonly steering?: Steering }[]): Promise<void> {
    const steerings = rows.flatMap((row) => row.steering ?? [])
    const { info, plan } = model.session.parts
    for (const steering of steerings) checkSteering(steering, info, plan)
    const layers = new Set(steerings.flatMap(({ interventions }) => interventions.map(({ layer }) => layer)))
    const unseen = [...layers].filter((layer) => !model.alive.has(layer))
    await checkAlive(model.session, unseen)
    for (const layer of unseen) model.alive.add(layer)
  }

  async #open(files: ModelFiles, options: OpenOptions, onProgress: OnProgress): Promise<Open> {
    const model = await openModel(this.#host, files, options, onProgress)
    const prefixes = new PrefixStore(model.session, model.runtime)
    return (this.#model = { ...model, files, options, prefixes, alive: new Set(), adapters: new Map() })
  }

  /** Opens the model again, on the same device, with inputs for an adapter; where that fails, as it was. */
  async #makeRoom({ files, options, info }: Open, onProgress: OnProgress): Promise<Open> {
    const { device, dtype, deviceReason } = info
    const asItWas = { ...options, device, dtype }
    const open = async (more: OpenOptions): Promise<Open> => {
      const model = await this.#open(files, { ...asItWas, ...more }, onProgress)
      return (this.#model = { ...model, info: { ...model.info, deviceReason } })
    }
    await this.#close()
    try {
      return await open({ adapt: true })
    } catch (error) {
      await open({})
      throw error
    }
  }

  #attach(model: Open, choice: AdapterChoice | null): ModelInfo {
    const loaded = choice && needAdapter(model, choice.sha256)
    model.session.adapter?.set(loaded && loaded.pairs)
    model.prefixes.clear()
    return this.#scale(model, loaded && choice && { id: loaded.info.id, ...choice })
  }

  #scale(model: Open, adapter: ModelInfo['adapter']): ModelInfo {
    model.session.adapter?.setScale(adapter?.scale ?? 0)
    const info = { ...model.info, adapter }
    this.#model = { ...model, info }
    return info
  }

  async #close(): Promise<void> {
    const model = this.#model
    this.#model = null
    if (!model) return
    model.prefixes.clear()
    await model.session.close()
    await model.runtime.release()
  }

  #need(): Open {
    if (!this.#model) throw new LabError('shape', 'no model is open in this worker: open one first')
    return this.#model
  }

  #with<T>(call: (model: Open) => Promise<T>): Promise<T> {
    return this.#next(() => call(this.#need()))
  }

  #next<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(call)
    this.#queue = result.catch(() => undefined)
    return result
  }
}

/** @throws LabError `adapter` */
function needAdapter({ adapters }: Open, sha256: string): LoadedAdapter {
  const found = adapters.get(sha256)
  if (found) return found
  throw new LabError('adapter', `no adapter ${sha256.slice(0, 12)} is loaded beside this model: load it first`)
}

/** @throws LabError `shape` */
function requireRoom({ info }: Open, length: number): void {
  if (length <= info.contextLength) return
  throw new LabError(
    'shape',
    `a prompt has ${length} tokens, the model's context holds ${info.contextLength}: shorten it`
  )
}

function requireRows(rows: readonly unknown[]): void {
  if (rows.length === 0) throw new LabError('shape', 'the list of prompts is empty: give at least one')
}
