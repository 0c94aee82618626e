/** Steering that keeps lengths: the arithmetic done outside, on hidden states of graphs that are tested against PyTorch. */
import { describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { length } from '../../src/math/vector'
import { instrument } from '../../src/onnx/instrument'
import { largeFixtureNames, graphPath, loadFixture } from '../fixtures'
import { largestDifference, logSoftmax } from './compare'
import { TestGraph, type Feeds } from './run-graph'

const plan = { read: true, write: 'affine' } as const

// The arithmetic is the same in every family; the small fixtures are there for what differs.
describe.each(largeFixtureNames())('%s', (name) => {
  const fixture = loadFixture(name)
  const { prompts, layers, width, vocab } = fixture.reference
  const [first = []] = prompts
  const vector = Float32Array.from({ length: width }, (_, i) => 3 * Math.sin(i * 1.9))
  const last = layers - 1

  /** h + b, and what its projection on one direction brings. */
  function feedsAt(graph: TestGraph, layer: number, keep: number | null): Feeds {
    const unit = vector.map((x) => x / length(vector))
    return {
      [`steer.${layer}.b`]: graph.float(vector, [1, 1, width]),
      [`steer.${layer}.U`]: graph.float(unit, [1, width, 1]),
      [`steer.${layer}.W`]: graph.float(
        unit.map((x) => -0.5 * x),
        [1, 1, width]
      ),
      ...(keep !== null && { [`steer.${layer}.keep`]: graph.float([keep], [1, 1, 1]) })
    }
  }

  it('is affine to the bit where nobody asks', async () => {
    const [without, withKeep] = [
      await TestGraph.open(fixture, plan),
      await TestGraph.open(fixture, { ...plan, keep: true })
    ]
    const a = await without.run({ ...(await without.feeds(prompts)), ...feedsAt(without, 1, null) })
    const b = await withKeep.run({ ...(await withKeep.feeds(prompts)), ...feedsAt(withKeep, 1, 0) })
    expect(b.hidden).toEqual(a.hidden)
    expect(b.logits).toEqual(a.logits)
  })

  it.each([0, 1, last])('brings every steered token back to its length at layer %i, and no other', async (layer) => {
    const graph = await TestGraph.open(fixture, { ...plan, keep: true })
    const feeds = await graph.feeds([first])
    // Every second token.
    const mask = first.map((_, i) => i % 2)
    const on = { ...feeds, 'steer.mask': graph.float(mask, [1, first.length, 1]) }
    const plain = await graph.run(feeds)
    const affine = await graph.run({ ...on, ...feedsAt(graph, layer, 0) })
    const kept = await graph.run({ ...on, ...feedsAt(graph, layer, 1) })
    first.forEach((_, token) => {
      const at = (hidden: Float32Array): Float32Array => {
        const start = (layer * first.length + token) * width
        return hidden.subarray(start, start + width)
      }
      const [h, s] = [at(plain.hidden), at(affine.hidden)]
      if (token % 2 === 0) expect(at(kept.hidden)).toEqual(s)
      else {
        expect(Math.abs(length(s) / length(h) - 1)).toBeGreaterThan(0.02)
        const factor = length(h) / length(s)
        expect(
          largestDifference(
            at(kept.hidden),
            s.map((x) => factor * x)
          )
        ).toBeLessThan(1e-4)
      }
    })
  })

  it('hands on to later layers what adding the same change does', async () => {
    const graph = await TestGraph.open(fixture, { ...plan, keep: true })
    const feeds = await graph.feeds([first.slice(0, 1)])
    const plain = await graph.run(feeds)
    const kept = await graph.run({ ...feeds, ...feedsAt(graph, 0, 1) })
    const change = kept.hidden.slice(0, width).map((x, i) => x - (plain.hidden[i] ?? 0))
    const added = await graph.run({ ...feeds, 'steer.0.b': graph.float(change, [1, 1, width]) })
    expect(largestDifference(kept.hidden, added.hidden)).toBeLessThan(1e-4)
    expect(largestDifference(kept.logits, added.logits)).toBeLessThan(1e-4)
    expect(largestDifference(kept.logits, plain.logits)).toBeGreaterThan(0.01)
  })

  it('says the same next token as affine at the last layer, where the final norm takes lengths out', async () => {
    const graph = await TestGraph.open(fixture, { ...plan, keep: true })
    const feeds = await graph.feeds([first])
    const affine = await graph.run({ ...feeds, ...feedsAt(graph, last, 0) })
    const kept = await graph.run({ ...feeds, ...feedsAt(graph, last, 1) })
    expect(largestDifference(kept.hidden, affine.hidden)).toBeGreaterThan(0.1)
    expect(largestDifference(logSoftmax(kept.logits, vocab), logSoftmax(affine.logits, vocab))).toBeLessThan(1e-3)
  })

  it('asks of each row by itself', async () => {
    const graph = await TestGraph.open(fixture, { ...plan, keep: true })
    const feeds = await graph.feeds([first, first])
    const mixed = await graph.run({
      ...feeds,
      'steer.1.b': graph.float([...vector, ...vector], [2, 1, width]),
      'steer.1.keep': graph.float([0, 1], [2, 1, 1])
    })
    const one = await graph.feeds([first])
    const b = { 'steer.1.b': graph.float(vector, [1, 1, width]) }
    const size = mixed.logits.length / 2
    for (const keep of [0, 1]) {
      const alone = await graph.run({ ...one, ...b, 'steer.1.keep': graph.float([keep], [1, 1, 1]) })
      expect(largestDifference(mixed.logits.subarray(keep * size, (keep + 1) * size), alone.logits)).toBeLessThan(1e-4)
    }
  })
})

it.each(['fp16', 'q4f16'] as const)(
  'keeps lengths whose squares overflow in half precision (%s)',
  async (precision) => {
    const fixture = loadFixture('llama-genai')
    const { prompts, width } = fixture.reference
    const graph = await TestGraph.open(fixture, { ...plan, keep: true }, precision)
    const vector = Float32Array.from({ length: width }, (_, i) => (i % 2 ? 400 : -400))
    const feeds = { ...(await graph.feeds(prompts)), 'steer.0.b': graph.float(vector, [1, 1, width]) }
    const plain = await graph.run(await graph.feeds(prompts))
    const kept = await graph.run({ ...feeds, 'steer.0.keep': graph.float([1], [1, 1, 1]) })
    expect(kept.logits.every(Number.isFinite)).toBe(true)
    const tokens = prompts[0]?.length ?? 0
    for (let token = 0; token < tokens; token++) {
      const at = (hidden: Float32Array): number => length(hidden.subarray(token * width, (token + 1) * width))
      expect(at(kept.hidden) / at(plain.hidden)).toBeCloseTo(1, 1)
    }
  }
)

it('costs nothing that was not asked for, and refuses to stand alone', () => {
  const file = readFileSync(graphPath(loadFixture('qwen2-genai'), 'fp32'))
  const without = instrument(file, plan, 'model.onnx').bytes
  expect(instrument(file, { ...plan, keep: false }, 'model.onnx').bytes).toEqual(without)
  expect(() => instrument(file, { write: 'add', keep: true }, 'model.onnx')).toThrow(/affine/)
  expect(() => instrument(file, { keep: true }, 'model.onnx')).toThrow(/affine/)
})
