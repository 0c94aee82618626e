/** Quantized and half-precision graphs: edited, they compute what they computed before; steered, they stay as near to PyTorch as they were. */
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { instrument } from '../../src/onnx/instrument'
import { graphPath, loadFixture, type Precision } from '../fixtures'
import { largestDifference, largestError, logSoftmax, steeringFeeds } from './compare'
import { TestGraph } from './run-graph'

const precisions: readonly Precision[] = ['fp16', 'q4', 'q4f16', 'q8']
const cases = ['llama-genai', 'llama-optimum', 'gemma2-optimum'].flatMap((name) =>
  precisions
    .filter((precision) => loadFixture(name).reference.files[precision] !== undefined)
    .map((precision) => [name, precision] as const)
)

describe.each(cases)('%s, %s', (name, precision) => {
  const fixture = loadFixture(name)
  const { prompts, files } = fixture.reference
  it('is the untouched graph, to the bit with add at zero, within rounding with affine', async () => {
    const plain = await TestGraph.open(fixture, {}, precision)
    const base = await plain.run(await plain.feeds(prompts))
    const add = await TestGraph.open(fixture, { read: true, write: 'add' }, precision)
    expect((await add.run(await add.feeds(prompts))).logits).toEqual(base.logits)
    const whole = await TestGraph.open(fixture, { write: 'affine', adapt: true }, precision)
    // In half precision the sum in front of the norm is rounded once more.
    const bound = whole.info.activations === 'float16' ? (files[precision]?.untouched_logit_error ?? 0) / 2 : 1e-6
    expect(largestDifference((await whole.run(await whole.feeds(prompts))).logits, base.logits)).toBeLessThan(bound)
  })

  it('gives the log-softmax of its logits in full precision', async () => {
    const graph = await TestGraph.open(fixture, { probabilities: true }, precision)
    const { logits, logProbabilities } = await graph.run(await graph.feeds(prompts))
    // The runtime may take half-precision logits before they are rounded.
    const bound = graph.info.activations === 'float16' ? 1e-2 : 1e-4
    expect(largestDifference(logProbabilities, logSoftmax(logits, fixture.reference.vocab))).toBeLessThan(bound)
  })

  it('is as far from PyTorch when steered as when not', async () => {
    const graph = await TestGraph.open(fixture, { read: true, write: 'affine' }, precision)
    const feeds = { ...(await graph.feeds(prompts)), ...steeringFeeds(graph, fixture, 'add_ablate') }
    const { logits } = await graph.run(feeds)
    const steered = largestError(fixture, logits, 'logits.add_ablate')
    const untouched = files[precision]?.untouched_logit_error ?? 0
    console.log(`${name} ${precision}: largest logit error untouched ${untouched}, steered ${steered.toPrecision(2)}`)
    expect(steered).toBeLessThan(1.5 * untouched + 0.05)
  })
})

it.each([
  ['llama-genai', 4 + 1],
  ['llama-optimum', 7]
] as const)('%s: expands int4 weights to the numbers that they stand for', async (name, products) => {
  const fixture = loadFixture(name)
  const { prompts, layers } = fixture.reference
  const path = graphPath(fixture, 'q4')
  const folder = dirname(path)
  const file = readFileSync(path)
  const weights = new Map<string, Uint8Array>()
  const read = (location: string, offset: number, length: number): Uint8Array => {
    const data = weights.get(location) ?? readFileSync(join(folder, location))
    weights.set(location, data)
    return data.subarray(offset, offset + length)
  }
  const expanded = instrument(file, { read: true }, basename(path), read)
  expect(expanded.expanded.length).toBe(products * layers + 1)
  const wide = await ort.InferenceSession.create(expanded.bytes, {
    externalData: [
      ...expanded.expanded.map(({ path: name, data }) => ({ path: name, data })),
      ...expanded.externalFiles.map((name) => ({ path: name, data: readFileSync(join(folder, name)) }))
    ]
  })
  expect(wide.inputNames).toContain('capture.pool')
  const graph = TestGraph.around(wide, expanded.info)
  const { hidden } = await graph.run(await graph.feeds(prompts))
  const narrow = await TestGraph.open(fixture, { read: true, exact: true }, 'q4')
  const want = await narrow.run(await narrow.feeds(prompts))
  expect(largestDifference(hidden, want.hidden)).toBeLessThan(1e-4)
})
