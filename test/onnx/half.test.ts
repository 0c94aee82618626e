/**
 * Half-precision files as converters make them, fp32 at their borders or not: edited, they compute what PyTorch does as nearly
 * as they did, at every level.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { readPeft } from '../../src/formats/peft'
import { maxAbs } from '../../src/math/vector'
import { Graph } from '../../src/onnx/graph'
import { AdapterTensors } from '../../workers/adapters/adapter'
import { fixtureNames, graphPath, loadFixture, type Fixture } from '../fixtures'
import { halfFixtures, halfGraph, type HalfFixture } from '../half-fixtures'
import { largestDifference, largestError, logSoftmax, steeringFeeds } from './compare'
import { TestGraph, type Feeds } from './run-graph'

const whole = {
  read: true,
  write: 'affine',
  keep: true,
  adapt: 'joined',
  select: true,
  probabilities: true,
  exact: true
} as const

async function open(one: HalfFixture, plan: Parameters<typeof TestGraph.edit>[1]): Promise<TestGraph> {
  const folder = dirname(graphPath(loadFixture(one.fixture), one.base))
  return TestGraph.edit(halfGraph(one), plan, 'half.onnx', folder)
}

it('covers every fixture with fp32 at the borders, without, and by list; int4, too', () => {
  for (const mode of ['true', 'false', 'list']) {
    const names = halfFixtures.filter((one) => one.mode === mode && one.base === 'fp32').map((one) => one.fixture)
    // The converter breaks the branches of merged decoders where their borders stay fp32.
    const all = fixtureNames().filter((name) => mode === 'false' || !name.includes('-merged-'))
    expect(names.sort()).toEqual(all.sort())
    expect(halfFixtures.filter((one) => one.mode === mode && one.base === 'q4').length).toBeGreaterThan(2)
  }
})

describe.each(halfFixtures.map((one) => [one.fixture, one.base, one.mode, one] as const))(
  '%s %s %s',
  (...[, , , one]) => {
    const fixture = loadFixture(one.fixture)
    const { prompts, vocab } = fixture.reference

    it('reads, steers, keeps lengths, adapts and selects as it did in fp32', async () => {
      const graph = await open(one, whole)
      // Int4 weights are others than PyTorch's: the same graph in fp32 says what is right.
      const base = one.base === 'q4' ? await TestGraph.open(fixture, whole, 'q4') : null
      const bound = one.base === 'q4' ? 2e-2 : 6e-3
      for (const [name, feedsOf] of cases(fixture)) {
        const got = await run(graph, prompts, feedsOf)
        const want = base && (await run(base, prompts, feedsOf))
        for (const key of ['hidden', 'logits'] as const) {
          const off = want ? largestDifference(got[key], want[key]) : largestError(fixture, got[key], key + name)
          expect(off / maxAbs(got[key]), key + name).toBeLessThan(bound)
        }
        expect(largestDifference(got.logProbabilities, logSoftmax(got.logits, vocab))).toBeLessThan(1e-2)
      }
      await keepsLengths(graph, fixture)
    })
  }
)

/** What is fed beside the prompts, by the name that PyTorch's values for it have. */
const cases = (fixture: Fixture): readonly (readonly [string, (on: TestGraph) => Feeds])[] => [
  ['', (on) => adapterFeeds(on, fixture, 0)],
  ['.add_ablate', (on) => ({ ...adapterFeeds(on, fixture, 0), ...steeringFeeds(on, fixture, 'add_ablate') })],
  ['.lora', (on) => adapterFeeds(on, fixture, 1)]
]

async function keepsLengths(graph: TestGraph, fixture: Fixture): Promise<void> {
  const { width, prompts, layers } = fixture.reference
  const b = Float32Array.from({ length: width }, (_, i) => 3 * Math.sin(i * 1.9))
  const plain = await run(graph, prompts, (on) => adapterFeeds(on, fixture, 0))
  const kept = await run(graph, prompts, (on) => ({
    ...adapterFeeds(on, fixture, 0),
    'steer.1.b': on.float(b, [1, 1, width]),
    'steer.1.keep': on.float([1], [1, 1, 1])
  }))
  const rows = plain.hidden.length / width / layers
  const lengthAt = (hidden: Float32Array, row: number): number =>
    Math.hypot(...hidden.subarray((rows + row) * width, (rows + row + 1) * width))
  expect(largestDifference(kept.hidden, plain.hidden)).toBeGreaterThan(0.5)
  for (let row = 0; row < rows; row++) {
    expect(lengthAt(kept.hidden, row) / lengthAt(plain.hidden, row)).toBeCloseTo(1, 2)
  }
}

describe.each(['llama-genai', 'gemma2-optimum', 'ministral3-split'])('%s', (name) => {
  const mine = halfFixtures.filter((one) => one.fixture === name)
  it.each(mine.map((one) => [one.base, one.mode, one] as const))(
    '%s %s is the untouched graph with add at zero',
    async (...[, , one]) => {
      const { prompts } = loadFixture(name).reference
      const [plain, add] = [await open(one, {}), await open(one, { write: 'add' })]
      expect((await run(add, prompts, () => ({}))).logits).toEqual((await run(plain, prompts, () => ({}))).logits)
    }
  )

  it('gives the cache of the next step the types of its inputs', async () => {
    for (const one of mine) {
      const { session, info } = await open(one, { read: true })
      const outputs = new Map(session.outputMetadata.map((value) => [value.name, value.isTensor ? value.type : '']))
      for (const { past, type } of info.cache.states) {
        expect(outputs.get(past.replace('past_key_values', 'present')), `${one.file} ${past}`).toBe(type)
      }
    }
  })
})

it('takes the type of a tensor from what makes it, not from what the graph says', () => {
  const one = halfFixtures.find(({ fixture, mode }) => fixture === 'llama-optimum' && mode === 'true')
  if (!one) throw new Error('no such fixture')
  const graph = new Graph(halfGraph(one))
  const kinds = ['/model/layers.0/Add_1_output_0', 'logits', 'past_key_values.0.key', 'input_ids']
  expect(kinds.map((name) => graph.elementType(name))).toEqual([10, 1, 1, 7])
})

async function run(graph: TestGraph, prompts: readonly (readonly number[])[], more: (on: TestGraph) => Feeds) {
  const S = Math.max(...prompts.map((prompt) => prompt.length))
  const select = new Float32Array(prompts.length * S * S)
  for (let row = 0; row < prompts.length * S; row++) select[row * S + (row % S)] = 1
  const every = graph.session.inputNames.includes('select')
    ? { select: graph.float(select, [prompts.length, S, S]) }
    : {}
  return graph.run({ ...(await graph.feeds(prompts)), ...every, ...more(graph) })
}

/** The fixture's PEFT adapter as the engine feeds it. */
function adapterFeeds(graph: TestGraph, fixture: Fixture, scale: number): Feeds {
  const tensors = new AdapterTensors({ Tensor: ort.Tensor, upload: (tensor) => tensor }, graph.info)
  const file = (name: string): Buffer => readFileSync(join(fixture.folder, 'adapter', name))
  tensors.set(readPeft(file('adapter_config.json').toString(), file('adapter_model.safetensors')).pairs)
  tensors.setScale(scale)
  return tensors.feeds
}
