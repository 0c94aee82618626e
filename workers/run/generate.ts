/**
 * The decode loop: a stream of random numbers and a stop for each row, steering that may change between tokens. Rows
 * that are done leave the batch.
 */
import { LabError } from '../../src/errors'
import type {
  Alternative,
  Completion,
  Flattening,
  GenerateOptions,
  GenerateResult,
  Steering,
  TokenEvent
} from '../../src/lab/api'
import { takeRows } from './copies'
import { flattenInto, lastTokens } from './flatten'
import type { Host, Runtime } from '../host/host'
import type { PrefixStore } from './prefix'
import { draw, mostLikely, randomStream } from './sample'
import { DecoderSession, type Cache, type RunOutput } from '../session'
import { TextStream, type Tokens } from '../tokens'

/** A row to answer, as token ids, with the seed of its random numbers. */
export interface EncodedRow {
  readonly ids: readonly number[]
  readonly seed: number
  readonly flatten?: Flattening | undefined
}

/** What may change while a generation runs. */
export interface Control {
  steering: readonly (Steering | null)[]
  stopped: boolean
}

interface RowState {
  /** Its number in the call. */
  readonly row: number
  readonly promptTokens: number
  readonly flatten: Flattening | null
  readonly random: () => number
  readonly stream: TextStream
  readonly logProbabilities: number[]
  text: string
  finish: Completion['finish'] | null
}

/** What a generation works with. */
export interface Generator {
  readonly session: DecoderSession
  readonly runtime: Pick<Runtime, 'take'>
  readonly tokens: Tokens
  readonly prefixes: PrefixStore
  readonly host: Host
  readonly stop: ReadonlySet<number>
  readonly contextLength: number
  /** Share of a batch that is done before those rows are left out. Default `idleShare`. */
  readonly idle?: number
}

/** Leaving rows out copies the cache of the others, which costs about what one token does. */
const idleShare = 0.25

/** One generation; prompts that may not share a batch are answered one length after the other. */
export async function generate(
  generator: Generator,
  rows: readonly EncodedRow[],
  options: GenerateOptions,
  control: Control,
  onToken: (events: readonly TokenEvent[]) => void
): Promise<GenerateResult> {
  const groups = generator.session.parts.info.ragged ? [[...rows.keys()]] : byLength(rows)
  if (groups.length <= 1) return generateTogether(generator, rows, options, control, onToken)
  const results: GenerateResult[] = []
  for (const group of groups) {
    const hear = (events: readonly TokenEvent[]): void =>
      onToken(events.map((event) => ({ ...event, row: group[event.row] ?? event.row })))
    const mine = group.flatMap((row) => rows[row] ?? [])
    results.push(await generateTogether(generator, mine, options, partOf(control, group), hear))
  }
  const places = groups.flat()
  const completions = results.flatMap((result) => result.completions)
  return {
    completions: rows.flatMap((_, row) => completions[places.indexOf(row)] ?? []),
    timing: {
      prefillMs: results.reduce((sum, { timing }) => sum + timing.prefillMs, 0),
      decodeMs: results.flatMap(({ timing }) => timing.decodeMs),
      reusedTokens: results.reduce((sum, { timing }) => sum + timing.reusedTokens, 0)
    }
  }
}

/** Numbers of the rows, those of one length together. */
function byLength(rows: readonly EncodedRow[]): number[][] {
  const groups = new Map<number, number[]>()
  rows.forEach(({ ids }, row) => groups.set(ids.length, [...(groups.get(ids.length) ?? []), row]))
  return [...groups.values()]
}

/** What controls some rows of a generation; it follows the whole. */
function partOf(control: Control, rows: readonly number[]): Control {
  let seen: Control['steering'] | null = null
  let part: Control['steering'] = []
  return {
    get steering() {
      if (seen !== control.steering) {
        seen = control.steering
        part = rows.map((row) => control.steering[row] ?? null)
      }
      return part
    },
    get stopped() {
      return control.stopped
    }
  }
}

async function generateTogether(
  generator: Generator,
  rows: readonly EncodedRow[],
  options: GenerateOptions,
  control: Control,
  onToken: (events: readonly TokenEvent[]) => void
): Promise<GenerateResult> {
  const { session, prefixes } = generator
  const states = rows.map((row, i): RowState => newRow(generator, row, i))
  const decodeMs: number[] = []
  const began = performance.now()
  const first = control.steering
  const start = await prefixes.start(
    rows.map((row) => row.ids),
    first
  )
  let cache: Cache | null = start.cache
  let batch: readonly RowState[] = states
  let tokens: readonly (readonly number[])[] = rows.map((row) => row.ids.slice(start.length))
  let prefillMs = 0
  try {
    for (let step = 0; states.some((state) => state.finish === null); step++) {
      const from = performance.now()
      const flatten = batch.map((state) => state.flatten)
      const pool = lastTokens(flatten, tokens)
      const output: RunOutput = await session.run({
        tokens,
        cache,
        prompt: batch.map((state) => state.promptTokens),
        steering: batch.map(({ row }) => control.steering[row] ?? null),
        scores: 'log_probabilities',
        ...(pool && { pool })
      })
      DecoderSession.release(cache)
      cache = output.cache
      if (pool) flattenInto(output, flatten, session.parts.info.width)
      const events = takeTokens(generator, batch, output.scores, options)
      if (step === 0) prefillMs = performance.now() - began
      else decodeMs.push(performance.now() - from)
      if (events.length > 0) onToken(events)
      endRows(generator, batch, cache, options, control.stopped)
      await generator.host.breathe()
      endRows(generator, batch, cache, options, control.stopped)
      const working = workingRows(generator, batch, cache)
      if (working) {
        const smaller: Cache = await takeRows(generator.runtime, cache, working)
        DecoderSession.release(cache)
        cache = smaller
        batch = working.flatMap((b) => batch[b] ?? [])
      }
      tokens = batch.map((state) => [state.stream.ids.at(-1) ?? 0])
    }
    const answers = states.map((state) => state.stream.ids)
    if (control.steering === first && prefixes.keep(rows, answers, first, cache)) cache = null
    return { completions: states.map(completion), timing: { prefillMs, decodeMs, reusedTokens: start.reused } }
  } finally {
    DecoderSession.release(cache)
  }
}

/**
 * Places in the batch of the rows to go on with, or null to go on with all of them: rows that are done wait until they
 * are many, unless they have filled the context, after which attention refuses the batch. An even number, where it takes
 * one with a row that is done: runtimes compute a last row that is left over from their blocks by another kernel, which
 * rounds otherwise, and no row's text should depend on when others end.
 */
function workingRows(
  { contextLength, idle = idleShare }: Generator,
  batch: readonly RowState[],
  { lengths }: Cache
): readonly number[] | null {
  const places = [...batch.keys()]
  const working = places.filter((b) => batch[b]?.finish === null)
  const done = places.filter((b) => batch[b]?.finish !== null)
  const patient = done.filter((b) => (lengths[b] ?? 0) < contextLength)
  const isTime = done.length > 0 && (done.length >= idle * batch.length || patient.length < done.length)
  if (working.length === 0 || !isTime) return null
  const kept = working.length % 2 === 0 ? working : [...working, ...patient.slice(0, 1)]
  return kept.length < batch.length ? kept : null
}

function newRow({ tokens, contextLength }: Generator, row: EncodedRow, index: number): RowState {
  if (row.ids.length >= contextLength) {
    throw new LabError(
      'shape',
      `the prompt has ${row.ids.length} tokens, the model's context holds ${contextLength}: shorten the prompt`
    )
  }
  return {
    row: index,
    promptTokens: row.ids.length,
    flatten: row.flatten ?? null,
    random: randomStream(row.seed),
    stream: new TextStream(tokens),
    logProbabilities: [],
    text: '',
    finish: null
  }
}

/** Draws one token for each row of the batch that is not done. */
function takeTokens(
  { stop, tokens }: Generator,
  batch: readonly RowState[],
  scores: Float32Array,
  options: GenerateOptions
): TokenEvent[] {
  const vocabulary = scores.length / batch.length
  return batch.flatMap((state, b) => {
    if (state.finish !== null) return []
    const mine = scores.subarray(b * vocabulary, (b + 1) * vocabulary)
    const id = draw(mine, options.sampling, state.random)
    const logProbability = mine[id] ?? NaN
    if (!Number.isFinite(logProbability)) {
      throw new LabError(
        'device',
        'the logits hold NaN or infinity, as half precision does when activations exceed 65,504: open the model as q4 or fp32, or steer less'
      )
    }
    state.logProbabilities.push(logProbability)
    const text = state.stream.push(id)
    state.text += text
    if (stop.has(id)) state.finish = 'stop'
    const event: TokenEvent = { row: state.row, id, text, probability: Math.exp(logProbability) }
    const { alternatives: k = 0 } = options
    return [k > 0 ? { ...event, alternatives: alternativesOf(mine, k, tokens) } : event]
  })
}

function alternativesOf(logProbabilities: Float32Array, k: number, tokens: Tokens): Alternative[] {
  return mostLikely(logProbabilities, k).map((id) => ({
    id,
    text: tokens.name(id),
    probability: Math.exp(logProbabilities[id] ?? -Infinity)
  }))
}

function endRows(
  { contextLength }: Generator,
  batch: readonly RowState[],
  cache: Cache,
  options: GenerateOptions,
  stopped: boolean
): void {
  batch.forEach((state, b) => {
    if (state.finish !== null) return
    if (stopped) state.finish = 'cancelled'
    else if (state.stream.ids.length >= options.maxTokens) state.finish = 'length'
    else if ((cache.lengths[b] ?? 0) >= contextLength) state.finish = 'context'
  })
}

function completion(state: RowState): Completion {
  return {
    text: state.text + state.stream.flush(),
    ids: state.stream.ids,
    promptTokens: state.promptTokens,
    finish: state.finish ?? 'length',
    logProbabilities: state.logProbabilities
  }
}
