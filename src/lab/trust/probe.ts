/**
 * What a device makes of fixed prompts: alone, side by side as a ragged batch, one token after another from a cache, and far
 * beyond a short prompt. Runtimes have kernels of their own for each of these, and each has been wrong by itself.
 */
import type { HiddenStates } from '../../direction/hidden-states'
import { joinHiddenStates } from '../../direction/join'
import { argmax } from '../../math/vector'
import type { CaptureRow, Completion, ModelApi, ModelInfo, TokenEvent } from '../api'

/** Tokens that are decoded after a prompt. */
const decoded = 4
/** How many likely tokens are named at each step, to tell a near tie from a wrong token. */
const alternatives = 8
/** A prompt beyond 512 tokens, where other kernels begin; the tokens behind the first part are compared. */
const longPrompt = { tokens: 576, from: 512 }
/** Tokens beyond a sliding window. */
const beyondWindow = 48

/** One decoded row: its tokens, their log-probabilities, and what else was likely at each step. */
export interface Decoded {
  readonly completion: Completion
  readonly likely: readonly (TokenEvent['alternatives'] & {})[]
}

/** The short prompts. */
export interface Probe {
  /** At every token: each prompt alone, then both as one batch. */
  readonly states: HiddenStates
  /** Most probable next token after each prompt of the batch. */
  readonly top: readonly number[]
  /** After the prompts of the batch. */
  readonly rows: readonly Decoded[]
  /** Milliseconds a token of the last prefill, when everything was compiled. */
  readonly msPerToken: number
}

/** One long prompt. */
export interface LongProbe {
  readonly tokens: number
  /** The mean over the tokens behind its first part. */
  readonly states: HiddenStates
  readonly row: Decoded
}

/**
 * The fixed prompts, long enough for bugs that begin at the fourth or eighth token: a sentence, and tokens from all over
 * the vocabulary, whose keys differ also under a tokenizer that knows none of the sentence's words.
 */
export function selfTestRows(vocabulary: number): readonly CaptureRow[] {
  return [
    { prompt: { text: 'The capital of France is Paris, and the river that runs through it is called the' } },
    { prompt: { ids: spread(vocabulary, 24) } }
  ]
}

const spread = (vocabulary: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.floor(vocabulary * ((0.618034 * (i + 1)) % 1)))

/** Runs the short prompts one by one and as a batch, and decodes after the batch. */
export async function probe(model: ModelApi, vocabulary: number): Promise<Probe> {
  const rows = selfTestRows(vocabulary)
  const states: HiddenStates[] = []
  for (const batch of [...rows.map((row) => [row]), rows]) states.push(await model.capture(batch, 'every'))
  const began = performance.now()
  const logits = await model.logits(rows)
  const msPerToken = (performance.now() - began) / (rows.length * 24)
  const top = rows.map((_, row) => argmax(logits.subarray(row * vocabulary, (row + 1) * vocabulary)))
  return { states: joinHiddenStates(states), top, rows: await decode(model, rows), msPerToken }
}

/** What the trusted device runs by itself: nothing is compared with it. */
export function probeOnce(model: ModelApi, vocabulary: number): Promise<HiddenStates> {
  return model.capture(selfTestRows(vocabulary), 'every')
}

/** Tokens of the long prompt of a model: beyond 512 and beyond its window, as far as its context goes; 0 where it goes nowhere. */
export function longLength({ contextLength, window }: ModelInfo): number {
  const wanted = Math.max(longPrompt.tokens, (window ?? 0) + beyondWindow)
  const length = Math.min(wanted, contextLength - decoded - 1)
  return length > 2 * beyondWindow ? length : 0
}

/** Runs a long prompt, and decodes after it. */
export async function probeLong(model: ModelApi, vocabulary: number, tokens: number): Promise<LongProbe> {
  const ids = spread(vocabulary, tokens)
  const from = tokens > longPrompt.from ? Math.min(longPrompt.from, tokens - beyondWindow) : tokens - beyondWindow
  const row = { prompt: { ids: ids.slice(0, from) }, answer: ids.slice(from) }
  const states = await model.capture([row], 'answer-mean')
  const [first] = await decode(model, [{ prompt: { ids } }])
  if (!first) throw new Error('unreachable: a row was given')
  return { tokens, states, row: first }
}

async function decode(model: ModelApi, rows: readonly CaptureRow[]): Promise<Decoded[]> {
  const likely = rows.map((): Decoded['likely'][number][] => [])
  const { completions } = await model.generate(
    rows.map(({ prompt }) => ({ prompt })),
    { maxTokens: decoded, sampling: { temperature: 0 }, alternatives },
    (events) => {
      for (const { row, alternatives: named = [] } of events) likely[row]?.push(named)
    }
  )
  return completions.map((completion, row) => ({ completion, likely: likely[row] ?? [] }))
}
