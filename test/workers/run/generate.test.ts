/** Rows that are done leave the batch, and nobody can tell from what the others say. */
import { describe, expect, it, vi } from 'vitest'
import type { GenerateResult, Steering, TokenEvent } from '../../../src/lab/api'
import { generate, type Control } from '../../../workers/run/generate'
import { nodeHost } from '../../../workers/host/host-node'
import { openModel } from '../../../workers/open'
import { PrefixStore } from '../../../workers/run/prefix'
import { fixtureFiles, ids, openFixture } from '../fixture-host'

const options = { maxTokens: 40, sampling: { temperature: 1 } }
const prompt = [3, 17, 42, 8, 61, 29, 77, 5, 33, 12, 50]

interface Run extends GenerateResult {
  readonly events: readonly TokenEvent[]
  /** Rows of each step. */
  readonly sizes: readonly number[]
}

/** 24 rows of one prompt, or of two, with two kinds of steering. `steered` gets other steering after its fourth token. */
async function run(
  name: string,
  prompts: readonly (readonly number[])[],
  { idle, steered }: { readonly idle?: number; readonly steered?: number } = {}
): Promise<Run> {
  const host = fixtureFiles(name)
  const files = await host.files({ kind: 'folder', path: name }, () => undefined)
  const model = await openModel(host, files, { dtype: 'fp32' }, () => undefined)
  const steering = [null, steerBy(1, model.info.width), steerBy(2, model.info.width)]
  const rows = Array.from({ length: 24 }, (_, i) => ({ ids: prompts[i % prompts.length] ?? [], seed: i }))
  const control: Control = { steering: rows.map((_, i) => steering[i % 3] ?? null), stopped: false }
  const spy = vi.spyOn(model.session, 'run')
  const events: TokenEvent[] = []
  const generator = {
    ...model,
    // A quarter of all tokens end an answer.
    stop: new Set(Array.from({ length: model.info.vocabulary }, (_, id) => id).filter((id) => id % 4 === 0)),
    host: nodeHost,
    prefixes: new PrefixStore(model.session, model.runtime),
    contextLength: model.info.contextLength,
    ...(idle !== undefined && { idle })
  }
  let steps = 0
  const result = await generate(generator, rows, options, control, (some) => {
    events.push(...some)
    if (++steps === 4 && steered !== undefined) {
      control.steering = control.steering.with(steered, steerBy(5, model.info.width))
    }
  })
  const sizes = spy.mock.calls.map(([{ tokens }]) => tokens.length).filter((size) => size > 1)
  await model.session.close()
  return { ...result, events, sizes }
}

function steerBy(seed: number, width: number): Steering {
  const vector = Float32Array.from({ length: width }, (_, i) => Math.sin(seed + i))
  return { interventions: [{ mode: 'add', layer: 1, vector, coefficient: 4 }], positions: 'generated' }
}

describe.each(['llama-genai', 'ministral3-split', 'gemma2-optimum', 'qwen2-optimum'])('%s', (name) => {
  it.each([
    ['one prompt', [prompt]],
    ['two prompts', [prompt, prompt.slice(4)]]
  ])('says the same with and without, %s', async (_, prompts) => {
    const whole = await run(name, prompts, { idle: Infinity })
    const left = await run(name, prompts)
    expect(new Set(whole.sizes)).toEqual(new Set([24]))
    expect(left.sizes.length).toBe(whole.sizes.length)
    expect(left.sizes.at(-1)).toBeLessThanOrEqual(4)
    expect(left.completions.map(({ text, ids, finish }) => ({ text, ids, finish }))).toEqual(
      whole.completions.map(({ text, ids, finish }) => ({ text, ids, finish }))
    )
    left.completions.forEach(({ logProbabilities }, row) =>
      logProbabilities.forEach((x, i) => expect(x).toBeCloseTo(whole.completions[row]?.logProbabilities[i] ?? NaN, 4))
    )
  })

  it('tells of each token under the number of its row', async () => {
    const { completions, events } = await run(name, [prompt])
    completions.forEach(({ ids }, row) => {
      expect(events.filter((event) => event.row === row).map(({ id }) => id)).toEqual(ids)
    })
  })
})

it.each(['llama-genai', 'gemma2-genai', 'gemma2-optimum', 'qwen2-optimum'])(
  '%s goes on with the others when a row has filled the context',
  async (name) => {
    const engine = await openFixture(name)
    const rows = [20, 118, 30, 40, 25].map((length) => ({
      prompt: ids(Array.from({ length }, (_, i) => 1 + ((i * 17) % 90)))
    }))
    const greedy = { maxTokens: 40, sampling: { temperature: 0 } }
    const { completions } = await engine.generate(rows, greedy)
    expect(completions[1]?.finish).toBe('context')
    for (const [i, row] of rows.entries()) {
      expect(completions[i]?.ids).toEqual((await engine.generate([row], greedy)).completions[0]?.ids)
    }
    await engine.close()
  }
)

it('steers a row by its own number after others have left', async () => {
  const before = await run('llama-genai', [prompt])
  const lengths = before.completions.map(({ ids }) => ids.length)
  const steered = lengths.indexOf(Math.max(...lengths))
  const after = await run('llama-genai', [prompt], { steered })
  expect(after.sizes[4]).toBeLessThan(24)
  const changed = after.completions.flatMap(({ text }, row) => (text === before.completions[row]?.text ? [] : [row]))
  expect(changed).toEqual([steered])
  expect(after.completions[steered]?.ids.slice(0, 4)).toEqual(before.completions[steered]?.ids.slice(0, 4))
})
