/** From the scores of all tokens to the next one. */
import type { Sampling } from '../../src/lab/api'
import { argmax } from '../../src/math/vector'

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

/**
 * Draws one token's id. Greedy at temperature 0; the smaller id wins a tie. `random` is asked once, also when greedy.
 * @param scores logits, or log-probabilities: a constant makes no difference
 */
export function draw(scores: Float32Array, sampling: Sampling, random: () => number): number {
  const u = random()
  const best = argmax(scores)
  return sampling.temperature > 0 ? drawTempered(scores, sampling, u, scores[best] ?? 0) : best
}

/** Ids of the `k` highest scores, the highest first; the smaller id wins a tie. One pass, for `k` is small. */
export function mostLikely(scores: Float32Array, k: number): number[] {
  const best: number[] = []
  const at = (id: number | undefined): number => (id === undefined ? -Infinity : (scores[id] ?? -Infinity))
  for (let id = 0; id < scores.length; id++) {
    if (best.length >= k && at(id) <= at(best[k - 1])) continue
    let place = Math.min(best.length, k - 1)
    for (; place > 0 && at(id) > at(best[place - 1]); place--) best[place] = best[place - 1] ?? 0
    best[place] = id
  }
  return best
}

/** One array for all draws: a new one for each would be more garbage than anything else of a generation. */
let scratch = new Float64Array()

function drawTempered(scores: Float32Array, sampling: Sampling, u: number, max: number): number {
  if (scratch.length < scores.length) scratch = new Float64Array(scores.length)
  const { temperature, topK = 0, topP = 1 } = sampling
  const whole = topK <= 0 && topP >= 1
  const quick = whole ? drawQuickly(scores, temperature, u, max) : null
  if (quick !== null) return quick
  const weights = scratch.subarray(0, scores.length)
  let total = 0
  for (let i = 0; i < scores.length; i++) {
    const weight = Math.exp(((scores[i] ?? 0) - max) / temperature)
    weights[i] = weight
    total += weight
  }
  if (whole) return pick(weights, total * u, weights.keys())
  const order = kept(weights, topK > 0 ? topK : weights.length, topP)
  return pick(weights, order.reduce((sum, i) => sum + (weights[i] ?? 0), 0) * u, order)
}

/** Share of the sum by which quick sums may be off, with much to spare. */
const margin = 1e-9

/** The id that exact weights would give, by quick ones; null where it is too close between two. */
function drawQuickly(scores: Float32Array, temperature: number, u: number, max: number): number | null {
  const perScore = 1 / temperature
  // All that lies below sums to less than the margin, and is most of a vocabulary.
  const least = max + temperature * Math.log((0.1 * margin) / scores.length)
  let total = 0
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] ?? 0
    // As it stands, so that NaN is added and seen.
    if (!(score < least)) total += quickExp((score - max) * perScore)
    scratch[i] = total
  }
  const target = total * u
  const id = firstAbove(scratch, scores.length, target)
  const below = target - (id > 0 ? (scratch[id - 1] ?? NaN) : 0)
  const above = (scratch[id] ?? NaN) - target
  return below > margin * total && above > margin * total ? id : null
}

/** Index of the first of `length` ascending sums that is above `target`. */
function firstAbove(sums: Float64Array, length: number, target: number): number {
  let low = 0
  let high = length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sums[middle] ?? 0) > target) high = middle
    else low = middle + 1
  }
  return low
}

const steps = 256
const step = Math.LN2 / steps
const perNat = 1 / step
const fractions = Float64Array.from({ length: steps }, (_, i) => 2 ** (i / steps))
const halves = Float64Array.from({ length: 64 }, (_, i) => 2 ** -i)

/** e^x for x <= 0 within 1e-11 of itself, in a fraction of the time: 2^(n / 256) of two tables, times a series for the rest. Below e^-40, 0. */
function quickExp(x: number): number {
  if (!(x > -40)) return x <= -40 ? 0 : NaN
  // Towards zero, which a processor does in one go: the rest is negative, too.
  const n = (x * perNat) | 0
  const rest = x - n * step
  return (fractions[n & (steps - 1)] ?? 0) * (halves[-(n >> 8)] ?? 0) * (1 + rest * (1 + rest * (0.5 + rest / 6)))
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
