/**
 * What a vector's length alone would do to the next token. The final norm divides by rms(h), so whatever makes h longer
 * flattens the distribution: logits rms(h) / rms(h + c v), with nothing added to the stream.
 */
import type { Flattening } from '../../src/lab/api'
import { length } from '../../src/math/vector'
import type { RunInput, RunOutput } from '../session'

/** One-hot weights for each row's last new token, for `RunInput.pool`; none of the rows that ask for nothing. */
export function lastTokens(
  rows: readonly (Flattening | null)[],
  tokens: readonly (readonly number[])[]
): RunInput['pool'] {
  if (rows.every((row) => row === null)) return undefined
  const S = Math.max(...tokens.map((row) => row.length))
  const data = new Float32Array(rows.length * S)
  rows.forEach((row, b) => {
    if (row) data[b * S + (tokens[b]?.length ?? 0) - 1] = 1
  })
  return { data, positions: 1 }
}

/**
 * Log-probabilities `[row][vocabulary]` as the rows want them. They differ from logits by a constant a row, which makes
 * no difference here. A factor of 1 leaves a row as it is, to the bit.
 */
export function flattenInto(
  { scores, hidden }: Pick<RunOutput, 'scores' | 'hidden'>,
  rows: readonly (Flattening | null)[],
  width: number
): void {
  const vocabulary = scores.length / rows.length
  rows.forEach((row, b) => {
    if (!row) return
    const start = (row.layer * rows.length + b) * width
    const factor = flatteningFactor(hidden.subarray(start, start + width), row)
    if (factor !== 1) scaleInto(scores.subarray(b * vocabulary, (b + 1) * vocabulary), factor)
  })
}

/** rms(h) / rms(h + coefficient * vector), which is |h| / |h + coefficient * vector| */
export function flatteningFactor(h: Float32Array, { vector, coefficient }: Flattening): number {
  const moved = Float64Array.from(h, (x, i) => x + coefficient * (vector[i] ?? 0))
  return length(h) / length(moved)
}

/** Log-softmax of factor * scores, in place. */
function scaleInto(scores: Float32Array, factor: number): void {
  const max = scores.reduce((a, b) => Math.max(a, b), -Infinity) * factor
  const total = max + Math.log(scores.reduce((sum, x) => sum + Math.exp(factor * x - max), 0))
  scores.forEach((x, i) => (scores[i] = factor * x - total))
}
