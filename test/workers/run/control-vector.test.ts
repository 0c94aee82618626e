/** What repeng does with a control vector and what the engine does with the same file: `direction.<n>` is layer n. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { adopt } from '../../../src/direction/files/adopt'
import { readDirections } from '../../../src/direction/files/files'
import { loadFixture } from '../../fixtures'
import { largestDifference } from '../../onnx/compare'
import { ids, openFixture } from '../fixture-host'

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'formats', 'python')
const { coefficient, logits }: { coefficient: number; logits: Record<'none' | 'steered', number[]> } = JSON.parse(
  readFileSync(join(folder, 'repeng.json'), 'utf8')
)
const { reference } = loadFixture('llama-genai')
const [prompt = []] = reference.prompts

describe.each(['llama-genai', 'llama-optimum'])('%s', (name) => {
  it("steers with repeng's file as repeng does", async () => {
    const read = readDirections([
      { name: 'repeng.gguf', bytes: new Uint8Array(readFileSync(join(folder, 'repeng.gguf'))) }
    ])
    const vectors = read.kind === 'vectors' ? read.vectors : []
    const engine = await openFixture(name)
    const model = {
      id: name,
      sha256: '',
      dtype: 'fp32',
      adapter: null,
      layers: reference.layers,
      width: reference.width
    }
    const interventions = (await adopt(vectors, model)).map(({ layer, vector, norm }) => ({
      mode: 'add' as const,
      layer,
      vector,
      coefficient: coefficient * norm
    }))
    const row = { prompt: ids(prompt) }
    expect(largestDifference(await engine.logits([row]), Float32Array.from(logits.none))).toBeLessThan(1e-4)
    const steered = await engine.logits([{ ...row, steering: { interventions } }])
    expect(largestDifference(steered, Float32Array.from(logits.steered))).toBeLessThan(1e-4)
    const moved = interventions.map((one) => ({ ...one, layer: one.layer - 1 }))
    const before = await engine.logits([{ ...row, steering: { interventions: moved } }])
    expect(largestDifference(before, Float32Array.from(logits.steered))).toBeGreaterThan(1)
    await engine.close()
  })
})
