import { describe, expect, it } from 'vitest'
import { draw, mostLikely, randomStream } from '../../../workers/run/sample'

const logits = Float32Array.from([0, Math.log(2), Math.log(4), Math.log(1)])

/** Shares of each token over many draws. */
function shares(sampling: Parameters<typeof draw>[1], n = 20000): number[] {
  const random = randomStream(1)
  const counts = [0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    const id = draw(logits, sampling, random)
    counts[id] = (counts[id] ?? 0) + 1 / n
  }
  return counts
}

describe('mostLikely', () => {
  it('gives what sorting all of them gives, whatever is asked for', () => {
    const random = randomStream(7)
    const scores = Float32Array.from({ length: 200 }, () => Math.round(20 * random()))
    const sorted = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b)
    for (const k of [1, 2, 5, 200, 300]) expect(mostLikely(scores, k)).toEqual(sorted.slice(0, k))
  })
})

describe('draw', () => {
  it('is greedy at temperature 0', () => {
    expect(draw(logits, { temperature: 0 }, () => 0.99)).toBe(2)
  })

  it('draws the same from logits and from log-probabilities', () => {
    const scores = logits.map((x) => x - Math.log(8))
    for (let u = 0.05; u < 1; u += 0.1) {
      expect(draw(scores, { temperature: 1 }, () => u)).toBe(draw(logits, { temperature: 1 }, () => u))
    }
  })

  it('draws in proportion to the probabilities', () => {
    const [a, b, c, d] = shares({ temperature: 1 })
    expect(a).toBeCloseTo(1 / 8, 1)
    expect(b).toBeCloseTo(2 / 8, 1)
    expect(c).toBeCloseTo(4 / 8, 1)
    expect(d).toBeCloseTo(1 / 8, 1)
  })

  it('sharpens at a lower temperature', () => {
    expect(shares({ temperature: 0.5 })[2]).toBeCloseTo(16 / 22, 1)
  })

  it('keeps the topK tokens, and of those as few as reach topP', () => {
    expect(shares({ temperature: 1, topK: 2 }).map((x) => x > 0)).toEqual([false, true, true, false])
    expect(shares({ temperature: 1, topP: 0.4 }).map((x) => x > 0)).toEqual([false, false, true, false])
    expect(shares({ temperature: 1, topP: 0.7 }).map((x) => x > 0)).toEqual([false, true, true, false])
    expect(shares({ temperature: 1, topK: 3, topP: 0.5 }).map((x) => x > 0)).toEqual([false, false, true, false])
  })
})

/** The sums as they are defined, in the order of the ids. */
function drawExactly(scores: Float32Array, temperature: number, u: number): number {
  const max = scores.reduce((a, b) => Math.max(a, b))
  const weights = [...scores].map((x) => Math.exp((x - max) / temperature))
  const target = weights.reduce((a, b) => a + b, 0) * u
  let sum = 0
  const found = weights.findIndex((weight) => weight > 0 && (sum += weight) > target)
  return found === -1 ? weights.findLastIndex((weight) => weight > 0) : found
}

describe('the quick way to draw', () => {
  const random = randomStream(7)
  const scoresOf = (length: number, spread: number): Float32Array =>
    Float32Array.from({ length }, () => -spread * random() ** 2)

  it.each([
    [40, 3, 1],
    [1280, 12, 1],
    [1280, 60, 0.7],
    [5000, 200, 2],
    [300, 900, 0.3]
  ])('draws what exact sums draw: %i tokens within %i nats at temperature %d', (length, spread, temperature) => {
    for (let i = 0; i < 1000; i++) {
      const scores = scoresOf(length, spread)
      const u = random()
      expect(draw(scores, { temperature }, () => u)).toBe(drawExactly(scores, temperature, u))
    }
  })

  it('does so on the very borders between two tokens, and at both ends', () => {
    for (let i = 0; i < 200; i++) {
      const scores = scoresOf(50, 30)
      const weights = [...scores].map((x) => Math.exp(x - scores.reduce((a, b) => Math.max(a, b))))
      const total = weights.reduce((a, b) => a + b, 0)
      const cut = Math.floor(50 * random())
      const border = weights.slice(0, cut).reduce((a, b) => a + b, 0) / total
      for (const u of [border, border - 1e-15, border + 1e-15, border * (1 - 1e-10), 0, 1 - 2 ** -32]) {
        expect(draw(scores, { temperature: 1 }, () => u)).toBe(drawExactly(scores, 1, u))
      }
    }
  })

  it('draws the most likely token also where all others vanish, and none that is impossible', () => {
    const scores = Float32Array.of(-Infinity, -3000, 0, -3000, -Infinity)
    for (const u of [0, 0.5, 1 - 2 ** -32]) expect(draw(scores, { temperature: 1 }, () => u)).toBe(2)
  })
})

describe('randomStream', () => {
  it('repeats for a seed and differs between neighbours from the first number on', () => {
    const first = (seed: number): number => randomStream(seed)()
    expect(first(3)).toBe(first(3))
    const numbers = Array.from({ length: 1000 }, (_, seed) => first(seed))
    const mean = numbers.reduce((a, b) => a + b) / numbers.length
    expect(mean).toBeGreaterThan(0.45)
    expect(mean).toBeLessThan(0.55)
    const jumps = numbers.slice(1).map((x, i) => Math.abs(x - (numbers[i] ?? 0)))
    expect(jumps.reduce((a, b) => a + b) / jumps.length).toBeGreaterThan(0.25)
  })
})
