/** Capped attention in plain operators, against PyTorch: at once, token by token from a ragged cache, and in half precision. */
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { maxAbs } from '../../src/math/vector'
import { Graph } from '../../src/onnx/graph'
import { instrument } from '../../src/onnx/instrument'
import { encodeModel } from '../../src/onnx/proto'
import { graphPath, loadFixture } from '../fixtures'
import { halfFixtures, halfGraph } from '../half-fixtures'
import { largestError } from './compare'
import { TestGraph } from './run-graph'

const fixture = loadFixture('gemma2-genai')
const { prompts, greedy } = fixture.reference
const path = graphPath(fixture, 'fp32')
const plan = { read: true, plainCaps: true } as const

it('leaves a graph without caps as it is', () => {
  const file = readFileSync(graphPath(loadFixture('qwen2-genai'), 'fp32'))
  const plain = instrument(file, { read: true }, 'model.onnx').bytes
  expect(instrument(file, plan, 'model.onnx').bytes).toEqual(plain)
})

it('gives the hidden states and logits of a ragged batch', async () => {
  const graph = await TestGraph.open(fixture, plan)
  const { hidden, logits } = await graph.run(await graph.feeds(prompts))
  expect(largestError(fixture, hidden, 'hidden')).toBeLessThan(1e-4)
  expect(largestError(fixture, logits, 'logits')).toBeLessThan(1e-4)
})

it('does not take what the operator itself attends to', async () => {
  // As WebGPU's kernel does, a graph without its cap: written out, it is right all the same.
  const file = readFileSync(path)
  const { bytes, info } = instrument(file, plan, basename(path))
  const { model, proto } = new Graph(bytes)
  for (const node of proto.node) node.attribute = node.attribute.filter(({ name }) => name !== 'softcap')
  const externalData = [{ path: basename(path), data: file }]
  const written = TestGraph.around(await ort.InferenceSession.create(encodeModel(model), { externalData }), info)
  const { hidden } = await written.run(await written.feeds(prompts))
  expect(largestError(fixture, hidden, 'hidden')).toBeLessThan(1e-4)
})

it('decodes rows of different lengths from their cache, beyond the window', async () => {
  const graph = await TestGraph.open(fixture, plan)
  let feeds = await graph.feeds(prompts)
  const rows = prompts.map((): number[] => [])
  const lengths = prompts.map((prompt) => prompt.length)
  let at = lengths.map((length) => length - 1)
  for (let step = 0; step < 12; step++) {
    const { logits, ...rest } = await graph.session.run(feeds, [
      'logits',
      ...graph.session.outputNames.filter((name) => name.startsWith('present'))
    ])
    const data = logits?.data
    if (!(data instanceof Float32Array)) throw new Error('float logits were expected')
    const vocabulary = fixture.reference.vocab
    const S = data.length / rows.length / vocabulary
    const next = rows.map((row, b) => {
      const mine = data.subarray((b * S + (at[b] ?? 0)) * vocabulary, (b * S + (at[b] ?? 0) + 1) * vocabulary)
      const id = mine.indexOf(Math.max(...mine))
      row.push(id)
      return id
    })
    lengths.forEach((length, b) => (lengths[b] = length + 1))
    const total = Math.max(...lengths)
    const mask = new BigInt64Array(rows.length * total)
    lengths.forEach((length, b) => mask.fill(1n, b * total, b * total + length))
    feeds = {
      ...Object.fromEntries(
        Object.entries(rest).map(([name, tensor]) => [name.replace('present', 'past_key_values'), tensor])
      ),
      ...Object.fromEntries(Object.entries(feeds).filter(([name]) => name.startsWith('capture'))),
      input_ids: new ort.Tensor('int64', BigInt64Array.from(next.map(BigInt)), [rows.length, 1]),
      attention_mask: new ort.Tensor('int64', mask, [rows.length, total]),
      'capture.pool': graph.float(
        rows.map(() => 1),
        [rows.length, 1, 1]
      )
    }
    at = rows.map(() => 0)
  }
  expect(rows).toEqual(greedy.none)
})

describe.each(halfFixtures.filter((one) => one.fixture === 'gemma2-genai').map((one) => [one.mode, one] as const))(
  'in half precision, keep_io_types %s',
  (_, one) => {
    it('gives the hidden states', async () => {
      const graph = await TestGraph.edit(halfGraph(one), plan, 'half.onnx', dirname(path))
      const { hidden } = await graph.run(await graph.feeds(prompts))
      expect(largestError(fixture, hidden, 'hidden') / maxAbs(hidden)).toBeLessThan(6e-3)
    })
  }
)
