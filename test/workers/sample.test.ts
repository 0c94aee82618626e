import { describe, expect, it } from 'vitest'
import { draw, mostLikely, randomStream } from '../../workers/sample'

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
