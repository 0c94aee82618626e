/** Norm-keeping rows through the engine: packed and padded, beside others, and never in silence where they cannot be. */
import { describe, expect, it } from 'vitest'
import type { Intervention, Steering } from '../../../src/lab/api'
import { hiddenState, type HiddenStates } from '../../../src/direction/hidden-states'
import { length } from '../../../src/math/vector'
import { loadFixture } from '../../fixtures'
import { largestDifference, logSoftmax } from '../../onnx/compare'
import { ids, openFixture } from '../fixture-host'

const prompt = [3, 17, 42, 8, 61, 29, 77, 5, 33, 12, 50]
const keepNorm = true

describe.each(['llama-genai', 'gemma2-genai', 'qwen2-optimum', 'ministral3-split'])('%s', (name) => {
  const { width, layers, vocab } = loadFixture(name).reference
  const vector = Float32Array.from({ length: width }, (_, i) => Math.sin(i * 2.3))
  const add = (layer: number): Intervention => ({ mode: 'add', layer, vector, coefficient: 3 })
  const open = (): ReturnType<typeof openFixture> => openFixture(name, { dtype: 'fp32', keepNorm })

  it('keeps lengths at the layers of the rows that ask, and nowhere else', async () => {
    const engine = await open()
    const steerings: (Steering | undefined)[] = [
      undefined,
      { interventions: [add(0)] },
      { interventions: [add(0)], keepNorm },
      { interventions: [{ mode: 'ablate', layer: 0, vector }, add(0)], keepNorm },
      { interventions: [{ mode: 'ablate', layer: 0, vector }, add(0)] }
    ]
    const states = await engine.capture(
      steerings.map((steering) => ({ prompt: ids(prompt), ...(steering && { steering }) })),
      'last'
    )
    const at = (row: number, layer = 0): Float32Array => hiddenState(states, layer, row)
    for (const [kept, free] of [
      [2, 1],
      [3, 4]
    ] as const) {
      const factor = length(at(0)) / length(at(free))
      expect(Math.abs(factor - 1)).toBeGreaterThan(0.02)
      expect(
        largestDifference(
          at(kept),
          at(free).map((x) => factor * x)
        )
      ).toBeLessThan(1e-4)
    }
    // Later layers are free to be of another length.
    expect(Math.abs(length(at(2, 1)) / length(at(0, 1)) - 1)).toBeGreaterThan(1e-4)
    await engine.close()
  })

  it('says what adding says at the last layer', async () => {
    const engine = await open()
    const steering = { interventions: [add(layers - 1)], positions: 'generated' } as const
    const rows = [steering, { ...steering, keepNorm }].map((one) => ({ prompt: ids(prompt), steering: one }))
    const logits = await engine.logits(rows)
    const [added, kept] = [logSoftmax(logits.slice(0, vocab), vocab), logSoftmax(logits.slice(vocab), vocab)]
    expect(largestDifference(kept, added)).toBeLessThan(1e-3)
    const plain = logSoftmax(await engine.logits([{ prompt: ids(prompt) }]), vocab)
    expect(largestDifference(kept, plain)).toBeGreaterThan(0.1)
    await engine.close()
  })

  it('does not take over what was computed at another length', async () => {
    const engine = await open()
    const greedy = { maxTokens: 4, sampling: { temperature: 0 } }
    const steering: Steering = { interventions: [add(0)] }
    await engine.generate([{ prompt: ids(prompt), steering }], greedy)
    const kept = await engine.generate([{ prompt: ids(prompt), steering: { ...steering, keepNorm } }], greedy)
    expect(kept.timing.reusedTokens).toBe(0)
    await engine.close()
  })
})

it('names the option to open with', async () => {
  const engine = await openFixture('llama-genai')
  const vector = new Float32Array(64).fill(1)
  const steering: Steering = { interventions: [{ mode: 'add', layer: 0, vector, coefficient: 1 }], keepNorm }
  const asked: Promise<HiddenStates> = engine.capture([{ prompt: ids(prompt), steering }], 'last')
  await expect(asked).rejects.toMatchObject({ code: 'graph', message: expect.stringContaining('keepNorm: true') })
  await expect(openFixture('llama-genai', { dtype: 'fp32', write: 'add', keepNorm })).rejects.toMatchObject({
    code: 'graph'
  })
  await engine.close()
})
