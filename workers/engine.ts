/** The model API over one open model, on whichever host. */
import { LabError } from '../src/errors'
import type { HiddenStates } from '../src/direction/hidden-states'
import type {
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
  Steering,
  TokenEvent
} from '../src/lab/api'
import { readPeft } from '../src/formats/peft'
import { capture, encodeCapture } from './capture'
import { sha256 } from './fingerprint'
import { generate, type Control } from './generate'
import type { Host } from './host'
import { lens } from './lens'
import { checkAlive } from './liveness'
import { openModel, type OpenModel } from './open'
import { PrefixStore } from './prefix'
import { DecoderSession } from './session'
import { checkSteering } from './steering'

/** The two files of a PEFT adapter. */
export interface AdapterFiles {
  readonly id: string
  /** adapter_config.json */
  readonly config: string
  /** adapter_model.safetensors */
  readonly weights: Uint8Array
}

interface Open extends OpenModel {
  readonly prefixes: PrefixStore
  /** Layers whose steering inputs were seen to move the logits. */
  readonly alive: Set<number>
}

export class Engine implements ModelApi {
  readonly #host: Host
  #model: Open | null = null
  #running: Control | null = null
  /** Calls run one after another; a failed one does not stop the next. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(host: Host) {
    this.#host = host
  }

  open(
    source: ModelSource,
    options: OpenOptions,
    onProgress: (progress: Progress) => void = () => undefined
  ): Promise<ModelInfo> {
    return this.#next(async () => {
      await this.#close()
      const files = await this.#host.files(source, onProgress)
      const model = await openModel(this.#host, files, options, onProgress)
      this.#model = { ...model, prefixes: new PrefixStore(model.session, model.runtime), alive: new Set() }
      return model.info
    })
  }

  tokenize(prompt: Prompt): Promise<{ id: number; text: string }[]> {
    return this.#with(({ tokens, info }) =>
      Promise.resolve(tokens.encode(prompt, info.vocabulary).map((id) => ({ id, text: tokens.name(id) })))
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
        logits: true
      })
      DecoderSession.release(output.cache)
      return output.logits
    })
  }

  lens(vectors: Float32Array, options: { readonly k?: number } = {}): Promise<readonly LensRow[]> {
    return this.#with(({ session, tokens }) => lens(session, vectors, options.k ?? 10, (id) => tokens.name(id)))
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
        seed: row.seed ?? 0
      }))
      await this.#checkSteering(model, rows)
      const control: Control = { steering: rows.map((row) => row.steering ?? null), stopped: false }
      this.#running = control
      const { session, tokens, prefixes, stop, config } = model
      const generator = { session, tokens, prefixes, stop, contextLength: config.contextLength, host: this.#host }
      try {
        return await generate(generator, encoded, options, control, onToken)
      } finally {
        this.#running = null
      }
    })
  }

  /**
   * Attaches a LoRA adapter in PEFT's format to a model that was opened with `adapt`; null takes it off.
   * @throws LabError `adapter` when it does not fit
   */
  attach(adapter: AdapterFiles | null, scale: number): Promise<ModelInfo> {
    return this.#with(async (model) => {
      const slots = model.session.adapter
      if (!slots)
        throw new LabError('adapter', 'the model was opened without room for an adapter: open it again with adapt')
      slots.set(adapter && readPeft(adapter.config, adapter.weights))
      slots.setScale(adapter ? scale : 0)
      model.prefixes.clear()
      const active = adapter && { id: adapter.id, sha256: await sha256(adapter.weights), scale }
      this.#model = { ...model, info: { ...model.info, adapter: active } }
      return this.#model.info
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
    if (steering) checkSteering(steering, model.session.parts.info, model.info.write)
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
      if (encoded.ids.length > model.config.contextLength) {
        throw new LabError(
          'shape',
          `a prompt has ${encoded.ids.length} tokens, the model's context holds ${model.config.contextLength}: shorten it`
        )
      }
      return encoded
    })
  }

  async #checkSteering(model: Open, rows: readonly { readonly steering?: Steering }[]): Promise<void> {
    const steerings = rows.flatMap((row) => row.steering ?? [])
    for (const steering of steerings) checkSteering(steering, model.session.parts.info, model.info.write)
    const layers = new Set(steerings.flatMap(({ interventions }) => interventions.map(({ layer }) => layer)))
    const unseen = [...layers].filter((layer) => !model.alive.has(layer))
    await checkAlive(model.session, unseen)
    for (const layer of unseen) model.alive.add(layer)
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

function requireRows(rows: readonly unknown[]): void {
  if (rows.length === 0) throw new LabError('shape', 'the list of prompts is empty: give at least one')
}
