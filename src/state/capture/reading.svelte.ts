import { joinHiddenStates } from '../../direction/join'
import type { HiddenStates } from '../../direction/hidden-states'
import { LabError } from '../../errors'
import type { CaptureRow, ModelInfo, Position } from '../../lab/api'
import type { Lent } from '../../lab/live/lent-model'
import type { LiveModel } from '../../lab/live/live-model'
import { captureAll, stoppable } from '../../lab/loops'
import { Meter } from '../meter'
import { setSha256, type PromptSet } from '../prompts/prompt-set'
import { endOf, type Status } from '../status'
import { adapterName, captureRows, newFacts, readable, shownText, weightOf, type Capture } from './capture'
import { madeOfCapture } from './capture-made'

/** A model that can be read. */
export interface OpenModel {
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
/** What is being read from a model, and how long more of it is expected to take. */
export class Reading {
  #status = $state.raw<Status<CaptureStep>>({ kind: 'idle' })
  #pace = $state.raw<Pace | null>(null)
  #controller: AbortController | null = null

  get status(): Status<CaptureStep> {
    return this.#status
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

  /** Reads the hidden states of each set, as a capture each. Resolves to them; to none where it was cancelled or has failed. */
  async read(model: OpenModel, sets: readonly PromptSet[], position: Position): Promise<readonly Capture[]> {
    const jobs = sets.map((set) => ({ set, prompts: readable(set.prompts, position) }))
    const total = jobs.reduce((sum, { prompts }) => sum + prompts.length, 0)
    const captures: Capture[] = []
    const isDone = await this.#run(model, async (lent, signal) => {
      const meter = new Meter()
      let before = 0
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
    })
    return isDone ? captures : []
  }

  cancel(): void {
    this.#controller?.abort()
  }

  /** Everything that is read belongs to one state of the model. */
  async #run(
    { live, info }: OpenModel,
    work: (model: LentModel, signal: AbortSignal) => Promise<void>
  ): Promise<boolean> {
    const { signal } = (this.#controller = new AbortController())
    const choice = info.adapter && { sha256: info.adapter.sha256, scale: info.adapter.scale }
    this.#status = { kind: 'running', step: { what: 'reading', done: 0, total: 0, left: null } }
    try {
      await live.under(choice, (lent) => work({ lent, info }, signal), { what: 'capture', signal })
      this.#status = { kind: 'done' }
      return true
    } catch (error) {
      this.#status = endOf(error)
      return false
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
      made: madeOfCapture({ ...model.info, adapter: states.model.adapter }, { ...set, prompts }, position),
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
