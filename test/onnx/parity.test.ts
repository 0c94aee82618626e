/** Instrumented graphs against PyTorch hooks: every fixture, every intervention. */
import { describe, expect, it } from 'vitest'
import { fixtureNames, loadFixture, type Fixture } from '../fixtures'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { readPeft } from '../../src/formats/peft'
import { AdapterTensors } from '../../workers/adapters/adapter'
import { fitPairs } from '../../workers/adapters/adapter-fit'
import { largestDifference, largestError, logSoftmax, steeringFeeds } from './compare'
import { TestGraph, type Feeds } from './run-graph'

const exact = fixtureNames()

it('covers both layouts, the split one, and the four families', () => {
  const both = ['llama', 'qwen2', 'gemma2'].flatMap((family) => [`${family}-genai`, `${family}-optimum`])
  expect(exact).toEqual(expect.arrayContaining([...both, 'ministral3-genai', 'ministral3-split']))
})

describe.each(exact)('%s', (name) => {
  const fixture = loadFixture(name)

  it('gives the hidden states of every layer', async () => {
    const graph = await TestGraph.open(fixture, { read: true })
    const { hidden, logits } = await graph.run(await graph.feeds(fixture.reference.prompts))
    expect(largestError(fixture, hidden, 'hidden')).toBeLessThan(1e-4)
    expect(largestError(fixture, logits, 'logits')).toBeLessThan(1e-4)
  })

  it.each(Object.keys(fixture.reference.interventions))('steers as hooks do: %s', async (intervention) => {
    const graph = await TestGraph.open(fixture, { read: true, write: 'affine' })
    const feeds = await graph.feeds(fixture.reference.prompts)
    const { hidden, logits } = await graph.run({ ...feeds, ...steeringFeeds(graph, fixture, intervention) })
    expect(largestError(fixture, logits, `logits.${intervention}`)).toBeLessThan(1e-4)
    if (fixture.tensors.has(`hidden.${intervention}`)) {
      expect(largestError(fixture, hidden, `hidden.${intervention}`)).toBeLessThan(1e-4)
    }
  })

  it.each([
    ['each module by itself', true, adapter],
    ['products joined, as the engine does', 'joined', joinedAdapter]
  ] as const)('adapts as PEFT does, un-merged, %s', async (_, adapt, feedsOf) => {
    const graph = await TestGraph.open(fixture, { read: true, adapt })
    const feeds = await graph.feeds(fixture.reference.prompts)
    const { hidden, logits } = await graph.run({ ...feeds, ...feedsOf(graph, fixture, 1) })
    expect(largestError(fixture, logits, 'logits.lora')).toBeLessThan(1e-4)
    expect(largestError(fixture, hidden, 'hidden.lora')).toBeLessThan(1e-4)
  })

  it.each([
    [true, adapter],
    ['joined', joinedAdapter]
  ] as const)('is the base model to the bit with an adapter at scale 0 (%s)', async (adapt, feedsOf) => {
    const graph = await TestGraph.open(fixture, { adapt })
    const plain = await TestGraph.open(fixture, {})
    const off = await graph.run({ ...(await graph.feeds(fixture.reference.prompts)), ...feedsOf(graph, fixture, 0) })
    const base = await plain.run(await plain.feeds(fixture.reference.prompts))
    expect(off.logits).toEqual(base.logits)
  })

  it('is the untouched graph to the bit with add at zero, and within 1e-6 with affine', async () => {
    const prompts = fixture.reference.prompts
    const plain = await TestGraph.open(fixture, {})
    const base = await plain.run(await plain.feeds(prompts))
    const add = await TestGraph.open(fixture, { write: 'add' })
    expect((await add.run(await add.feeds(prompts))).logits).toEqual(base.logits)
    const affine = await TestGraph.open(fixture, { write: 'affine' })
    expect(largestDifference((await affine.run(await affine.feeds(prompts))).logits, base.logits)).toBeLessThan(1e-6)
  })

  it('adds the same in both forms of writing', async () => {
    const { prompts, layers, width } = fixture.reference
    const vector = Float32Array.from({ length: width }, (_, i) => Math.sin(i))
    const add = await TestGraph.open(fixture, { write: 'add', read: true })
    const affine = await TestGraph.open(fixture, { write: 'affine', read: true })
    const last = layers - 1
    const a = await add.run({ ...(await add.feeds(prompts)), [`steer.${last}.b`]: add.float(vector, [width]) })
    const b = await affine.run({
      ...(await affine.feeds(prompts)),
      [`steer.${last}.b`]: affine.float(vector, [1, 1, width])
    })
    expect(largestDifference(a.logits, b.logits)).toBeLessThan(1e-5)
    expect(largestDifference(a.hidden, b.hidden)).toBeLessThan(1e-5)
  })

  it('steers each row of a batch as it would alone', async () => {
    const { prompts, width } = fixture.reference
    const graph = await TestGraph.open(fixture, { write: 'affine' })
    const [first = []] = prompts
    const rows = [1, 2, 3].map((seed) => Float32Array.from({ length: width }, (_, i) => Math.sin(seed * 7 + i)))
    const together = Float32Array.from(rows.flatMap((row) => [...row]))
    const batch = await graph.run({
      ...(await graph.feeds([first, first, first])),
      'steer.1.b': graph.float(together, [3, 1, width])
    })
    for (const [r, row] of rows.entries()) {
      const alone = await graph.run({ ...(await graph.feeds([first])), 'steer.1.b': graph.float(row, [1, 1, width]) })
      const size = alone.logits.length
      expect(largestDifference(batch.logits.subarray(r * size, (r + 1) * size), alone.logits)).toBeLessThan(1e-5)
    }
  })

  it('gives the log-softmax of the logits', async () => {
    const graph = await TestGraph.open(fixture, { probabilities: true })
    const { logits, logProbabilities } = await graph.run(await graph.feeds(fixture.reference.prompts))
    expect(largestDifference(logProbabilities, logSoftmax(logits, fixture.reference.vocab))).toBeLessThan(1e-4)
  })

  it('selects the logits of asked positions only', async () => {
    const { prompts, vocab } = fixture.reference
    const [first = []] = prompts
    const graph = await TestGraph.open(fixture, { select: true })
    const select = new Float32Array(2 * first.length)
    select[2] = 1
    select[first.length + first.length - 1] = 1
    const feeds = await graph.feeds([first])
    const { logits } = await graph.run({ ...feeds, select: graph.float(select, [1, 2, first.length]) })
    const all = fixture.tensors.get('logits')?.data ?? new Float32Array()
    expect(logits.length).toBe(2 * vocab)
    expect(largestDifference(logits.subarray(0, vocab), all.subarray(2 * vocab, 3 * vocab))).toBeLessThan(1e-4)
    expect(
      largestDifference(logits.subarray(vocab), all.subarray((first.length - 1) * vocab, first.length * vocab))
    ).toBeLessThan(1e-4)
  })
})

/** The fixture's PEFT adapter as the engine feeds it, products joined. */
function joinedAdapter(graph: TestGraph, fixture: Fixture, scale: number): Feeds {
  const tensors = new AdapterTensors({ Tensor: ort.Tensor, upload: (tensor) => tensor }, graph.info)
  const file = (name: string): Buffer => readFileSync(join(fixture.folder, 'adapter', name))
  tensors.set(readPeft(file('adapter_config.json').toString(), file('adapter_model.safetensors')).pairs)
  tensors.setScale(scale)
  return tensors.feeds
}

/** The fixture's PEFT adapter as graph inputs, module by module. */
function adapter(graph: TestGraph, fixture: Fixture, scale: number): Feeds {
  const file = (name: string): Buffer => readFileSync(join(fixture.folder, 'adapter', name))
  const { pairs } = readPeft(file('adapter_config.json').toString(), file('adapter_model.safetensors'))
  const feeds: Feeds = { 'lora.scale': graph.float([scale], [1]) }
  for (const { layer, module, in: width, rank, out, A, B } of fitPairs(pairs, graph.info)) {
    feeds[`lora.${layer}.${module}.A`] = graph.float(A, [width, rank])
    feeds[`lora.${layer}.${module}.B`] = graph.float(B, [rank, out])
  }
  return feeds
}
