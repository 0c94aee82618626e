/** Random numbers from explicit seeds, through d3-random. */
import { randomLcg, randomNormal, shuffler } from 'd3'

/** A stream of numbers in [0, 1). Streams of neighbouring seeds, or of one seed under two numbers, have nothing in common. */
export function seeded(seed: number, stream = 0): () => number {
  return randomLcg(mix(mix(seed) + stream) / 2 ** 32)
}

/** Draws from N(0, 1). */
export function gaussian(random: () => number): () => number {
  return randomNormal.source(random)(0, 1)
}

/** The numbers 0 to n - 1 in random order. */
export function permutation(n: number, random: () => number): number[] {
  return shuffled(
    Array.from({ length: n }, (_, i) => i),
    random
  )
}

/** A shuffled copy. */
export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return shuffler(random)([...values])
}

/** Every bit of the seed reaches every bit of the result: an LCG alone starts neighbouring seeds alike. Finalizer of MurmurHash3. */
function mix(seed: number): number {
  let z = (seed + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return (z ^ (z >>> 16)) >>> 0
}
