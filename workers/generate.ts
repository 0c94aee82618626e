/** The decode loop: right-padded batches, a stream of random numbers and a stop for each row, steering that may change between tokens. */
import { LabError } from '../src/errors'
import type { Alternative, Completion, GenerateOptions, GenerateResult, Steering, TokenEvent } from '../src/lab/api'
import type { Host } from './host'
import type { PrefixStore } from './prefix'
import { draw, mostLikely, randomStream } from './sample'
import { DecoderSession, type Cache } from './session'
import { TextStream, type Tokens } from './tokens'

export interface EncodedRow {
  readonly ids: readonly number[]
  readonly seed: number
}

/** What may change while a generation runs. */
export interface Control {
  steering: readonly (Steering | null)[]
  stopped: boolean
}

interface RowState {
  readonly random: () => number
  readonly stream: TextStream
  readonly logProbabilities: number[]
  text: string
  finish: Completion['finish'] | null
}

export interface Generator {
  readonly session: DecoderSession
  readonly tokens: Tokens
  readonly prefixes: PrefixStore
  readonly host: Host
  readonly stop: ReadonlySet<number>
  readonly contextLength: number
}

export async function generate(
  generator: Generator,
  rows: readonly EncodedRow[],
  options: GenerateOptions,
  control: Control,
  onToken: (events: readonly TokenEvent[]) => void
): Promise<GenerateResult> {
  const { session, prefixes } = generator
  const prompt = rows.map((row) => row.ids.length)
  const states = rows.map((row): RowState => newRow(generator, row))
  const decodeMs: number[] = []
  const began = performance.now()
  const start = await prefixes.start(
    rows.map((row) => row.ids),
    control.steering
  )
  let cache: Cache | null = start.cache
  let tokens: readonly (readonly number[])[] = rows.map((row) => row.ids.slice(start.length))
  let prefillMs = 0
  const first = control.steering
  try {
    for (let step = 0; states.some((state) => state.finish === null); step++) {
      const from = performance.now()
      const output = await session.run({
        tokens,
        cache,
        prompt,
        steering: control.steering,
        scores: 'log_probabilities'
      })
      DecoderSession.release(cache)
      cache = output.cache
      const events = takeTokens(generator, states, output.scores, options)
      if (step === 0) prefillMs = performance.now() - began
      else decodeMs.push(performance.now() - from)
      if (events.length > 0) onToken(events)
      endRows(generator, states, cache, options, control.stopped)
      tokens = states.map((state) => [state.stream.ids.at(-1) ?? 0])
      await generator.host.breathe()
      endRows(generator, states, cache, options, control.stopped)
    }
    const completions = states.map((state, b) => completion(state, prompt[b] ?? 0))
    if (
      control.steering === first &&
      prefixes.keep(
        rows,
        states.map((s) => s.stream.ids),
        control.steering,
        cache
      )
    )
      cache = null
    return { completions, timing: { prefillMs, decodeMs, reusedTokens: start.reused } }
  } finally {
    DecoderSession.release(cache)
  }
}

function newRow({ tokens, contextLength }: Generator, row: EncodedRow): RowState {
  if (row.ids.length >= contextLength) {
    throw new LabError(
      'shape',
      `the prompt has ${row.ids.length} tokens, the model's context holds ${contextLength}: shorten the prompt`
    )
  }
  return {
    random: randomStream(row.seed),
    stream: new TextStream(tokens),
    logProbabilities: [],
    text: '',
    finish: null
  }
}

/** Draws one token for each row that is not done. */
function takeTokens(
  { stop, tokens }: Generator,
  states: readonly RowState[],
  scores: Float32Array,
  options: GenerateOptions
): TokenEvent[] {
  const vocabulary = scores.length / states.length
  return states.flatMap((state, row) => {
    if (state.finish !== null) return []
    const mine = scores.subarray(row * vocabulary, (row + 1) * vocabulary)
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
    const event: TokenEvent = { row, id, text, probability: Math.exp(logProbability) }
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
  states: readonly RowState[],
  cache: Cache,
  options: GenerateOptions,
  stopped: boolean
): void {
  states.forEach((state, b) => {
    if (state.finish !== null) return
    if (stopped) state.finish = 'cancelled'
    else if (state.stream.ids.length >= options.maxTokens) state.finish = 'length'
    else if ((cache.lengths[b] ?? 0) >= contextLength) state.finish = 'context'
  })
}

function completion(state: RowState, promptTokens: number): Completion {
  return {
    text: state.text + state.stream.flush(),
    ids: state.stream.ids,
    promptTokens,
    finish: state.finish ?? 'length',
    logProbabilities: state.logProbabilities
  }
}
