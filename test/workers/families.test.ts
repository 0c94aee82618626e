/** The engine over every small family and layout: greedy tokens, ragged batches, steering, reuse and the end of the context. */
import { describe, expect, it } from 'vitest'
import type { Engine } from '../../workers/engine'
import type { Steering } from '../../src/lab/api'
import { loadFixture, smallFixtureNames } from '../fixtures'
import { largestDifference } from '../onnx/compare'
import { ids, openFixture } from './fixture-host'

const greedy = { maxTokens: 12, sampling: { temperature: 0 } }

describe.each(smallFixtureNames())('%s', (name) => {
  const { reference, tensors } = loadFixture(name)
  const { prompts, layers, width } = reference
  const rows = prompts.map((prompt) => ({ prompt: ids(prompt) }))

  async function withEngine(work: (engine: Engine) => Promise<void>): Promise<void> {
    const engine = await openFixture(name)
    await work(engine).finally(() => engine.close())
  }

  it('answers as PyTorch does, row by row, in a ragged batch, steered, and again from what is kept', () =>
    withEngine(async (engine) => {
      const say = async (some: Parameters<Engine['generate']>[0]): Promise<(readonly number[])[]> =>
        (await engine.generate(some, greedy)).completions.map((completion) => completion.ids)
      const want = untilStop(reference.greedy.none)
      for (const [i, row] of rows.entries()) expect(await say([row])).toEqual([want[i]])
      expect(await say(rows)).toEqual(want)
      const steered = rows.map((row) => ({ ...row, steering: addAblate() }))
      expect(await say([...rows, ...steered])).toEqual([...want, ...untilStop(reference.greedy.add_ablate)])
      for (const [i, row] of rows.entries()) expect(await say([row])).toEqual([want[i]])
      // A conversation that goes on where the last answer ended, and one that goes another way.
      const [first = []] = prompts
      const longer = [...first, ...(want[0] ?? []).slice(0, 3), 7, 9]
      const fresh = await say([{ prompt: ids(longer) }, { prompt: ids(longer.slice(0, 4)) }])
      await say([{ prompt: ids(first) }])
      expect(await say([{ prompt: ids(longer) }])).toEqual([fresh[0]])
      expect(await say([{ prompt: ids([...first.slice(0, 10), 5]) }, { prompt: ids([3, 4]) }])).toHaveLength(2)
    }))

  it('captures a ragged batch as PyTorch has it', () =>
    withEngine(async (engine) => {
      const { data } = await engine.capture(rows, 'last')
      const hidden = tensors.get('hidden')
      const S = hidden?.dims[2] ?? 0
      for (let layer = 0; layer < layers; layer++) {
        prompts.forEach((prompt, row) => {
          const start = ((layer * prompts.length + row) * S + prompt.length - 1) * width
          const want = hidden?.data.subarray(start, start + width) ?? new Float32Array()
          const got = data.subarray((layer * prompts.length + row) * width, (layer * prompts.length + row + 1) * width)
          expect(largestDifference(got, want)).toBeLessThan(1e-4)
        })
      }
    }))

  it('ends an answer where the context is full, and never in an error of the runtime', () =>
    withEngine(async (engine) => {
      const { completions } = await engine.generate(
        [{ prompt: ids(Array.from({ length: 50 }, (_, i) => 1 + ((i * 17) % 40))) }],
        { maxTokens: 100, sampling: { temperature: 0 } }
      )
      const [answer] = completions
      // Tiny models may stop by themselves; else all of the 64 positions are used.
      if (answer?.finish !== 'stop')
        expect(answer).toMatchObject({ finish: name.startsWith('bloom') ? 'length' : 'context' })
    }))

  function addAblate(): Steering {
    const vector = tensors.get('steer.add_ablate.0.b')?.data ?? new Float32Array()
    const d = tensors.get('direction.d')?.data ?? new Float32Array()
    return {
      interventions: [
        { mode: 'add', layer: 0, vector, coefficient: 1 },
        { mode: 'ablate', layer: layers - 1, vector: d }
      ]
    }
  }
})

/** PyTorch decodes on behind the end of an answer, which is token 0 here; the engine does not. */
function untilStop(rows: readonly (readonly number[])[]): (readonly number[])[] {
  return rows.map((row) => (row.includes(0) ? row.slice(0, row.indexOf(0) + 1) : row))
}
