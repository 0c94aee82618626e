/** Likelihood of given answers: prompt and answer in one run, and of the answer's tokens only their own log-probabilities. */
import { LabError } from '../../src/errors'
import type { Score, ScoreRow, Steering } from '../../src/lab/api'
import type { PrefixStore, Start } from './prefix'
import { DecoderSession } from '../session'
import type { Tokens } from '../tokens'

/** A prompt and its answer, as token ids. */
export interface EncodedAnswer {
  readonly prompt: readonly number[]
  readonly answer: readonly number[]
  readonly steering: Steering | null
}

/** What a scoring works with. */
export interface Scorer {
  readonly session: DecoderSession
  readonly prefixes: PrefixStore
}

/** Rows a run: more are not computed faster. */
const mostRows = 64
/** Floats of all scores of a run, 256 MB: the runtime holds them as logits, too. */
const mostFloats = 2 ** 26

/** Token ids of prompt and answer. @throws LabError `format` */
export function encodeScore(tokens: Tokens, row: ScoreRow, vocabulary: number): EncodedAnswer {
  const answer = row.answer === '' ? [] : tokens.encodeAnswer(row.answer, vocabulary)
  return { prompt: tokens.encode(row.prompt, vocabulary), answer, steering: row.steering ?? null }
}

/**
 * In the order of the rows. Rows that are alike are computed once; an empty answer has no mean, NaN.
 * @param floats how many scores a run may give
 * @throws LabError `device` where the model gives NaN
 */
export async function score(
  scorer: Scorer,
  rows: readonly EncodedAnswer[],
  floats = mostFloats
): Promise<readonly Score[]> {
  const positions = Math.max(1, Math.floor(floats / scorer.session.parts.info.vocabulary))
  const { indices, distinct } = withoutRepeats(rows)
  const sums = new Map<EncodedAnswer, number>()
  for (const batch of batches(distinct, positions)) {
    const found = await runBatch(scorer, batch, positions)
    batch.forEach((row, b) => sums.set(row, found[b] ?? NaN))
  }
  return indices.map((index) => {
    const row = distinct[index]
    const tokens = row?.answer.length ?? 0
    return { logProbability: row && tokens > 0 ? (sums.get(row) ?? NaN) / tokens : NaN, tokens }
  })
}

/** The rows that differ, and for each row which of them it is. */
function withoutRepeats(rows: readonly EncodedAnswer[]): { indices: readonly number[]; distinct: EncodedAnswer[] } {
  const places = new Map<Steering | null, Map<string, number>>()
  const distinct: EncodedAnswer[] = []
  const indices = rows.map((row) => {
    const mine = places.get(row.steering) ?? new Map<string, number>()
    places.set(row.steering, mine)
    const key = `${row.prompt.join()} ${row.answer.join()}`
    const index = mine.get(key) ?? distinct.push(row) - 1
    mine.set(key, index)
    return index
  })
  return { indices, distinct }
}

/** Rows with an answer, the short ones first so that little is padded, as many a run as have `positions` together. */
function batches(rows: readonly EncodedAnswer[], positions: number): EncodedAnswer[][] {
  const length = ({ prompt, answer }: EncodedAnswer): number => prompt.length + answer.length
  const sorted = rows.filter(({ answer }) => answer.length > 0).sort((a, b) => length(a) - length(b))
  const all: EncodedAnswer[][] = []
  let longest = 0
  for (const row of sorted) {
    longest = Math.max(longest, row.answer.length)
    const batch = all.at(-1)
    const fits = batch && batch.length < mostRows && (batch.length + 1) * longest <= positions
    if (fits) batch.push(row)
    else {
      all.push([row])
      longest = row.answer.length
    }
  }
  return all
}

/** Sum of the log-probabilities of each row's answer. A single answer of more than `most` tokens takes several runs. */
async function runBatch(
  { session, prefixes }: Scorer,
  rows: readonly EncodedAnswer[],
  most: number
): Promise<number[]> {
  const longest = Math.max(...rows.map(({ answer }) => answer.length))
  const prompt = rows.map((row) => row.prompt.length)
  const steering = rows.map((row) => row.steering)
  const sums = rows.map(() => 0)
  const final = longest <= most
  const start = await startOf(session, prefixes, rows)
  let cache = start.cache
  let from = start.length
  try {
    for (let done = 0; done < longest; done += most) {
      const parts = rows.map((row) => row.answer.slice(done, done + most))
      // The last token of an answer is only asked for, never fed.
      const tokens = rows.map((row, b) =>
        [...row.prompt, ...row.answer].slice(from, row.prompt.length + done + (parts[b]?.length ?? 0) - 1)
      )
      const positions = parts.map((part, b) => part.map((_, q) => (tokens[b]?.length ?? 0) - part.length + q))
      const output = await session.run({
        tokens,
        cache,
        prompt,
        steering,
        scores: 'log_probabilities',
        positions,
        final
      })
      DecoderSession.release(cache)
      cache = output.cache
      from = cache.lengths[0] ?? 0
      addSumsInto(sums, output.scores, parts)
    }
    return sums
  } finally {
    DecoderSession.release(cache)
  }
}

/**
 * The cache of a prompt that all rows share. Packed attention takes several tokens after a cache for one row only, and
 * the whole prompt for many rows at once is quicker than row after row.
 */
function startOf(session: DecoderSession, prefixes: PrefixStore, rows: readonly EncodedAnswer[]): Promise<Start> {
  if (session.parts.info.cache.layout === 'packed' || rows.length === 1) {
    return Promise.resolve({ cache: null, length: 0, reused: 0 })
  }
  return prefixes.start(
    rows.map((row) => row.prompt),
    rows.map((row) => row.steering)
  )
}

/** @param scores `[row][Q][vocabulary]` @param parts ids of each row, at most Q */
function addSumsInto(sums: number[], scores: Float32Array, parts: readonly (readonly number[])[]): void {
  const Q = Math.max(...parts.map((part) => part.length))
  const vocabulary = scores.length / parts.length / Q
  parts.forEach((part, b) => {
    part.forEach((id, q) => {
      const value = scores[(b * Q + q) * vocabulary + id] ?? NaN
      if (!Number.isFinite(value)) {
        throw new LabError(
          'device',
          'the log-probabilities hold NaN or infinity, as half precision does when activations exceed 65,504: open the model as q4 or fp32'
        )
      }
      sums[b] = (sums[b] ?? 0) + value
    })
  })
}
