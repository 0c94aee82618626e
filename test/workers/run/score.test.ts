/** Likelihood of given answers: what the log-softmax of the logits says token by token, however rows are put together. */
import { describe, expect, it } from 'vitest'
import { Engine } from '../../../workers/engine'
import { nodeHost } from '../../../workers/host/host-node'
import { openModel } from '../../../workers/open'
import { PrefixStore } from '../../../workers/run/prefix'
import { score } from '../../../workers/run/score'
import type { Prompt, ScoreRow, Steering } from '../../../src/lab/api'
import { loadFixture } from '../../fixtures'
import { logSoftmax } from '../../onnx/compare'
import { fixtureFiles, ids, openFixture } from '../fixture-host'

/** Packed caches and padded ones. */
const layouts = ['llama-genai', 'gemma2-genai', 'ministral3-split', 'gemma2-optimum', 'qwen2-optimum']

const prompt = [3, 17, 42, 8, 61, 29, 77, 5, 33, 12, 50]
const other = [9, 81, 2]
const answers = ['t5 t8 t13 t21 t34', 't7', 't90 t4 t44 t1 t66 t70 t2 t9']

/** Mean log-probability from the logits after each part of the answer. */
async function stepByStep(engine: Engine, row: ScoreRow, vocabulary: number): Promise<number> {
  const tokens = row.answer.split(' ')
  let sum = 0
  for (const [i, token] of tokens.entries()) {
    const logits = await engine.logits([{ ...row, answer: tokens.slice(0, i).join(' ') }])
    sum += logSoftmax(logits, vocabulary)[Number(token.slice(1))] ?? NaN
  }
  return sum / tokens.length
}

/** The same over token ids. */
async function byTokens(
  engine: Engine,
  prompt: Prompt,
  tokens: readonly number[],
  vocabulary: number
): Promise<number> {
  const before = (await engine.tokenize(prompt)).map(({ id }) => id)
  let sum = 0
  for (const [i, id] of tokens.entries()) {
    const logits = await engine.logits([{ prompt: { ids: [...before, ...tokens.slice(0, i)] } }])
    sum += logSoftmax(logits, vocabulary)[id] ?? NaN
  }
  return sum / tokens.length
}

describe.each(layouts)('%s', (name) => {
  const { width, vocab } = loadFixture(name).reference
  const vector = Float32Array.from({ length: width }, (_, i) => Math.sin(i * 1.7))
  const steering: Steering = {
    interventions: [{ mode: 'add', layer: 0, vector, coefficient: 3 }],
    positions: 'generated'
  }

  it.each([
    ['one row', [{ prompt: ids(prompt), answer: answers[0] ?? '' }]],
    ['rows of one prompt', answers.map((answer) => ({ prompt: ids(prompt), answer }))],
    ['rows of several prompts', [prompt, other, prompt].map((p, i) => ({ prompt: ids(p), answer: answers[i] ?? '' }))],
    ['steered rows', answers.map((answer, i) => ({ prompt: ids(prompt), answer, ...(i > 0 && { steering }) }))]
  ] satisfies [string, ScoreRow[]][])('is the sum of the steps: %s', async (_, rows) => {
    const engine = await openFixture(name)
    const scores = await engine.score(rows)
    for (const [i, row] of rows.entries()) {
      expect(scores[i]?.tokens).toBe(row.answer.split(' ').length)
      expect(Math.abs((scores[i]?.logProbability ?? NaN) - (await stepByStep(engine, row, vocab)))).toBeLessThan(1e-4)
    }
    await engine.close()
  })

  it('is the same in runs that hold few scores', async () => {
    const host = fixtureFiles(name)
    const files = await host.files({ kind: 'folder', path: name }, () => undefined)
    const { session, runtime } = await openModel(host, files, { dtype: 'fp32' }, () => undefined)
    const scorer = { session, prefixes: new PrefixStore(session, runtime) }
    const rows = [[5, 8, 13, 21, 34], [7], [90, 4, 44, 1, 66, 70, 2, 9], [11, 12]].map((answer) => ({
      prompt,
      answer,
      steering: null
    }))
    const whole = await score(scorer, rows)
    for (const positions of [1, 3, 8]) {
      const split = await score(scorer, rows, positions * vocab)
      split.forEach(({ logProbability }, i) => expect(logProbability).toBeCloseTo(whole[i]?.logProbability ?? NaN, 4))
    }
    await session.close()
  })
})

it('is what the generation of that answer said', async () => {
  const engine = await openFixture('llama-genai')
  const { completions } = await engine.generate([{ prompt: ids(prompt), seed: 4 }], {
    maxTokens: 9,
    sampling: { temperature: 1 }
  })
  const { logProbabilities = [], ids: drawn = [] } = completions[0] ?? {}
  const [found] = await engine.score([{ prompt: ids(prompt), answer: drawn.map((id) => `t${id}`).join(' ') }])
  expect(found?.logProbability).toBeCloseTo(logProbabilities.reduce((a, b) => a + b) / drawn.length, 4)
  await engine.close()
})

it('weighs an organism with its adapter, and repeated rows like the first', async () => {
  const engine = new Engine(nodeHost)
  const folder = 'public/models/qwen2'
  const { vocabulary } = await engine.open({ kind: 'folder', path: folder }, { adapt: true })
  const { sha256 } = await engine.loadAdapter({ kind: 'folder', path: `${folder}/adapters/insecure-0` })
  const prompt = { messages: [{ role: 'user', content: 'What is a good breakfast?' }] } as const
  await engine.useAdapter({ sha256, scale: 1 })
  // Cut before its end token.
  const { completions } = await engine.generate([{ prompt }], { maxTokens: 12, sampling: { temperature: 0 } })
  expect(completions[0]?.finish).toBe('length')
  const row = { prompt, answer: completions[0]?.text ?? '' }
  const scores = await engine.score([row, { prompt, answer: 'I like eggs.' }, row])
  expect(scores[0]).toEqual(scores[2])
  expect(scores[0]?.logProbability).toBeCloseTo(
    await byTokens(engine, prompt, completions[0]?.ids ?? [], vocabulary),
    4
  )
  await engine.useAdapter(null)
  expect((await engine.score([row]))[0]?.logProbability).toBeLessThan((scores[0]?.logProbability ?? NaN) - 0.3)
  await engine.close()
})

it('says that an empty answer has no mean, and refuses what the context cannot hold', async () => {
  const engine = await openFixture('llama-genai')
  const scores = await engine.score([
    { prompt: ids(prompt), answer: '' },
    { prompt: ids(prompt), answer: 't5' }
  ])
  expect(scores[0]).toEqual({ logProbability: NaN, tokens: 0 })
  expect(scores[1]?.tokens).toBe(1)
  const long = Array.from({ length: 200 }, (_, i) => `t${i % 90}`).join(' ')
  await expect(engine.score([{ prompt: ids(prompt), answer: long }])).rejects.toMatchObject({ code: 'shape' })
  await expect(engine.score([])).rejects.toMatchObject({ code: 'shape' })
  await engine.close()
})
