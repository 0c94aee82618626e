import { lists } from '../direction/contrast'
import type { HiddenStates } from '../direction/hidden-states'
import { isSameModel } from '../direction/model-ref'
import type { Separation } from '../direction/separation'
import type { ModelInfo, Progress } from '../lab/api'
import type { ModelHandle } from '../lab/connect'
import { captureAll } from '../lab/loops'
import type { ContrastFit, MathHandle } from '../lab/math'
import type { Prompts } from './prompts.svelte'
import { endOf, type Status } from './status'

/** A contrast fitted on one model: a direction for each layer, and how well each holds out. */
export interface Fit extends ContrastFit {
  readonly model: ModelInfo
  readonly positiveName: string
  readonly negativeName: string
  readonly positive: readonly string[]
  readonly negative: readonly string[]
}

export interface FitStep {
  readonly stage: 'capture' | 'separation'
  readonly done: number
  readonly total: number
}

/** The fits on the bench, and the layer that is in use. */
export class Fits {
  #list = $state.raw<readonly Fit[]>([])
  #chosen = $state.raw<Fit | null>(null)
  #status = $state.raw<Status<FitStep>>({ kind: 'idle' })
  #controller: AbortController | null = null
  readonly #math: MathHandle
  layer = $state(0)
  /** The layer that a link asks for, used by the next fit. */
  wantedLayer: number | null = null

  constructor(math: MathHandle) {
    this.#math = math
  }

  get list(): readonly Fit[] {
    return this.#list
  }

  get chosen(): Fit | null {
    return this.#chosen
  }

  get status(): Status<FitStep> {
    return this.#status
  }

  choose(fit: Fit): void {
    this.#chosen = fit
    this.layer = Math.min(this.layer, fit.directions.length - 1)
  }

  remove(fit: Fit): void {
    this.#list = this.#list.filter((other) => other !== fit)
    if (this.#chosen === fit) this.#chosen = this.#list.at(-1) ?? null
  }

  /** Captures both lists, extracts a direction at each layer and tests it on held-out prompts. */
  async run(model: { readonly handle: ModelHandle; readonly info: ModelInfo }, prompts: Prompts): Promise<void> {
    const { positiveName, negativeName, positive, negative } = prompts
    const controller = (this.#controller = new AbortController())
    const total = positive.length + negative.length
    const capture = (side: readonly string[], before: number): Promise<HiddenStates> =>
      captureAll(model.handle, side.map(chatRow), 'last', {
        signal: controller.signal,
        onProgress: ({ done }: Progress) => this.#step({ stage: 'capture', done: before + done, total })
      })
    try {
      this.#step({ stage: 'capture', done: 0, total })
      const up = await capture(positive, 0)
      const down = await capture(negative, positive.length)
      const fit = await this.#fit(up, down, controller.signal)
      this.#add({ model: model.info, positiveName, negativeName, positive, negative, ...fit })
      this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  cancel(): void {
    this.#controller?.abort()
  }

  #step(step: FitStep): void {
    this.#status = { kind: 'running', step }
  }

  #add(fit: Fit): void {
    this.#list = [...this.#list, fit]
    this.#chosen = fit
    this.layer = this.wantedLayer ?? suggestLayer(fit.separation)
    this.layer = Math.min(this.layer, fit.directions.length - 1)
    this.wantedLayer = null
  }

  #fit(up: HiddenStates, down: HiddenStates, signal: AbortSignal): Promise<ContrastFit> {
    const total = up.layers
    const onShare = (share: number): void => this.#step({ stage: 'separation', done: Math.floor(share * total), total })
    return this.#math.fit(lists(up, down), {}, { signal, onShare })
  }
}

/** Whether a fit's directions may be written into this model: the same base, whatever adapter it carries now. */
export function isFitFor(fit: Fit, model: ModelInfo): boolean {
  return isSameModel({ ...fit.model, adapter: null }, { ...model, adapter: null })
}

/** How the adapter has changed since a fit, in one sentence; null where it has not. */
export function adapterDrift(fit: Fit, model: ModelInfo): string | null {
  if (!isFitFor(fit, model) || isSameModel(fit.model, model)) return null
  return `Fitted ${withAdapter(fit.model)}; the model now runs ${withAdapter(model)}.`
}

function withAdapter({ adapter }: ModelInfo): string {
  return adapter
    ? `with adapter ${adapter.id.replace(/^.*[:/]/, '')} at ${adapter.scale.toFixed(2)}`
    : 'without an adapter'
}

/** The best separated layer; of several, the one nearest a little past the middle, where steering tends to do most. */
export function suggestLayer({ layers }: Separation): number {
  const best = Math.max(...layers.map(({ accuracy }) => accuracy))
  const depth = 0.55 * (layers.length - 1)
  const ties = layers.filter(({ accuracy }) => accuracy === best).map(({ layer }) => layer)
  return ties.reduce((near, layer) => (Math.abs(layer - depth) < Math.abs(near - depth) ? layer : near), ties[0] ?? 0)
}

function chatRow(content: string): { prompt: { messages: readonly { role: 'user'; content: string }[] } } {
  return { prompt: { messages: [{ role: 'user', content }] } }
}
