/** The control of a vector's length: the arithmetic done outside, on the engine's own logits and hidden states. */
import { describe, expect, it } from 'vitest'
import type { Flattening, Steering } from '../../../src/lab/api'
import { hiddenState } from '../../../src/direction/hidden-states'
import { dot, length } from '../../../src/math/vector'
import { flatteningFactor } from '../../../workers/run/flatten'
import { loadFixture } from '../../fixtures'
import { logSoftmax } from '../../onnx/compare'
import { ids, openFixture } from '../fixture-host'

const prompt = [3, 17, 42, 8, 61, 29, 77, 5, 33, 12, 50]
const sampled = { maxTokens: 6, sampling: { temperature: 1 } }
const greedy = { maxTokens: 12, sampling: { temperature: 0 } }

it('is a share of lengths', () => {
  const h = Float32Array.of(3, 0, 4)
  expect(flatteningFactor(h, { layer: 0, vector: Float32Array.of(0, 1, 0), coefficient: 12 })).toBeCloseTo(5 / 13, 12)
  expect(flatteningFactor(h, { layer: 0, vector: Float32Array.of(0, 1, 0), coefficient: 0 })).toBe(1)
  expect(flatteningFactor(h, { layer: 0, vector: h, coefficient: -0.5 })).toBe(2)
})

describe.each(['llama-genai', 'gemma2-genai', 'qwen2-optimum', 'ministral3-split'])('%s', (name) => {
  const { width, layers, vocab } = loadFixture(name).reference
  const vector = Float32Array.from({ length: width }, (_, i) => Math.sin(i * 2.3))
  const flattenAt = (layer: number, coefficient: number): Flattening => ({ layer, vector, coefficient })
  const steering: Steering = { interventions: [{ mode: 'add', layer: 0, vector, coefficient: 2 }] }

  it('is nothing at coefficient 0, to the bit', async () => {
    const engine = await openFixture(name)
    const rows = [1, 2, 3].map((seed) => ({ prompt: ids(prompt), seed }))
    const plain = await engine.generate(rows, sampled)
    const flat = await engine.generate(
      rows.map((row) => ({ ...row, flatten: flattenAt(layers - 1, 0) })),
      sampled
    )
    expect(flat.completions).toEqual(plain.completions)
    await engine.close()
  })

  it.each([
    ['flattens', 3, undefined],
    ['does so on a steered stream', 3, steering],
    ['does so at an early layer', 1.5, undefined]
  ])('%s as the lengths say, token by token, and only its own row', async (what, coefficient, steer) => {
    const engine = await openFixture(name)
    const flatten = flattenAt(what.includes('early') ? 0 : layers - 1, coefficient)
    const row = { prompt: ids(prompt), ...(steer && { steering: steer }) }
    const rows = [0, 1, 2, 3].map((seed) => ({ ...row, seed, ...(seed < 2 && { flatten }) }))
    const { completions } = await engine.generate(rows, sampled)
    for (const [b, { ids: drawn, logProbabilities }] of completions.entries()) {
      for (const [i, id] of drawn.entries()) {
        const before = { ...row, prompt: ids([...prompt, ...drawn.slice(0, i)]) }
        const states = await engine.capture([before], 'last')
        const factor = b < 2 ? flatteningFactor(hiddenState(states, flatten.layer, 0), flatten) : 1
        if (b < 2) expect(Math.abs(factor - 1)).toBeGreaterThan(0.01)
        const logits = (await engine.logits([before])).map((x) => factor * x)
        expect(Math.abs((logSoftmax(logits, vocab)[id] ?? NaN) - (logProbabilities[i] ?? NaN))).toBeLessThan(1e-4)
      }
    }
    await engine.close()
  })

  it('leaves greedy answers as they are', async () => {
    const engine = await openFixture(name)
    const plain = await engine.generate([{ prompt: ids(prompt) }], greedy)
    const flat = await engine.generate([{ prompt: ids(prompt), flatten: flattenAt(layers - 1, 5) }], greedy)
    expect(flat.completions[0]?.ids).toEqual(plain.completions[0]?.ids)
    expect(flat.completions[0]?.logProbabilities).not.toEqual(plain.completions[0]?.logProbabilities)
    await engine.close()
  })
})

it('is what adding a vector does through the final norm, its own bias taken out', async () => {
  const engine = await openFixture('llama-genai')
  const { width, layers, vocab } = loadFixture('llama-genai').reference
  const layer = layers - 1
  const h = hiddenState(await engine.capture([{ prompt: ids(prompt) }], 'last'), layer, 0)
  // At a right angle to h, so that both signs make it equally long, and their biases cancel.
  const bare = Float32Array.from({ length: width }, (_, i) => Math.cos(i * 1.1))
  const share = dot(bare, h) / length(h) ** 2
  const vector = bare.map((x, i) => x - share * (h[i] ?? 0))
  const coefficient = (2 * length(h)) / length(vector)
  const added = async (sign: number): Promise<Float32Array> =>
    engine.logits([
      {
        prompt: ids(prompt),
        steering: {
          interventions: [{ mode: 'add', layer, vector, coefficient: sign * coefficient }],
          positions: 'generated'
        }
      }
    ])
  const [plus, minus] = [await added(1), await added(-1)]
  const want = logSoftmax(
    plus.map((x, i) => (x + (minus[i] ?? 0)) / 2),
    vocab
  )
  const rows = Array.from({ length: 16 }, (_, seed) => ({
    prompt: ids(prompt),
    seed,
    flatten: { layer, vector, coefficient }
  }))
  const { completions } = await engine.generate(rows, { maxTokens: 1, sampling: { temperature: 1 } })
  for (const { ids: drawn, logProbabilities } of completions) {
    expect(Math.abs((logProbabilities[0] ?? NaN) - (want[drawn[0] ?? -1] ?? NaN))).toBeLessThan(1e-3)
  }
  expect(new Set(completions.map(({ ids: drawn }) => drawn[0])).size).toBeGreaterThan(4)
  await engine.close()
})

it('refuses a vector that does not fit', async () => {
  const engine = await openFixture('llama-genai')
  const vector = new Float32Array(64).fill(1)
  const bad: Flattening[] = [
    { layer: 3, vector, coefficient: 1 },
    { layer: 0, vector: vector.slice(1), coefficient: 1 },
    { layer: 0, vector, coefficient: Infinity }
  ]
  for (const flatten of bad) {
    await expect(engine.generate([{ prompt: ids(prompt), flatten }], greedy)).rejects.toMatchObject({ code: 'shape' })
  }
  await engine.close()
})
