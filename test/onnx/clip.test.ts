/** A Clip on the residual stream after each block, as half-precision Gemma 3 has it: read behind it, written in front of it. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { describe } from '../../src/onnx/describe'
import { Graph } from '../../src/onnx/graph'
import { encodeModel, floatScalar, makeNode } from '../../src/onnx/proto'
import { findResiduals } from '../../src/onnx/residual/residual'
import { graphPath, loadFixture } from '../fixtures'
import { largestDifference, largestError, steeringFeeds } from './compare'
import { TestGraph } from './run-graph'

const fixture = loadFixture('gemma3-optimum')
const { prompts, layers, width } = fixture.reference
const path = graphPath(fixture, 'fp32')

/** The fixture's graph with what its blocks make held between -bound and bound. */
function clipped(bound: number): Uint8Array {
  const graph = new Graph(readFileSync(path))
  const [low, high] = [-bound, bound].map((value) => graph.addInitializer(floatScalar(`bound.${value}`, value)))
  findResiduals(graph).forEach(({ node, stream }, layer) => {
    graph.redirect(stream, `clipped.${layer}`)
    graph.insertAfter(node, makeNode('Clip', [stream, low ?? '', high ?? ''], [`clipped.${layer}`]))
  })
  graph.commit()
  return encodeModel(graph.model)
}

const open = (bound: number, write: 'add' | 'affine'): Promise<TestGraph> =>
  TestGraph.edit(clipped(bound), { read: true, write }, 'clipped.onnx', dirname(path))

it('is the model itself where nothing reaches the bound', async () => {
  const graph = await open(1000, 'affine')
  const feeds = await graph.feeds(prompts)
  const { hidden } = await graph.run(feeds)
  expect(largestError(fixture, hidden, 'hidden')).toBeLessThan(1e-4)
  const steered = await graph.run({ ...feeds, ...steeringFeeds(graph, fixture, 'add_ablate') })
  expect(largestError(fixture, steered.hidden, 'hidden.add_ablate')).toBeLessThan(1e-4)
})

it.each(['add', 'affine'] as const)('holds what is steered between the bounds, with %s', async (write) => {
  const bound = 3
  const graph = await open(bound, write)
  const feeds = await graph.feeds(prompts)
  const plain = await graph.run(feeds)
  const vector = new Float32Array(width).fill(100)
  const shape = write === 'add' ? [width] : [1, 1, width]
  const steered = await graph.run({ ...feeds, 'steer.1.b': graph.float(vector, shape) })
  const size = steered.hidden.length / layers
  expect(steered.hidden.subarray(size, 2 * size).every((x) => x === bound)).toBe(true)
  expect(largestDifference(steered.hidden.subarray(0, size), plain.hidden.subarray(0, size))).toBe(0)
  expect(largestDifference(steered.logits, plain.logits)).toBeGreaterThan(0.01)
  expect(Math.max(...plain.hidden)).toBeLessThanOrEqual(bound)
})

it('is known by its bound, half precision by its own, and fp32 without one has none', () => {
  const limitOf = (file: Uint8Array): number | undefined => describe(new Graph(file)).limit
  expect(limitOf(clipped(32752))).toBe(32752)
  expect(limitOf(clipped(3))).toBe(3)
  expect(limitOf(readFileSync(path))).toBeUndefined()
  const half = loadFixture('llama-optimum')
  expect(limitOf(readFileSync(graphPath(half, 'fp16')))).toBe(65504)
})
