/** The engine on Node's CPU provider, over both layouts: what it generates and captures is what PyTorch does. */
import { describe, expect, it } from 'vitest'
import type { Intervention, Steering, TokenEvent } from '../../src/lab/api'
import { hiddenState } from '../../src/direction/hidden-states'
import { loadFixture, untilStop } from '../fixtures'
import { largestDifference } from '../onnx/compare'
import { ids, openFixture } from './fixture-host'

const greedy = { maxTokens: 12, sampling: { temperature: 0 } }
const sampled = { maxTokens: 12, sampling: { temperature: 1 } }

const long = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, i) => 1 + ((seed * 31 + i * 17) % 90))

describe.each(['llama-genai', 'gemma2-optimum', 'ministral3-split', 'qwen2-optimum'])('%s', (name) => {
  const { reference, tensors } = loadFixture(name)
  const { prompts, width, layers } = reference
  const direction = (key: string): Float32Array => tensors.get(`direction.${key}`)?.data ?? new Float32Array()

  function addAblate(): Steering {
    const b = tensors.get('steer.add_ablate.0.b')?.data ?? new Float32Array()
    const interventions: Intervention[] = [
      { mode: 'add', layer: 0, vector: b, coefficient: 1 },
      { mode: 'ablate', layer: layers - 1, vector: direction('d') }
    ]
    return { interventions }
  }

  it('decodes a right-padded batch as PyTorch decodes its rows', async () => {
    const engine = await openFixture(name)
    const { completions } = await engine.generate(
      prompts.map((p) => ({ prompt: ids(p) })),
      greedy
    )
    expect(completions.map((c) => c.ids.slice(0, 12))).toEqual(untilStop(reference.greedy.none))
    await engine.close()
  })

  it('decodes steered rows beside unsteered ones', async () => {
    const engine = await openFixture(name)
    const rows = prompts.flatMap((p) => [{ prompt: ids(p) }, { prompt: ids(p), steering: addAblate() }])
    const { completions } = await engine.generate(rows, greedy)
    const answers = completions.map((c) => c.ids)
    expect([answers[0], answers[2]]).toEqual(untilStop(reference.greedy.none))
    expect([answers[1], answers[3]]).toEqual(untilStop(reference.greedy.add_ablate))
    await engine.close()
  })

  it('names what else was likely, where that is asked for, and draws the same', async () => {
    const engine = await openFixture(name)
    const rows = prompts.map((p) => ({ prompt: ids(p) }))
    const heard: TokenEvent[] = []
    const plain: TokenEvent[] = []
    await engine.generate(rows, greedy, (events) => plain.push(...events))
    await engine.generate(rows, { ...greedy, alternatives: 3 }, (events) => heard.push(...events))
    expect(heard.map(({ alternatives, ...event }) => (expect(alternatives).toHaveLength(3), event))).toEqual(plain)
    for (const { id, probability, alternatives: [first] = [] } of heard) {
      expect(first).toMatchObject({ id, probability })
    }
    await engine.close()
  })

  it('captures an answer by its ids as it captures prompt and answer in one', async () => {
    const engine = await openFixture(name)
    const whole = prompts[0] ?? []
    const [prompt, answer] = [whole.slice(0, 5), whole.slice(5)]
    const apart = await engine.capture([{ prompt: ids(prompt), answer }], 'every')
    const joined = await engine.capture([{ prompt: ids(whole) }], 'every')
    expect(apart.data).toEqual(joined.data)
    await engine.close()
  })

  it('captures the last token, the answer mean and every token', async () => {
    const engine = await openFixture(name)
    const hidden = tensors.get('hidden')
    const S = hidden?.dims[2] ?? 0
    const want = (layer: number, row: number, token: number): Float32Array => {
      const start = ((layer * prompts.length + row) * S + token) * width
      return hidden?.data.subarray(start, start + width) ?? new Float32Array()
    }
    const last = await engine.capture(
      prompts.map((p) => ({ prompt: ids(p) })),
      'last'
    )
    const every = await engine.capture(
      prompts.map((p) => ({ prompt: ids(p) })),
      'every'
    )
    expect(every.rows).toBe(prompts.flat().length)
    prompts.forEach((p, row) => {
      for (let layer = 0; layer < layers; layer++) {
        expect(largestDifference(hiddenState(last, layer, row), want(layer, row, p.length - 1))).toBeLessThan(1e-4)
        expect(
          largestDifference(hiddenState(every, layer, every.prompt.indexOf(row) + 1), want(layer, row, 1))
        ).toBeLessThan(1e-4)
      }
    })
    const [first = []] = prompts
    const answer = first
      .slice(8)
      .map((id) => `t${id}`)
      .join(' ')
    const mean = await engine.capture([{ prompt: ids(first.slice(0, 8)), answer }], 'answer-mean')
    const average = new Float32Array(width)
    for (let t = 8; t < first.length; t++)
      want(1, 0, t).forEach((x, i) => (average[i] = (average[i] ?? 0) + x / (first.length - 8)))
    expect(largestDifference(hiddenState(mean, 1, 0), average)).toBeLessThan(1e-4)
    await engine.close()
  })

  it('steers generated tokens only: the prompt stays, the answer changes', async () => {
    const engine = await openFixture(name)
    const steering: Steering = { ...addAblate(), positions: 'generated' }
    const [first = []] = prompts
    const plain = await engine.capture([{ prompt: ids(first) }], 'every')
    const steered = await engine.capture([{ prompt: ids(first), steering }], 'every')
    const last = layers - 1
    expect(hiddenState(steered, last, first.length - 2)).toEqual(hiddenState(plain, last, first.length - 2))
    expect(
      largestDifference(hiddenState(steered, last, first.length - 1), hiddenState(plain, last, first.length - 1))
    ).toBeGreaterThan(0.1)
    await engine.close()
  })

  it('moves the hidden state by exactly what is added', async () => {
    const engine = await openFixture(name)
    const v = direction('v')
    const steering: Steering = { interventions: [{ mode: 'add', layer: 1, vector: v, coefficient: 2.5 }] }
    const [first = []] = prompts
    const plain = await engine.capture([{ prompt: ids(first) }], 'last')
    const steered = await engine.capture([{ prompt: ids(first), steering }], 'last')
    expect(hiddenState(steered, 0, 0)).toEqual(hiddenState(plain, 0, 0))
    const moved = hiddenState(plain, 1, 0).map((x, i) => x + 2.5 * (v[i] ?? 0))
    expect(largestDifference(hiddenState(steered, 1, 0), moved)).toBeLessThan(1e-5)
    await engine.close()
  })

  it('gives the same text for the same seed, in a batch and alone, and reuses what it has computed', async () => {
    const engine = await openFixture(name)
    const prompt = ids(long(24, 3))
    const rows = [0, 1, 2, 1].map((seed) => ({ prompt, seed }))
    const together = await engine.generate(rows, sampled)
    const texts = together.completions.map((c) => c.text)
    expect(together.timing.reusedTokens).toBeGreaterThan(3 * 20)
    expect(texts[1]).toBe(texts[3])
    expect(new Set(texts).size).toBe(3)
    const alone = await engine.generate([{ prompt, seed: 2 }], sampled)
    expect(alone.timing.reusedTokens).toBe(23)
    expect(alone.completions[0]?.text).toBe(texts[2])
    const fresh = await openFixture(name)
    expect((await fresh.generate([{ prompt, seed: 2 }], sampled)).completions[0]?.text).toBe(texts[2])
    await Promise.all([engine.close(), fresh.close()])
  })

  it('does not reuse what was steered otherwise', async () => {
    const engine = await openFixture(name)
    const prompt = ids(long(24, 5))
    const steering: Steering = { interventions: [{ mode: 'add', layer: 0, vector: direction('v'), coefficient: 30 }] }
    const plain = await engine.generate([{ prompt }], greedy)
    const steered = await engine.generate([{ prompt, steering }], greedy)
    expect(steered.timing.reusedTokens).toBe(0)
    expect(steered.completions[0]?.ids).not.toEqual(plain.completions[0]?.ids)
    const again = await engine.generate([{ prompt, steering }], greedy)
    expect(again.timing.reusedTokens).toBe(23)
    expect(again.completions[0]?.ids).toEqual(steered.completions[0]?.ids)
    expect((await engine.generate([{ prompt }], greedy)).completions[0]?.ids).toEqual(plain.completions[0]?.ids)
    await engine.close()
  })
})

describe('a running generation', () => {
  const [first = []] = loadFixture('llama-genai').reference.prompts

  it('takes new steering from the next token on', async () => {
    const engine = await openFixture('llama-genai')
    const plain = await engine.generate([{ prompt: ids(first) }], { maxTokens: 30, sampling: { temperature: 0 } })
    const v = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i) * 20)
    const steering: Steering = { interventions: [{ mode: 'add', layer: 1, vector: v, coefficient: 1 }] }
    let seen = 0
    const steered = await engine.generate(
      [{ prompt: ids(first) }],
      { maxTokens: 30, sampling: { temperature: 0 } },
      () => {
        if (++seen === 5) void engine.steer(0, steering)
      }
    )
    const [a = [], b = []] = [plain.completions[0]?.ids, steered.completions[0]?.ids]
    expect(b.slice(0, 5)).toEqual(a.slice(0, 5))
    expect(b.slice(5)).not.toEqual(a.slice(5))
    await engine.close()
  })

  it('stops within two tokens, and the session goes on', async () => {
    const engine = await openFixture('llama-genai')
    let seen = 0
    const cut = await engine.generate(
      [{ prompt: ids(first) }],
      { maxTokens: 100, sampling: { temperature: 1 } },
      () => {
        if (++seen === 5) void engine.stop()
      }
    )
    expect(cut.completions[0]?.finish).toBe('cancelled')
    expect(cut.completions[0]?.ids.length).toBeLessThanOrEqual(7)
    const whole = await engine.generate([{ prompt: ids(first) }], greedy)
    expect(whole.completions[0]?.finish).not.toBe('cancelled')
    await engine.close()
  })

  it('ends at the context limit', async () => {
    const engine = await openFixture('llama-genai')
    const rows = Array.from({ length: 8 }, (_, seed) => ({ prompt: ids(long(120, 2)), seed }))
    const { completions } = await engine.generate(rows, { maxTokens: 100, sampling: { temperature: 1 } })
    const ends = (finish: string): readonly number[] =>
      completions.filter((one) => one.finish === finish).map((one) => one.ids.length)
    // The context holds 128 tokens; the last one that is said is not read.
    expect(new Set(ends('context'))).toEqual(new Set([9]))
    expect(ends('context').length + ends('stop').length).toBe(rows.length)
    for (const length of ends('stop')) expect(length).toBeLessThanOrEqual(9)
    await engine.close()
  })
})
