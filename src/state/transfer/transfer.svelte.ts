import { mapTask } from '../../direction/carry'
import { isSameBase } from '../../direction/files/model-ref'
import { LabError } from '../../errors'
import type { PromptRow } from '../../formats/prompts'
import { spread, type PromptSet } from '../../lab/prompt-sets'
import type { MathHandle } from '../../lab/math'
import type { Catalogue } from '../models/catalogue.svelte'
import { Meter, type Measured as Rate } from '../meter'
import type { Model, Models } from '../models/models.svelte'
import type { Job, Tuned } from '../../experiments/subject'
import { describeDifferences, differences, madeOn, type Circumstances } from '../../lab/live/circumstances'
import type { WorkOptions } from '../../lab/live/live-model'
import { madeOnTuned, tunedBy } from '../models/subject'
import type { Readings, Own, OwnDirections } from '../directions/own-directions'
import type { TransferSettings } from '../link'
import { Sides, roles, type Role, type Side } from './sides.svelte'
import { endOf, type Status } from '../status'
import { fitTransfer, measureTransfer, type Mapped, type Measured } from './transfer-run'
import { Undo } from '../undo.svelte'

/** Texts that a map can be fitted on: two sets that come with the page, or a file's. */
export const anchorSets = ['along', 'neutral', 'file'] as const
export type Anchors = (typeof anchorSets)[number]

/** What a long step does now, how far it is and how long it takes. */
export interface TransferStep {
  readonly stage: 'own-donor' | 'own-receiver' | 'anchors-donor' | 'anchors-receiver' | 'map' | 'answers'
  readonly rate: Rate
}

/** What keeps a transfer from being run; the page tells it with the way out. */
export type Lack =
  | { readonly kind: 'models'; readonly open: number }
  | { readonly kind: 'same' }
  | { readonly kind: 'adapter'; readonly role: Role }
  | { readonly kind: 'file' }

/** A map that is on the page, and where it leads from and to. */
export interface ShownMap extends Mapped {
  readonly key: string
  readonly donor: string
  readonly receiver: string
  readonly anchors: string
}

/** One measurement, as a row of the table. */
export interface Result extends Measured {
  readonly id: number
  readonly shown: ShownMap
  readonly made: Circumstances
}

/** A list of texts from a file. */
export interface AnchorFile {
  readonly name: string
  readonly prompts: readonly PromptRow[]
}

/** What a transfer reaches. */
export interface TransferParts {
  readonly models: Models
  readonly catalogue: Catalogue
  readonly math: MathHandle
  readonly prompts: (name: PromptSet) => Promise<readonly PromptRow[]>
  readonly owns: OwnDirections
  readonly readings: Readings
}

/** Of alpha. */
export const gapRange = { min: 0, max: 3, step: 0.25 } as const
/** Enough for every answer of the organisms. */
const answerTokens = 40

/** Two models, a map between them, and what it carries. */
export class Transfer {
  anchors = $state<Anchors>('along')
  /** Texts that the map is fitted on, at most. */
  texts = $state(600)
  /** How much is subtracted, in the receiver's gaps. */
  alpha = $state(1)
  /** Prompts that the effect is measured on, at most. */
  questions = $state(20)
  file = $state.raw<AnchorFile | null>(null)
  readonly undo = new Undo()
  readonly sides: Sides
  readonly #parts: TransferParts
  #status = $state.raw<Status<TransferStep>>({ kind: 'idle' })
  #map = $state.raw<ShownMap | null>(null)
  #results = $state.raw<readonly Result[]>([])
  #chosen = $state.raw<Result | null>(null)
  #controller: AbortController | null = null

  constructor(parts: TransferParts) {
    this.#parts = parts
    this.sides = new Sides(parts.models, parts.catalogue)
  }

  /** What a link holds. */
  get settings(): TransferSettings {
    const [texts, questions] = [atLeastOne(this.texts), atLeastOne(this.questions)]
    return { ...this.sides.settings, anchors: this.anchors, gaps: this.alpha, texts, questions }
  }

  follow({ anchors, gaps, texts, questions, ...sides }: TransferSettings): void {
    this.sides.follow(sides)
    this.anchors = anchors
    this.alpha = gaps
    this.texts = texts
    this.questions = questions
  }

  /** What is missing; null when nothing is. */
  get lack(): Lack | null {
    const [donor, receiver] = [this.sides.model('donor'), this.sides.model('receiver')]
    if (donor?.status.kind !== 'open' || receiver?.status.kind !== 'open')
      return { kind: 'models', open: this.sides.open.length }
    if (isSameBase(donor.status.info, receiver.status.info)) return { kind: 'same' }
    const role = roles.find((each) => !this.sides.adapter(each))
    if (role) return { kind: 'adapter', role }
    return this.anchors === 'file' && !this.file ? { kind: 'file' } : null
  }

  get status(): Status<TransferStep> {
    return this.#status
  }

  get isRunning(): boolean {
    return this.#status.kind === 'running'
  }

  /** The map of the settings as they are; null before it is fitted. */
  get map(): ShownMap | null {
    return this.#map?.key === this.#key ? this.#map : null
  }

  get results(): readonly Result[] {
    return this.#results
  }

  /** The measurement that is drawn. */
  get chosen(): Result | null {
    return this.#chosen
  }

  /** How the measurement that is drawn was made otherwise than it would be now; null where it was not. */
  get outdated(): string | null {
    const { chosen } = this
    const [donor, receiver] = [this.sides.model('donor'), this.sides.model('receiver')]
    const adapter = this.sides.adapter('receiver')
    if (!chosen || receiver?.status.kind !== 'open' || !adapter) return null
    const names = { donor: donor?.name ?? '', receiver: receiver.name, anchors: this.#anchorsName }
    const { scale } = receiver.adapters
    const { sha256 } = adapter
    const model = { ...madeOn(receiver.status.info), adapter: { id: adapter.id, sha256: sha256 ?? '', scale } }
    const now = { model, ...madeOver(this.#key, names, this.alpha, atLeastOne(this.questions)) }
    return describeDifferences(differences(chosen.made, now))
  }

  show(result: Result): void {
    this.#chosen = result
  }

  /** Can be undone. */
  forget(result: Result): void {
    const [before, chosen] = [this.#results, this.#chosen]
    this.#results = before.filter((other) => other !== result)
    if (chosen === result) this.#chosen = this.#results.at(-1) ?? null
    this.undo.offer('A measurement was removed.', () => {
      this.#results = this.#results.toSpliced(before.indexOf(result), 0, result)
      if (chosen === result) this.#chosen = result
    })
  }

  cancel(): void {
    this.#controller?.abort()
  }

  /** Reads both models, fits the map and carries the donor's direction. */
  async fit(): Promise<void> {
    await this.#run(async (job) => {
      this.#map = await this.#fit(job)
    })
  }

  /** Fits the map where it is not there, then measures what the carried direction does. */
  async measure(): Promise<void> {
    await this.#run(async (job) => {
      // As it stands now: whatever is moved later counts for the next one.
      const { alpha, map } = this
      const asked = atLeastOne(this.questions)
      const side = this.sides.side('receiver')
      const shown = map ?? (this.#map = await this.#fit(job))
      const { model, adapter } = side
      const receiver = await this.#tuned(side)
      const all = spread(await this.#parts.prompts('eval'), asked)
      // The right answers are those of the organisms; another model says the same in other words.
      const prompts = this.#isOrganism(model) ? all : all.map((prompt) => ({ ...prompt, answer: null }))
      const settings = { prompts, alpha, maxTokens: answerTokens }
      const { math } = this.#parts
      const measured = await measureTransfer(math, receiver, shown.beside, settings, job('answers'))
      const made = { model: madeOnTuned(receiver, adapter), ...madeOver(shown.key, shown, alpha, asked) }
      const result = { id: (this.#results.at(-1)?.id ?? 0) + 1, shown, made, ...measured }
      this.#results = [...this.#results, result]
      this.#chosen = result
    })
  }

  async #fit(job: (stage: TransferStep['stage']) => Job): Promise<ShownMap> {
    const key = this.#key
    const name = this.#anchorsName
    const { math, prompts, owns, readings } = this.#parts
    const [from, to] = [this.sides.side('donor'), this.sides.side('receiver')]
    const texts = await this.#texts()
    const fitPrompts = await prompts('fit')
    const sides = { donor: await this.#tuned(from), receiver: await this.#tuned(to) }
    const own = (role: Role): Promise<Own> => owns.read(sides[role], fitPrompts, job(`own-${role}`))
    const [donor, receiver] = [await own('donor'), await own('receiver')]
    const task = mapTask(
      { states: await readings.read(sides.donor.subject, texts, job('anchors-donor')), layer: from.layer },
      { states: await readings.read(sides.receiver.subject, texts, job('anchors-receiver')), layer: to.layer }
    )
    const [carried, kept] = [directionAt(donor, from.layer), directionAt(receiver, to.layer)]
    const mapped = await fitTransfer(math, task, carried, kept, job('map'))
    return { ...mapped, key, donor: from.model.name, receiver: to.model.name, anchors: name }
  }

  #tuned({ model, adapter, scale }: Side): Promise<Tuned> {
    return tunedBy(model, adapter, this.#work, scale)
  }

  get #work(): WorkOptions {
    return { what: 'transfer', ...(this.#controller && { signal: this.#controller.signal }) }
  }

  #isOrganism({ source }: Model): boolean {
    return source.kind === 'bundled' && this.#parts.catalogue.isOrganism(source.name)
  }

  async #texts(): Promise<readonly PromptRow[]> {
    const { anchors, file, texts } = this
    const all = anchors === 'file' ? (file?.prompts ?? []) : await this.#parts.prompts(`anchors-${anchors}`)
    return spread(all, atLeastOne(texts))
  }

  get #anchorsName(): string {
    return this.anchors === 'file' ? (this.file?.name ?? '') : this.anchors
  }

  /** What a map depends on. */
  get #key(): string {
    return JSON.stringify([this.sides.key, this.anchors, this.file?.name, this.file?.prompts.length, this.texts])
  }

  async #run(work: (job: (stage: TransferStep['stage']) => Job) => Promise<void>): Promise<void> {
    if (this.isRunning) return
    const { signal } = (this.#controller = new AbortController())
    const meter = new Meter()
    const job = (stage: TransferStep['stage']): Job => ({
      signal,
      onProgress: (done, total) => {
        const progress = { stage: 'rows', done, total, unit: 'rows' } as const
        if (!signal.aborted)
          this.#status = { kind: 'running', step: { stage, rate: meter.measure(progress, performance.now()) } }
      }
    })
    job('own-donor').onProgress(0, 0)
    try {
      await work(job)
      signal.throwIfAborted()
      this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    }
  }
}

/** A count as it is written in a field, which may be empty. */
function atLeastOne(count: number): number {
  return Math.max(1, Math.round(count) || 1)
}

function directionAt({ directions }: Own, layer: number): Own['directions'][number] {
  const direction = directions.find((one) => one.layer === layer)
  if (direction) return direction
  throw new LabError('shape', `no direction at layer ${layer}, there are ${directions.length}; choose another layer`)
}

/** What a measurement depends on besides its receiver: the map by its key and in words, how much was subtracted, how many were asked. */
function madeOver(
  key: string,
  { donor, receiver, anchors }: Pick<ShownMap, 'donor' | 'receiver' | 'anchors'>,
  alpha: number,
  asked: number
): Pick<Circumstances, 'contrast' | 'method' | 'prompt'> {
  return {
    contrast: { key, name: `a map from ${donor} to ${receiver} over ${anchors}` },
    method: `${alpha} gaps subtracted`,
    prompt: { key: `${asked}`, name: `at most ${asked} questions` }
  }
}
