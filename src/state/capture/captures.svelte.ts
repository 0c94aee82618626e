import { joinHiddenStates } from '../../direction/join'
import type { HiddenStates } from '../../direction/hidden-states'
import { LabError } from '../../errors'
import type { CaptureRow, ModelInfo, Position } from '../../lab/api'
import type { Lent } from '../../lab/live/lent-model'
import type { LiveModel } from '../../lab/live/live-model'
import { captureAll, stoppable } from '../../lab/loops'
import { memoryShelf, type Shelf } from '../../storage/shelf'
import {
  adapterName,
  captureRows,
  importedCapture,
  isComparable,
  newFacts,
  readable,
  readKeptCapture,
  shownText,
  weightOf,
  type Capture
} from './capture'
import type { CaptureSettings } from '../link'
import { Keeping, readEach } from '../keeping.svelte'
import { Meter } from '../meter'
import { setSha256, type PromptSet } from '../prompts/prompt-set'
import { endOf, type Status } from '../status'
import { Undo } from '../undo.svelte'

interface OpenModel {
  readonly live: Pick<LiveModel, 'under'>
  /** With the reader's adapter. */
  readonly info: ModelInfo
}

/** The same while a capture has it to itself. */
interface LentModel {
  readonly lent: Lent
  readonly info: ModelInfo
}

export interface CaptureStep {
  /** Tokens are named at the end, where every token was read. */
  readonly what: 'reading' | 'naming'
  /** Prompts read, of all. */
  readonly done: number
  readonly total: number
  /** Seconds left; null until the first batch is read. */
  readonly left: number | null
}

/** What a capture is expected to take. */
export interface CaptureEstimate {
  readonly seconds: number
  /** Bytes of the hidden states. */
  readonly bytes: number
}

/** Measured on the last batch that came first: what later rows are expected to take. */
interface Pace {
  /** The model, with its adapter. */
  readonly model: string
  readonly position: Position
  readonly secondsPerCharacter: number
  readonly vectorsPerCharacter: number
}

/** Rows of the first batch, by which the rest is estimated. */
const firstBatch = 8
/** Hidden states that are larger in all are refused: they would not fit beside the model. */
const mostBytes = 2 ** 30
/** Captures in one figure: there are as many shapes. */
const mostShown = 6

/** The captures on the bench, those that the figures show, and the one that is under way. */
export class Captures {
  readonly undo = new Undo()
  readonly keeping = new Keeping()
  position = $state<Position>('last')
  /** What is captured next: `contrast` for both sides, else the id of a set. */
  setId = $state('contrast')
  #layer = $state<number | null>(null)
  readonly #shelf: Shelf
  #list = $state.raw<readonly Capture[]>([])
  #shown = $state.raw<readonly string[]>([])
  #status = $state.raw<Status<CaptureStep>>({ kind: 'idle' })
  #pace = $state.raw<Pace | null>(null)
  #controller: AbortController | null = null

  /** Those that the figures show, in the order of the list. */
  readonly shown: readonly Capture[] = $derived(this.#list.filter(({ id }) => this.#shown.includes(id)))

  constructor(shelf: Shelf = memoryShelf()) {
    this.#shelf = shelf
  }

  get list(): readonly Capture[] {
    return this.#list
  }

  get status(): Status<CaptureStep> {
    return this.#status
  }

  /** The layer of the scatter: a layer of what is shown, a little past the middle until one is asked for. */
  get layer(): number {
    const layers = this.shown[0]?.states.layers ?? 1
    return Math.min(layers - 1, this.#layer ?? Math.round(0.55 * (layers - 1)))
  }

  set layer(layer: number) {
    this.#layer = layer
  }

  /** What a link holds. */
  get settings(): CaptureSettings {
    return { position: this.position, captureLayer: this.#layer }
  }

  follow({ position, captureLayer }: CaptureSettings): void {
    this.position = position
    this.#layer = captureLayer
  }

  /** Shows a capture; those of another model leave the figures, and the oldest where there are too many. */
  show(capture: Capture): void {
    const beside = this.shown.filter((other) => other.id !== capture.id && isComparable(other, capture))
    this.#shown = [...beside.map(({ id }) => id), capture.id].slice(-mostShown)
  }

  hide(capture: Capture): void {
    this.#shown = this.#shown.filter((id) => id !== capture.id)
  }

  rename(capture: Capture, name: string): void {
    const { id } = capture
    this.#list = this.#list.map((other) => (other.id === id ? { ...capture, name } : other))
    // Beside the capture: a name must not wait for megabytes of hidden states to be written again.
    this.keeping.later(id, () => this.#shelf.put('capture-names', id, name))
  }

  /** Can be undone. */
  remove(capture: Capture): void {
    this.#list = this.#list.filter(({ id }) => id !== capture.id)
    this.hide(capture)
    this.keeping.forget(capture.id)
    void this.keeping.now(async () => {
      await Promise.all([this.#shelf.remove('captures', capture.id), this.#shelf.remove('capture-names', capture.id)])
    })
    this.undo.offer(`\u201c${capture.name}\u201d was deleted.`, () => this.#add(capture))
  }

  /** What reading these sets is expected to take, by the last first batch under this model; null before there was one. */
  estimate(info: ModelInfo, sets: readonly PromptSet[], position: Position): CaptureEstimate | null {
    const pace = this.#pace
    if (pace?.model !== modelKey(info) || pace.position !== position) return null
    const rows = sets.flatMap(({ prompts }) => captureRows(readable(prompts, position), position))
    return expected(pace, info, rows)
  }

  /** Reads the first prompts only, and throws them away: an estimate before anything long begins. */
  async measure(model: OpenModel, sets: readonly PromptSet[], position: Position): Promise<void> {
    const rows = sets.flatMap(({ prompts }) => captureRows(readable(prompts, position), position)).slice(0, firstBatch)
    await this.#run(model, async (lent, signal) => {
      this.#status = { kind: 'running', step: { what: 'reading', done: 0, total: rows.length, left: null } }
      await this.#first(lent, rows, position, signal)
    })
  }

  /** Reads the hidden states of each set, as a capture each, and shows them alone where it is more than one. */
  async run(model: OpenModel, sets: readonly PromptSet[], position: Position): Promise<void> {
    const jobs = sets.map((set) => ({ set, prompts: readable(set.prompts, position) }))
    const total = jobs.reduce((sum, { prompts }) => sum + prompts.length, 0)
    await this.#run(model, async (lent, signal) => {
      const meter = new Meter()
      let before = 0
      const captures: Capture[] = []
      const report = (done: number): void => {
        const { left } = meter.measure({ stage: 'rows', done: before + done, total, unit: 'rows' }, performance.now())
        this.#status = { kind: 'running', step: { what: 'reading', done: before + done, total, left } }
      }
      const naming = (done: number): void => {
        this.#status = { kind: 'running', step: { what: 'naming', done: before + done, total, left: null } }
      }
      for (const { set, prompts } of jobs) {
        captures.push(await this.#read(lent, { set, prompts, position, signal, report, naming }))
        before += prompts.length
      }
      if (captures.length > 1) this.#shown = []
      for (const capture of captures) this.#add(capture)
    })
  }

  cancel(): void {
    this.#controller?.abort()
  }

  /** Takes in what a file held, and shows it. */
  take(file: string, states: HiddenStates): void {
    this.#add(importedCapture(file, states))
  }

  /** Takes in a capture that was made elsewhere, unless it is here. Returns whether it was new. */
  bring(capture: Capture): boolean {
    if (this.#list.some(({ id }) => id === capture.id)) return false
    this.#add(capture)
    return true
  }

  /** Brings back what the browser kept. */
  restore(): Promise<void> {
    return this.keeping.now(async () => {
      const [captures, names] = await Promise.all([this.#shelf.all('captures'), this.#shelf.all('capture-names')])
      const { kept, error } = readEach(captures.values(), readKeptCapture)
      const isNew = ({ id }: Capture): boolean => !this.#list.some((capture) => capture.id === id)
      this.#list = inOrder([...kept.filter(isNew).map((one) => renamed(one, names.get(one.id))), ...this.#list])
      const last = this.#list.at(-1)
      if (this.#shown.length === 0 && last) {
        this.#shown = this.#list
          .filter((other) => isComparable(other, last))
          .slice(-2)
          .map(({ id }) => id)
      }
      if (error) throw error
    })
  }

  #add(capture: Capture): void {
    this.#list = inOrder([...this.#list, capture])
    this.show(capture)
    void this.keeping.now(() => this.#shelf.put('captures', capture.id, capture))
  }

  /** Everything that is read belongs to one state of the model. */
  async #run({ live, info }: OpenModel, work: (model: LentModel, signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = (this.#controller = new AbortController())
    const choice = info.adapter && { sha256: info.adapter.sha256, scale: info.adapter.scale }
    this.#status = { kind: 'running', step: { what: 'reading', done: 0, total: 0, left: null } }
    try {
      await live.under(choice, (lent) => work({ lent, info }, signal), { what: 'capture', signal })
      this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  async #read(model: LentModel, job: ReadJob): Promise<Capture> {
    const { set, prompts, position, signal, report } = job
    const rows = captureRows(prompts, position)
    const began = performance.now()
    report(0)
    const first = await this.#first(model, rows.slice(0, firstBatch), position, signal)
    report(Math.min(firstBatch, rows.length))
    const { bytes } = this.#pace ? expected(this.#pace, model.info, rows) : { bytes: 0 }
    if (bytes > mostBytes) {
      const size = `${(bytes / 1e9).toFixed(1)} GB of hidden states for ${rows.length} prompts`
      throw new LabError(
        'memory',
        `${size}, ${(mostBytes / 1e9).toFixed(1)} can be kept: take fewer prompts, or one position`
      )
    }
    const rest = rows.slice(firstBatch)
    const onProgress = ({ done }: { readonly done: number }): void => report(firstBatch + done)
    const parts = rest.length > 0 ? [await captureAll(model.lent, rest, position, { signal, onProgress })] : []
    const states = joinHiddenStates([first, ...parts])
    const seconds = (performance.now() - began) / 1000
    const tokens = position === 'every' ? await tokensOf(model, rows, job) : null
    const adapter = adapterName({ states })
    return {
      ...newFacts(),
      name: adapter ? `${set.name}, ${adapter}` : set.name,
      set: { name: set.name, role: set.role, sha256: await setSha256(prompts) },
      modelName: model.info.name,
      texts: prompts.map(shownText),
      tokens,
      seconds,
      states
    }
  }

  async #first(
    { lent, info }: LentModel,
    rows: readonly CaptureRow[],
    position: Position,
    signal: AbortSignal
  ): Promise<HiddenStates> {
    const began = performance.now()
    const states = await captureAll(lent, rows, position, { batch: firstBatch, signal })
    const characters = rows.reduce((sum, row) => sum + weightOf(row), 0)
    this.#pace = {
      model: modelKey(info),
      position,
      secondsPerCharacter: (performance.now() - began) / 1000 / characters,
      vectorsPerCharacter: states.rows / characters
    }
    return states
  }
}

interface ReadJob {
  readonly set: PromptSet
  readonly prompts: PromptSet['prompts']
  readonly position: Position
  readonly signal: AbortSignal
  readonly report: (done: number) => void
  readonly naming: (done: number) => void
}

/** The names of all tokens, in the order of the rows of `every`. */
async function tokensOf(
  { lent }: LentModel,
  rows: readonly CaptureRow[],
  { signal, naming }: ReadJob
): Promise<readonly string[]> {
  const names: string[] = []
  for (const [done, { prompt }] of rows.entries()) {
    signal.throwIfAborted()
    naming(done)
    for (const { text } of await stoppable(lent, signal, () => lent.tokenize(prompt))) names.push(text)
  }
  signal.throwIfAborted()
  return names
}

function expected(pace: Pace, { layers, width }: ModelInfo, rows: readonly CaptureRow[]): CaptureEstimate {
  const characters = rows.reduce((sum, row) => sum + weightOf(row), 0)
  const vectors = pace.position === 'every' ? pace.vectorsPerCharacter * characters : rows.length
  return { seconds: pace.secondsPerCharacter * characters, bytes: 4 * vectors * layers * width }
}

function modelKey({ sha256, dtype, device, adapter }: ModelInfo): string {
  return JSON.stringify([sha256, dtype, device, adapter?.sha256 ?? null])
}

/** By the name that was given to it later, where there is one. */
function renamed(capture: Capture, name: unknown): Capture {
  return typeof name === 'string' ? { ...capture, name } : capture
}

function inOrder(captures: readonly Capture[]): readonly Capture[] {
  return captures.toSorted((a, b) => a.created.localeCompare(b.created))
}
