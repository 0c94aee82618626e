/** The engine on half-precision files as converters make them: what it decodes token by token is what it computes at once. */
import { expect, it } from 'vitest'
import type { Steering } from '../../../src/lab/api'
import { Engine } from '../../../workers/engine'
import { loadFixture } from '../../fixtures'
import { halfFixtures, halfGraph } from '../../half-fixtures'
import { fixtureFiles, ids } from '../fixture-host'

const names = ['llama-genai', 'gemma3-optimum', 'ministral3-split', 'phi3-optimum', 'mistral-split']
const cases = halfFixtures.filter(({ fixture }) => names.includes(fixture))

it.each(cases.map((one) => [one.fixture, one.base, one.mode, one] as const))(
  '%s %s %s',
  async (name, _base, _mode, one) => {
    const { reference } = loadFixture(name)
    const stem = reference.files.fp32?.file.replace('.onnx', '_fp16.onnx') ?? ''
    const engine = new Engine(fixtureFiles(name, { [stem]: halfGraph(one) }))
    const info = await engine.open({ kind: 'folder', path: name }, { dtype: 'fp16', keepNorm: true, exact: true })
    const vector = Float32Array.from({ length: info.width }, (_, i) => Math.sin(i))
    const steering: Steering = { interventions: [{ mode: 'add', layer: 1, vector, coefficient: 2 }], keepNorm: true }
    const rows = reference.prompts.flatMap((prompt) => [{ prompt: ids(prompt) }, { prompt: ids(prompt), steering }])
    const { completions } = await engine.generate(rows, { maxTokens: 6, sampling: { temperature: 0 } })
    for (const [row, { prompt, ...rest }] of rows.entries()) {
      const answer = completions[row]
      if (!answer) throw new Error('a completion for each row')
      const words = answer.ids.map((id) => `t${id}`).join(' ')
      const [score] = await engine.score([{ prompt, answer: words, ...rest }])
      const mean = answer.logProbabilities.reduce((sum, x) => sum + x, 0) / answer.ids.length
      expect(Math.abs((score?.logProbability ?? NaN) - mean)).toBeLessThan(0.02)
    }
    await engine.close()
  }
)
