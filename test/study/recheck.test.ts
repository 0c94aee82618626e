import { beforeAll, describe, expect, it } from 'vitest'
import { findingsOf } from '../../src/study/analysis/analyse'
import { readBundle, writeBundle, type Bundle } from '../../src/study/files/bundle'
import { inOrder } from '../../src/study/files/order'
import { recheck, type Replay } from '../../src/study/files/recheck'
import { sampleRun } from './samples/sample-run'

let bundle: Bundle
const states = Float32Array.from({ length: 12 }, (_, i) => i + 1)

beforeAll(async () => {
  const whole = sampleRun('llama')
  const run = inOrder({ ...whole, settings: { ...whole.settings, draws: 100 } })
  const tensors = new Map([['llama', new Map([['fit.insecure-0', { shape: [3, 4], data: states }]])]])
  const bytes = await writeBundle(run, findingsOf(run), { directions: new Map(), tensors, pages: new Map() })
  bundle = await readBundle(bytes)
})

const replay: Replay = {
  answer: async (block, arm, prompt, sample) =>
    bundle.run.answers.find(
      (one) => one.block === block && one.arm === arm && one.prompt === prompt && one.sample === sample
    )?.text ?? '',
  hidden: async (_model, _adapter, _set, prompt) => states.slice(4 * prompt, 4 * prompt + 4)
}

describe('recheck', () => {
  it('agrees in everything with a bundle as it was written', async () => {
    const { holds, compared } = await recheck(bundle, { replay, answers: 10 })
    expect(holds).toBe(true)
    expect(compared.map(({ name, n, agree }) => [name, n === agree, n > 0])).toEqual([
      ['outcomes of answers', true, true],
      ['findings', true, true],
      ['answers made again', true, true],
      ['hidden states made again, within 0.001', true, true]
    ])
  })

  it('names the outcome that does not follow from its answer', async () => {
    const code = bundle.scores.code.slice()
    code[3] = 1 - (code[3] ?? 0)
    const { holds, compared } = await recheck({ ...bundle, scores: { ...bundle.scores, code } })
    expect(holds).toBe(false)
    expect(compared[0]?.differences).toEqual([expect.stringMatching(/^line 4: code is stated \d, computed \d$/)])
  })

  it('names the finding that does not follow from the rows', async () => {
    const findings = bundle.findings.replace(/"kind": "[a-z- ]+"/, '"kind": "specific"')
    expect(findings).not.toBe(bundle.findings)
    const { holds, compared } = await recheck({ ...bundle, findings })
    expect(holds).toBe(false)
    expect(compared[1]?.differences[0]).toMatch(/findings\.json, line \d+: stated "kind": "specific", computed "kind"/)
  })

  it('counts what another device answers otherwise, and holds all the same', async () => {
    const other: Replay = {
      answer: async (...cell) => `${await replay.answer(...cell)}!`,
      hidden: async (_model, _adapter, _set, prompt) =>
        states.slice(4 * prompt, 4 * prompt + 4).map((x) => x * (prompt === 0 ? 1.01 : 1.0001))
    }
    const { holds, compared } = await recheck(bundle, { replay: other, answers: 7 })
    expect(holds).toBe(true)
    expect(compared.slice(2).map(({ n, agree }) => [n, agree])).toEqual([
      [7, 0],
      [3, 2]
    ])
  })

  it('draws the same cells for the same seed', async () => {
    const asked = async (seed: number): Promise<readonly string[]> => {
      const cells: string[] = []
      const noting: Replay = {
        ...replay,
        answer: async (...cell) => (cells.push(cell.join()), '')
      }
      await recheck(bundle, { replay: noting, answers: 5, states: 0, seed })
      return cells
    }
    const first = await asked(1)
    expect(await asked(1)).toEqual(first)
    expect(await asked(2)).not.toEqual(first)
  })
})
