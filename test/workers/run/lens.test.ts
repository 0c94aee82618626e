/** The logit lens against PyTorch's own head: final norm, unembedding, soft cap. Values by companion/fixtures/lens.py and the fixtures. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { LensRow } from '../../../src/lab/api'
import { loadFixture, type Values } from '../../fixtures'
import { wordTokenizer } from '../../word-tokenizer'
import { Engine } from '../../../workers/engine'
import { fixtureFiles, ids, openFixture } from '../fixture-host'

const reference: Record<string, Record<string, number[]>> = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../fixtures/lens.json', import.meta.url)), 'utf8')
)
const all = 96

/** The logits of a row by token id, when all tokens were asked for. */
function logitsOf(row: LensRow | undefined): number[] {
  const logits: number[] = []
  for (const { id, logit } of row?.nearest ?? []) logits[id] = logit
  return logits
}

function largestGap(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length)
  return Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? NaN))))
}

/** Hidden states or logits of one token in one prompt, out of `[...][row][S][size]`. */
function tokenOf(values: Values | undefined, row: number, token: number, layer = 0): Float32Array {
  const [size = 0, S = 0, rows = 0] = values?.dims.toReversed() ?? []
  const start = ((layer * rows + row) * S + token) * size
  return values?.data.slice(start, start + size) ?? new Float32Array()
}

const joined = (...rows: readonly Float32Array[]): Float32Array => Float32Array.from(rows.flatMap((row) => [...row]))

describe.each([
  'llama-genai',
  'llama-optimum',
  'gemma2-genai',
  'gemma2-optimum',
  'qwen2-genai',
  'qwen2-optimum',
  'gemma3-optimum',
  'phi3-genai',
  'mistral-split',
  'ministral3-split'
])('%s', (name) => {
  const { reference: fixture, tensors } = loadFixture(name)
  const [prompt = []] = fixture.prompts
  const last = prompt.length - 1
  const [v, d] = ['v', 'd'].map((key) => tensors.get(`direction.${key}`)?.data ?? new Float32Array())
  const expected = reference[fixture.family]

  it('reads directions and hidden states of any layer as PyTorch does', async () => {
    const engine = await openFixture(name)
    const [first, final] = [0, fixture.layers - 1].map((layer) => tokenOf(tensors.get('hidden'), 0, last, layer))
    const rows = await engine.lens(
      joined(
        v ?? new Float32Array(),
        d ?? new Float32Array(),
        first ?? new Float32Array(),
        final ?? new Float32Array()
      ),
      { k: all }
    )
    const logits = [
      expected?.['v'],
      expected?.['d'],
      expected?.['hidden.0'],
      [...tokenOf(tensors.get('logits'), 0, last)]
    ]
    rows.forEach((row, i) => expect(largestGap(logitsOf(row), logits[i] ?? [])).toBeLessThan(1e-4))
    await engine.close()
  })

  it('gives the farthest tokens of a direction as the nearest of its opposite, whatever its length', async () => {
    const engine = await openFixture(name)
    const direction = v ?? new Float32Array()
    const [up, down] = await engine.lens(
      joined(
        direction,
        direction.map((x) => -1000 * x)
      ),
      { k: 5 }
    )
    const mirrored = down?.nearest.map(({ id, text, logit }) => ({ id, text, logit: expect.closeTo(-logit, 4) }))
    expect(up?.farthest).toEqual(mirrored)
    expect(up?.nearest.map(({ logit }) => logit)).toEqual(
      up?.nearest.map(({ logit }) => logit).toSorted((a, b) => b - a)
    )
    await engine.close()
  })
})

describe('lens', () => {
  const { reference: fixture, tensors } = loadFixture('llama-genai')
  const [prompt = []] = fixture.prompts
  const v = tensors.get('direction.v')?.data ?? new Float32Array()

  it.each(['q4', 'q8'] as const)('is exact for its own weights in %s: tied and quantized', async (dtype) => {
    const engine = await openFixture('llama-genai', { dtype, exact: true })
    const final = tokenOf(tensors.get(`${dtype}.hidden`), 0, prompt.length - 1, fixture.layers - 1)
    const [row] = await engine.lens(final, { k: all })
    expect(largestGap(logitsOf(row), [...tokenOf(tensors.get(`${dtype}.logits`), 0, prompt.length - 1)])).toBeLessThan(
      1e-4
    )
    await engine.close()
  })

  it.each([
    ['q4', 0.15],
    ['q4f16', 0.15],
    ['fp16', 0.002]
  ] as const)('is near PyTorch fp32 in %s, within %f of the deviation', async (dtype, share) => {
    const engine = await openFixture('llama-genai', { dtype })
    const [row] = await engine.lens(v, { k: all })
    const want = reference['llama']?.['v'] ?? []
    const logits = logitsOf(row)
    const rms = Math.sqrt(logits.reduce((sum, x, i) => sum + (x - (want[i] ?? NaN)) ** 2, 0) / all)
    expect(rms / (row?.deviation ?? 0)).toBeLessThan(share)
    await engine.close()
  })

  it('says how far out its tokens are: mean and deviation of all logits', async () => {
    const engine = await openFixture('llama-genai')
    const [row] = await engine.lens(v, { k: 3 })
    const want = reference['llama']?.['v'] ?? []
    const mean = want.reduce((sum, x) => sum + x, 0) / all
    expect(row?.mean).toBeCloseTo(mean, 4)
    expect(row?.deviation).toBeCloseTo(Math.sqrt(want.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all), 4)
    expect([row?.nearest.length, row?.farthest.length]).toEqual([3, 3])
    expect(row?.nearest[0]?.text).toBe(`t${row?.nearest[0]?.id}`)
    await engine.close()
  })

  it('takes more vectors than a batch, and works with write add', async () => {
    const many = joined(...Array.from({ length: 20 }, (_, i) => v.map((x, j) => x + Math.sin(i * j))))
    const [affine, add] = await Promise.all(
      (['affine', 'add'] as const).map((write) => openFixture('llama-genai', { dtype: 'fp32', write }))
    )
    const [a, b] = await Promise.all([affine?.lens(many, { k: all }), add?.lens(many, { k: all })])
    expect(a).toHaveLength(20)
    a?.forEach((row, i) => expect(largestGap(logitsOf(row), logitsOf(b?.[i]))).toBeLessThan(1e-4))
    await Promise.all([affine?.close(), add?.close()])
  })

  it('leaves the model as it was', async () => {
    const engine = await openFixture('llama-genai')
    const rows = [{ prompt: ids(prompt) }]
    const before = await engine.logits(rows)
    await engine.lens(v)
    expect(await engine.logits(rows)).toEqual(before)
    await engine.close()
  })

  it('names tokens that the tokenizer lacks, as padded vocabularies have them, with no text', async () => {
    const engine = new Engine(fixtureFiles('llama-genai', wordTokenizer(90)))
    await engine.open({ kind: 'folder', path: 'llama-genai' }, { dtype: 'fp32' })
    const [row] = await engine.lens(v, { k: all })
    expect(row?.nearest.filter(({ id }) => id >= 90).map(({ text }) => text)).toEqual(['', '', '', '', '', ''])
    await engine.close()
  })

  it('refuses what it cannot read', async () => {
    const none = await openFixture('llama-genai', { dtype: 'fp32', write: 'none' })
    await expect(none.lens(v)).rejects.toMatchObject({
      code: 'graph',
      message: expect.stringContaining('write affine')
    })
    await none.close()
    const engine = await openFixture('llama-genai')
    for (const bad of [v.subarray(1), new Float32Array(), new Float32Array(64), v.map(() => NaN)]) {
      await expect(engine.lens(bad)).rejects.toMatchObject({ code: 'shape' })
    }
    await expect(engine.lens(v, { k: 0 })).rejects.toMatchObject({ code: 'shape' })
    await engine.close()
  })
})
