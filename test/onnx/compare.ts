/** What a run gave against what PyTorch gave. */
import { expect } from 'vitest'
import type { Fixture, Values } from '../fixtures'
import type { Feeds, TestGraph } from './run-graph'

export function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  return a.reduce((max, x, i) => (Math.abs(x - (b[i] ?? NaN)) <= max ? max : Math.abs(x - (b[i] ?? NaN))), 0)
}

/** Log-softmax of each row of `vocabulary` logits. */
export function logSoftmax(logits: Float32Array, vocabulary: number): Float32Array {
  const out = new Float32Array(logits.length)
  for (let start = 0; start < logits.length; start += vocabulary) {
    const row = logits.subarray(start, start + vocabulary)
    const max = row.reduce((a, b) => Math.max(a, b), -Infinity)
    const total = max + Math.log(row.reduce((sum, x) => sum + Math.exp(x - max), 0))
    out.set(
      row.map((x) => x - total),
      start
    )
  }
  return out
}

/** Largest difference to the fixture's tensor `[..., row, S, n]` at real tokens, padding left out. */
export function largestError(fixture: Fixture, got: Float32Array, name: string): number {
  const want = fixture.tensors.get(name)
  if (!want) throw new Error(`the fixture lacks ${name}: run companion/fixtures again`)
  expect(got.length).toBe(want.data.length)
  const [S = 0, n = 0] = want.dims.slice(-2)
  const { prompts } = fixture.reference
  let max = 0
  for (let i = 0; i < got.length; i++) {
    const token = Math.floor(i / n) % S
    const row = Math.floor(i / (n * S)) % prompts.length
    if (token >= (prompts[row]?.length ?? 0)) continue
    const difference = Math.abs((got[i] ?? NaN) - (want.data[i] ?? NaN))
    // Written so that NaN counts as a difference.
    if (!(difference <= max)) max = difference
  }
  return max
}

/** One of the fixture's interventions as graph inputs. */
export function steeringFeeds(graph: TestGraph, fixture: Fixture, name: string): Feeds {
  const { width, interventions, prompts } = fixture.reference
  const feeds: Feeds = {}
  for (const layer of interventions[name]?.layers ?? []) {
    const part = (p: string): Values | undefined => fixture.tensors.get(`steer.${name}.${layer}.${p}`)
    const rank = part('U')?.dims[1] ?? 1
    const zero = new Float32Array(width)
    feeds[`steer.${layer}.b`] = graph.float(part('b')?.data ?? zero, [1, 1, width])
    feeds[`steer.${layer}.U`] = graph.float(part('U')?.data ?? zero, [1, width, rank])
    feeds[`steer.${layer}.W`] = graph.float(part('W')?.data ?? zero, [1, rank, width])
  }
  expect(Object.keys(feeds).length).toBeGreaterThan(0)
  const mask = fixture.tensors.get(`steer.${name}.mask`)
  if (mask) feeds['steer.mask'] = graph.float(mask.data, [prompts.length, mask.data.length / prompts.length, 1])
  return feeds
}
