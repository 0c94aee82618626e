/** No row of a batch changes what another one says, however extreme it is or how long. */
import { describe, expect, it } from 'vitest'
import { hiddenState } from '../../../src/direction/hidden-states'
import type { CaptureRow, Dtype, Steering } from '../../../src/lab/api'
import { loadFixture } from '../../fixtures'
import { largestDifference } from '../../onnx/compare'
import { ids, openFixture } from '../fixture-host'

const cases = ['llama-genai', 'llama-optimum', 'gemma2-optimum'].flatMap((name) =>
  Object.keys(loadFixture(name).reference.files).map((dtype) => [name, dtype as Dtype] as const)
)
/** Of |x| at most: a batch is summed in another order than a row, which half precision and int8 levels make visible. */
const rounding: Readonly<Record<Dtype, number>> = { fp32: 1e-5, q4: 2e-2, q8: 1e-5, fp16: 1e-2, q4f16: 3e-2 }

describe.each(cases)('%s %s', (name, dtype) => {
  const [first = [], second = []] = loadFixture(name).reference.prompts

  it('is as alone beside a neighbour that is steered out of all bounds, and beside a longer one', async () => {
    const engine = await openFixture(name, { dtype })
    const { width } = await engine.capture([{ prompt: ids(second) }], 'last')
    const vector = Float32Array.from({ length: width }, (_, i) => (i % 3 ? 1 : -1))
    const wild: Steering = { interventions: [{ mode: 'add', layer: 0, vector, coefficient: 300 }] }
    const row: CaptureRow = { prompt: ids(second) }
    const calm = await engine.logits([row, { prompt: ids(second) }])
    const size = calm.length / 2
    const alone = calm.subarray(0, size)
    const neighbours: CaptureRow[] = [
      { prompt: ids(second), steering: wild },
      { prompt: ids(first) },
      { prompt: ids([...first, ...first, ...first]), steering: wild }
    ]
    const scale = Math.max(...alone.map(Math.abs))
    for (const neighbour of neighbours) {
      const beside = (await engine.logits([row, neighbour])).subarray(0, size)
      expect(largestDifference(beside, alone) / scale).toBeLessThan(rounding[dtype])
    }
    await engine.close()
  })

  it('reads a token as it does without those that follow', async () => {
    const engine = await openFixture(name, { dtype })
    const short = await engine.capture([{ prompt: ids(first.slice(0, 6)) }], 'last')
    const long = await engine.capture([{ prompt: ids(first) }], 'every')
    for (let layer = 0; layer < short.layers; layer++) {
      const [a, b] = [hiddenState(short, layer, 0), hiddenState(long, layer, 5)]
      expect(largestDifference(a, b) / Math.max(...a.map(Math.abs))).toBeLessThan(rounding[dtype])
    }
    await engine.close()
  })
})
