/** Half-precision conversions of the parity fixtures, made by companion/fixtures/half.py; their weights come from the fixtures. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { toHalf } from '../src/math/half'
import { Graph } from '../src/onnx/graph'
import { DataLocation, encodeModel, externalRange, type TensorProto } from '../src/onnx/proto'
import { graphPath, loadFixture } from './fixtures'

export interface HalfFixture {
  readonly fixture: string
  readonly base: 'fp32' | 'q4'
  /** `keep_io_types`: true, false, or a list, which also leaves one block in fp32. */
  readonly mode: 'true' | 'false' | 'list'
  readonly file: string
  /** Largest error of the unedited graph's logits. */
  readonly untouched_logit_error: number
}

const folder = join(dirname(graphPath(loadFixture('llama-genai'), 'fp32')), '../../half')

export const halfFixtures: readonly HalfFixture[] = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))

/** The whole graph in one file. */
export function halfGraph({ fixture, base, file }: HalfFixture): Uint8Array<ArrayBuffer> {
  const path = graphPath(loadFixture(fixture), base)
  const source = new Graph(readFileSync(path)).initializer
  const graph = new Graph(gunzipSync(readFileSync(join(folder, file))))
  for (const tensor of graph.proto.initializer) {
    const kind = externalRange(tensor)?.location
    const from = source.get(tensor.name)
    if (kind === undefined) continue
    if (!from) throw new Error(`${file}: ${tensor.name} is not in ${path}`)
    const bytes = bytesOf(from, dirname(path))
    tensor.dataLocation = DataLocation.DEFAULT
    tensor.externalData = []
    tensor.rawData = kind === 'half' ? new Uint8Array(toHalf(floats(bytes)).buffer) : bytes
  }
  return encodeModel(graph.model)
}

function bytesOf(tensor: TensorProto, beside: string): Uint8Array<ArrayBuffer> {
  const range = externalRange(tensor)
  if (range) return readFileSync(join(beside, range.location)).subarray(range.offset, range.offset + range.length)
  return tensor.floatData.length > 0
    ? new Uint8Array(Float32Array.from(tensor.floatData).buffer)
    : new Uint8Array(tensor.rawData)
}

const floats = (bytes: Uint8Array<ArrayBuffer>): Float32Array => new Float32Array(new Uint8Array(bytes).buffer)
