/**
 * The logit lens without a graph of its own: at a fixed prompt the stream r after the last block is read, then v - r is
 * added there, so that the graph's own final norm and unembedding (quantized, tied, softcapped, as they are) see v.
 * logits = head(norm(v |r| / |v|)): a vector counts by where it points, since the norm takes its length out.
 */
import { LabError } from '../../src/errors'
import type { LensRow, LensToken, Steering } from '../../src/lab/api'
import { length } from '../../src/math/vector'
import { checkAlive } from './liveness'
import { DecoderSession, type RunOutput } from '../session'
import { mean } from '../../src/math/statistics'

/** Vectors a run: a vocabulary of 150,000 tokens takes 0.6 MB a row. */
const batch = 16
/** Two tokens: at the first one many models keep a few huge activations, which would cost digits. */
const tokens = 2
/** Largest share of |v| by which the stream may miss v. Half precision rounds by 2^-11. */
const tolerance = 0.02

/**
 * @param vectors `[row][width]`
 * @param name text of a token
 * @throws LabError `shape` for vectors that are not whole or not finite or 0, `graph` for a model opened without
 * writing, `device` where the stream was not moved to v
 */
export async function lens(
  session: DecoderSession,
  vectors: Float32Array,
  k: number,
  name: (id: number) => string
): Promise<readonly LensRow[]> {
  const { info, plan } = session.parts
  const level = plan.write ?? 'none'
  if (level === 'none') {
    throw new LabError('graph', 'the lens needs a model that can be written to: open it again with write affine or add')
  }
  const rows = split(vectors, info.width)
  if (!Number.isInteger(k) || k < 1)
    throw new LabError('shape', `the number of tokens a side should be 1 or more, got ${k}`)
  await checkAlive(session, [info.layers - 1])
  const start = stream(await run(session, [null]), info.layers, info.width)
  // With level `add` all rows of a batch are steered alike.
  const size = level === 'affine' ? batch : 1
  const result: LensRow[] = []
  for (let from = 0; from < rows.length; from += size) {
    const targets = rows.slice(from, from + size).map((row) => scaled(row, length(start)))
    const output = await run(
      session,
      targets.map((target) => moveTo(target, start, info.layers - 1))
    )
    targets.forEach((target, b) => {
      assertThere(target, stream(output, info.layers, info.width, b))
      const vocabulary = output.scores.length / targets.length
      result.push(readRow(output.scores.subarray(b * vocabulary, (b + 1) * vocabulary), k, name))
    })
  }
  return result
}

function split(vectors: Float32Array, width: number): readonly Float32Array[] {
  if (vectors.length === 0 || vectors.length % width !== 0) {
    throw new LabError('shape', `vectors of width ${width} were expected, got ${vectors.length} numbers in all`)
  }
  const rows = Array.from({ length: vectors.length / width }, (_, i) => vectors.subarray(i * width, (i + 1) * width))
  const bad = rows.findIndex((row) => !(length(row) > 0 && length(row) < Infinity))
  if (bad === -1) return rows
  throw new LabError('shape', `vector ${bad} is zero or holds NaN or infinity: it points nowhere`)
}

async function run(session: DecoderSession, steering: readonly (Steering | null)[]): Promise<RunOutput> {
  const pool = new Float32Array(steering.length * tokens)
  for (let row = 0; row < steering.length; row++) pool[row * tokens + tokens - 1] = 1
  const ids = Array.from({ length: tokens }, () => session.parts.padding)
  const output = await session.run({
    tokens: steering.map(() => ids),
    cache: null,
    prompt: steering.map(() => tokens),
    steering,
    pool: { data: pool, positions: 1 },
    scores: 'logits'
  })
  DecoderSession.release(output.cache)
  return output
}

/** The stream after the last block, of one row. */
function stream({ hidden }: RunOutput, layers: number, width: number, row = 0): Float32Array {
  const rows = hidden.length / layers / width
  const start = ((layers - 1) * rows + row) * width
  return hidden.subarray(start, start + width)
}

function scaled(vector: Float32Array, size: number): Float32Array {
  const factor = size / length(vector)
  return vector.map((x) => x * factor)
}

function moveTo(target: Float32Array, start: Float32Array, layer: number): Steering {
  const vector = target.map((x, i) => x - (start[i] ?? 0))
  return { interventions: [{ mode: 'add', layer, vector, coefficient: 1 }] }
}

function assertThere(target: Float32Array, measured: Float32Array): void {
  const off = length(target.map((x, i) => x - (measured[i] ?? 0))) / length(target)
  if (off <= tolerance) return
  throw new LabError(
    'device',
    `the lens set the last hidden state, which came out ${(100 * off).toFixed(0)} % off: open the model with another dtype (q4 or fp32) or device`
  )
}

function readRow(logits: Float32Array, k: number, name: (id: number) => string): LensRow {
  if (!logits.every(Number.isFinite)) {
    throw new LabError('device', 'the logits hold NaN or infinity: open the model as q4 or fp32')
  }
  const sizes = logits.toSorted()
  const token = (id: number): LensToken => ({ id, text: name(id), logit: logits[id] ?? 0 })
  const middle = mean(logits)
  const spread = logits.reduce((sum, x) => sum + (x - middle) ** 2, 0) / logits.length
  return {
    nearest: sorted(logits, sizes.at(-k) ?? -Infinity, 1)
      .slice(0, k)
      .map(token),
    farthest: sorted(logits, sizes[k - 1] ?? Infinity, -1)
      .slice(0, k)
      .map(token),
    mean: middle,
    deviation: Math.sqrt(spread)
  }
}

/** Ids of logits from `bound` on, upwards (sign 1) or downwards (-1), the most extreme first. Sorting all ids takes six times as long. */
function sorted(logits: Float32Array, bound: number, sign: 1 | -1): readonly number[] {
  const ids: number[] = []
  logits.forEach((x, id) => {
    if (sign * x >= sign * bound) ids.push(id)
  })
  return ids.sort((a, b) => sign * ((logits[b] ?? 0) - (logits[a] ?? 0)) || a - b)
}
