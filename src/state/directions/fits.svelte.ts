import { centersOf } from '../../direction/controls'
import type { Method } from '../../direction/method'
import { isSameModel } from '../../direction/files/model-ref'
import type { Separation } from '../../direction/separation'
import { isAbort } from '../../errors'
import type { ModelInfo } from '../../lab/api'
import type { LiveModel } from '../../lab/live/live-model'
import { madeOn, type Circumstances } from '../../lab/live/circumstances'
import type { ContrastFit, MathHandle } from '../../lab/math'
import { contrastMade, contrastOf, readSides, type ContrastKind, type ContrastTask, type Sides } from './contrasts'
import { importedFits, importedNote, type Imported } from './imported'
import { methodNames, swapsFor } from './method'
import { endOf, type Status } from '../status'
import { Undo } from '../undo.svelte'

/** A contrast fitted on one model: a direction for each layer, and how well each holds out. */
export interface Fit extends ContrastFit {
  readonly kind: 'fitted'
  readonly contrast: ContrastKind
  /** That of the positive side, as its hidden states name it. */
  readonly model: ModelInfo
  readonly made: Circumstances
  readonly positiveName: string
  readonly negativeName: string
  readonly positive: readonly string[]
  readonly negative: readonly string[]
  /** [layer][width]: halfway between the means of the two sides, where a clamp along any direction counts from. */
  readonly centers: Float32Array
}

/** What can be chosen on the bench and steered by: directions in ascending order of layers, at most one a layer. */
export type DirectionSet = Fit | Imported

export interface FitStep {
  readonly stage: 'capture' | 'separation'
  readonly done: number
  readonly total: number
}

/** The model that a fit is made on. */
interface FitModel {
  readonly live: Pick<LiveModel, 'under'>
  /** With the reader's adapter. */
  readonly info: ModelInfo
}

/** The hidden states of both lists, and what they were read from. */
interface Captured extends Sides {
  readonly key: string
}

/** The directions on the bench, fitted and imported, and the layer that is in use. */
export class Fits {
  /** How the next fit extracts its directions. */
  method = $state<Method>('difference-in-means')
  readonly undo = new Undo()
  #list = $state.raw<readonly DirectionSet[]>([])
  #chosen = $state.raw<DirectionSet | null>(null)
  #layer = $state(0)
  /** Kept from the last fit, so that another method needs no model. */
  #captured: Captured | null = null
  #status = $state.raw<Status<FitStep>>({ kind: 'idle' })
  #controller: AbortController | null = null
  readonly #math: MathHandle
  /** The layer that a link asks for, used by the next fit. */
  wantedLayer: number | null = null

  constructor(math: MathHandle) {
    this.#math = math
  }

  get list(): readonly DirectionSet[] {
    return this.#list
  }

  get chosen(): DirectionSet | null {
    return this.#chosen
  }

  get status(): Status<FitStep> {
    return this.#status
  }

  /** Always a layer of the chosen directions: of those that they have, the nearest to the one asked for. */
  get layer(): number {
    return this.#layer
  }

  set layer(wanted: number) {
    this.#layer = this.#chosen ? nearestLayer(this.#chosen, wanted) : wanted
  }

  choose(set: DirectionSet): void {
    this.#chosen = set
    this.layer = this.#layer
  }

  /** Can be undone. */
  remove(set: DirectionSet): void {
    const [at, layer, wasChosen] = [this.#list.indexOf(set), this.#layer, this.#chosen === set]
    this.#list = this.#list.filter((other) => other !== set)
    const last = this.#list.at(-1) ?? null
    if (wasChosen && last) this.choose(last)
    else if (wasChosen) this.#chosen = null
    this.undo.offer(`\u201c${titleOf(set)}\u201d was taken off the bench.`, () => {
      this.#list = this.#list.toSpliced(at, 0, set)
      if (!wasChosen) return
      this.choose(set)
      this.layer = layer
    })
  }

  /** Brings back what stood on the bench, before what stands there, without choosing it. */
  restore(sets: readonly DirectionSet[]): void {
    this.#list = [...sets.filter((set) => !this.#list.includes(set)), ...this.#list]
  }

  /** Puts imported directions on the bench, and chooses them. */
  addImported(set: Imported, { layers }: ModelInfo): void {
    this.#add(set, usualDepth * (layers - 1))
  }

  /**
   * Captures both sides, extracts a direction at each layer and tests it on held-out prompts.
   * @param plan what to read, or how to get it: where that fails, the fit has failed
   */
  async run(model: FitModel, plan: ContrastTask | (() => Promise<ContrastTask>)): Promise<void> {
    const { signal } = (this.#controller = new AbortController())
    this.#step({ stage: 'capture', done: 0, total: 0 })
    const { method } = this
    try {
      const task = typeof plan === 'function' ? await plan() : plan
      const { positiveName, negativeName, positive, negative } = task
      const captured = await this.#capture(model, task, signal)
      const fit = await this.#fit(task, method, captured, signal)
      const centers = centersOf(captured.positive, captured.negative)
      const info = { ...model.info, adapter: captured.positive.model.adapter }
      const contrast = task.under ? 'adapter' : 'lists'
      const sides = { positiveName, negativeName, positive, negative }
      const made = { model: madeOn(info), contrast: contrastMade(task), method: methodNames[method] }
      this.#add({ kind: 'fitted', contrast, model: info, made, ...sides, centers, ...fit })
      this.#status = { kind: 'done' }
    } catch (error) {
      // What was read may be what is wrong.
      if (!isAbort(error)) this.#captured = null
      this.#status = endOf(error)
    }
  }

  cancel(): void {
    this.#controller?.abort()
  }

  #step(step: FitStep): void {
    this.#status = { kind: 'running', step }
  }

  #add(set: DirectionSet, suggested = set.kind === 'fitted' ? suggestedFor(set) : 0): void {
    this.#list = [...this.#list, set]
    this.#chosen = set
    this.layer = this.wantedLayer ?? suggested
    this.wantedLayer = null
  }

  async #capture({ live, info }: FitModel, task: ContrastTask, signal: AbortSignal): Promise<Captured> {
    const { adapter } = info
    const key = JSON.stringify([
      ...[info.sha256, info.dtype, info.device, task.under ?? adapter],
      ...[task.positive, task.negative]
    ])
    if (this.#captured?.key === key) return this.#captured
    const onDone = (done: number, total: number): void => this.#step({ stage: 'capture', done, total })
    onDone(0, task.positive.length + task.negative.length)
    const choice = adapter && { sha256: adapter.sha256, scale: adapter.scale }
    const read = await live.under(choice, (lent) => readSides(lent, task, { signal, onDone }), { what: 'fit', signal })
    return (this.#captured = { key, ...read })
  }

  #fit(task: ContrastTask, method: Method, captured: Captured, signal: AbortSignal): Promise<ContrastFit> {
    const { layers: total, rows } = captured.positive
    const onShare = (share: number): void => this.#step({ stage: 'separation', done: Math.floor(share * total), total })
    onShare(0)
    const swaps = swapsFor(method, rows + captured.negative.rows)
    const options = { method, swaps, keepProjections: true }
    return this.#math.fit(contrastOf(task, method, captured), options, { signal, onShare })
  }
}

/** What it is called: the two sides, or its file. */
export function titleOf(set: DirectionSet): string {
  return set.kind === 'fitted' ? `${set.positiveName} \u2212 ${set.negativeName}` : set.name
}

/** Whether directions may be written into this model: the same base, whatever adapter it carries now. */
export function isFitFor(set: DirectionSet, model: ModelInfo): boolean {
  if (set.kind === 'imported') return importedFits(set, model)
  return isSameModel({ ...set.model, adapter: null }, { ...model, adapter: null })
}

/** How the model in use differs from the one that the directions are of, in one sentence; null where it does not. */
export function adapterDrift(fit: DirectionSet, model: ModelInfo): string | null {
  if (!isFitFor(fit, model)) return null
  if (fit.kind === 'imported') return importedNote(fit, model)
  const isBase = fit.contrast === 'adapter' && model.adapter === null
  if (isBase || isSameModel(fit.model, model)) return null
  return `Fitted ${withAdapter(fit.model)}; the model now runs ${withAdapter(model)}.`
}

function withAdapter({ adapter }: ModelInfo): string {
  return adapter
    ? `with adapter ${adapter.id.replace(/^.*[:/]/, '')} at ${adapter.scale.toFixed(2)}`
    : 'without an adapter'
}

/** The layer that a set has nearest to one; the lower of two. */
export function nearestLayer({ directions }: DirectionSet, wanted: number): number {
  const layers = directions.map(({ layer }) => layer)
  return layers.reduce(
    (near, layer) => (Math.abs(layer - wanted) < Math.abs(near - wanted) ? layer : near),
    layers[0] ?? 0
  )
}

/** A little past the middle, where steering tends to do most: share of the last layer's number. */
const usualDepth = 0.55

/** The last layer of a model against its adapter, which is the study's; of two lists, where they are told apart best. */
function suggestedFor({ contrast, separation }: Fit): number {
  return contrast === 'adapter' ? separation.layers.length - 1 : suggestLayer(separation)
}

/** The best separated layer; of several, the one nearest the usual depth. */
export function suggestLayer({ layers }: Separation): number {
  const best = Math.max(...layers.map(({ accuracy }) => accuracy))
  const depth = usualDepth * (layers.length - 1)
  const ties = layers.filter(({ accuracy }) => accuracy === best).map(({ layer }) => layer)
  return ties.reduce((near, layer) => (Math.abs(layer - depth) < Math.abs(near - depth) ? layer : near), ties[0] ?? 0)
}
