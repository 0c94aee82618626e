/** Hidden states of a batch: one run, all layers, only the pooled floats cross. */
import { LabError } from '../../src/errors'
import type { CaptureRow, Position } from '../../src/lab/api'
import type { HiddenStates, ModelRef } from '../../src/direction/hidden-states'
import { DecoderSession, type RunOutput } from '../session'
import type { Tokens } from '../tokens'

/** A row to capture, as token ids. */
export interface EncodedCapture {
  readonly ids: readonly number[]
  /** Tokens of `ids` that belong to the prompt. */
  readonly prompt: number
}

/** Token ids of prompt and answer. @throws LabError `format` */
export function encodeCapture(tokens: Tokens, row: CaptureRow, position: Position, vocabulary: number): EncodedCapture {
  const prompt = tokens.encode(row.prompt, vocabulary)
  if (position !== 'answer-mean' && row.answer === undefined) return { ids: prompt, prompt: prompt.length }
  const answer = row.answer?.length ? tokens.encodeAnswer(row.answer, vocabulary) : []
  if (position === 'answer-mean' && answer.length === 0) {
    throw new LabError('format', 'the mean over an answer was asked for, but a row has no answer: give each row one')
  }
  return { ids: [...prompt, ...answer], prompt: prompt.length }
}

/** Hidden states of a batch of rows, `[layers][rows][width]`: a row each, or one for every token. @throws LabError `device` where they are not finite */
export async function capture(
  session: DecoderSession,
  rows: readonly CaptureRow[],
  encoded: readonly EncodedCapture[],
  position: Position,
  model: ModelRef
): Promise<HiddenStates> {
  const S = Math.max(...encoded.map((row) => row.ids.length))
  const pool = poolWeights(encoded, position, S)
  const output = await session.run({
    tokens: encoded.map((row) => row.ids),
    cache: null,
    prompt: encoded.map((row) => row.prompt),
    steering: rows.map((row) => row.steering ?? null),
    pool
  })
  DecoderSession.release(output.cache)
  const { layers, width } = session.parts.info
  const kept = encoded.flatMap((row, b) => {
    const count = position === 'every' ? row.ids.length : 1
    return Array.from({ length: count }, (_, p) => ({ b, p }))
  })
  const data = gather(output, kept, { layers, width, rows: rows.length, positions: pool.positions })
  if (!data.every(Number.isFinite)) {
    throw new LabError(
      'device',
      'the hidden states hold NaN or infinity, as half precision does when activations exceed 65,504: open the model as q4 or fp32'
    )
  }
  return { model, position, layers, rows: kept.length, width, data, prompt: kept.map(({ b }) => b) }
}

/** `[B][P][S]`: one-hot rows for tokens, 1/n rows for means. */
function poolWeights(
  rows: readonly EncodedCapture[],
  position: Position,
  S: number
): { data: Float32Array; positions: number } {
  const P = position === 'every' ? S : 1
  const data = new Float32Array(rows.length * P * S)
  rows.forEach(({ ids, prompt }, b) => {
    const row = data.subarray(b * P * S, (b + 1) * P * S)
    if (position === 'last') row[prompt - 1] = 1
    if (position === 'answer-mean') row.fill(1 / (ids.length - prompt), prompt, ids.length)
    if (position === 'every') ids.forEach((_, i) => (row[i * S + i] = 1))
  })
  return { data, positions: P }
}

/** From `[layer][B][P][width]` to `[layer][kept][width]`. */
function gather(
  { hidden }: RunOutput,
  kept: readonly { readonly b: number; readonly p: number }[],
  size: { readonly layers: number; readonly width: number; readonly rows: number; readonly positions: number }
): Float32Array {
  const { layers, width, rows, positions } = size
  if (kept.length === rows * positions) return hidden
  const data = new Float32Array(layers * kept.length * width)
  for (let layer = 0; layer < layers; layer++) {
    kept.forEach(({ b, p }, i) => {
      const start = ((layer * rows + b) * positions + p) * width
      data.set(hidden.subarray(start, start + width), (layer * kept.length + i) * width)
    })
  }
  return data
}
