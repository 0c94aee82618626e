/** Steering and an adapter for every layer, of random numbers from a seed: what they say does not matter here. */
import type { LoraPair } from '../../src/formats/peft'
import type { AdapterSource, Intervention, Steering } from '../../src/lab/api'
import type { GraphInfo } from '../../src/onnx/describe'
import { randomStream } from '../../workers/run/sample'

const floats = (random: () => number, length: number, size: number): Float32Array =>
  Float32Array.from({ length }, () => (random() - 0.5) * size)

/** One intervention at every layer; `affine` needs a rank, which `clamp` uses. Small, so that the text stays text. */
export function steerAll(info: GraphInfo, level: 'add' | 'affine'): Steering {
  const random = randomStream(1)
  const interventions = Array.from({ length: info.layers }, (_, layer): Intervention => {
    const vector = floats(random, info.width, 0.1)
    return level === 'add'
      ? { mode: 'add', layer, vector, coefficient: 0.1 }
      : { mode: 'clamp', layer, vector, value: 0 }
  })
  return { interventions }
}

/** A LoRA adapter on every linear layer, as a graph takes it. */
export function randomPairs(info: GraphInfo, rank: number): LoraPair[] {
  const random = randomStream(2)
  return info.linears.flatMap(({ layer, parts, in: width }) =>
    parts.map(({ module, out }) => {
      const [A, B] = [floats(random, width * rank, 0.002), floats(random, rank * out, 0.002)]
      return { layer, module, inside: module, rank, in: width, out, A, B }
    })
  )
}

/** A LoRA adapter on every linear layer, as PEFT saves it. */
export function randomAdapter(info: GraphInfo, rank: number): AdapterSource {
  const random = randomStream(2)
  const header: Record<string, unknown> = {}
  const blobs: Uint8Array[] = []
  let offset = 0
  const put = (name: string, shape: readonly number[]): void => {
    const data = floats(
      random,
      shape.reduce((product, size) => product * size, 1),
      0.002
    )
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, (offset += data.byteLength)] }
    blobs.push(new Uint8Array(data.buffer))
  }
  for (const { layer, parts, in: width } of info.linears) {
    for (const { module, out } of parts) {
      const base = `base_model.model.model.layers.${layer}.block.${module}`
      put(`${base}.lora_A.weight`, [rank, width])
      put(`${base}.lora_B.weight`, [out, rank])
    }
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true)
  const config = JSON.stringify({ peft_type: 'LORA', r: rank, lora_alpha: rank })
  const files = [
    { path: 'adapter_config.json', blob: new Blob([config]) },
    { path: 'adapter_model.safetensors', blob: new Blob([Buffer.concat([length, text, ...blobs])]) }
  ]
  return { kind: 'files', name: 'random', files }
}
