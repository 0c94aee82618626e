/**
 * Integer weights as fp32, the same numbers at four bytes a weight. Used where a runtime has no fast kernel
 * for them (ORT-web's WASM decodes int4 13 times slower than fp32).
 */
import { LabError } from '../errors'
import type { Graph } from './graph'
import {
  DataType,
  externalRange,
  intAttribute,
  makeExternal,
  makeNode,
  makeTensor,
  type NodeProto,
  type TensorProto
} from './proto'

/** Reads `length` bytes at `offset` of a weight file, as a view where possible. */
export type ReadWeights = (location: string, offset: number, length: number) => Uint8Array

/** Weights of a model that lie in memory, by the name that the graph calls them. */
export interface WeightFile {
  /** Name that the graph refers to. */
  readonly path: string
  readonly data: Uint8Array
}

/** Nodes that can be expanded: int4 or int8 blocks with fp32 scales. */
export function expandable(graph: Graph): NodeProto[] {
  return graph.proto.node.filter((node) => {
    const scales = graph.initializer.get(node.input[2] ?? '')
    return node.opType === 'MatMulNBits' && scales?.dataType === DataType.FLOAT && !node.input[4]
  })
}

/** Bytes that the expanded weights take. */
export function expandedSize(graph: Graph): number {
  return expandable(graph).reduce(
    (sum, node) => sum + 4 * (intAttribute(node, 'K') ?? 0) * (intAttribute(node, 'N') ?? 0),
    0
  )
}

/** Replaces each MatMulNBits by a product with an fp32 matrix `[N, K]`, whose bytes are returned file by file. */
export function expandInt4(graph: Graph, read: ReadWeights): WeightFile[] {
  const files = expandable(graph).map((node, index) => {
    const K = intAttribute(node, 'K') ?? 0
    const N = intAttribute(node, 'N') ?? 0
    const bits = intAttribute(node, 'bits') ?? 4
    const block = intAttribute(node, 'block_size') ?? 32
    const bytes = (slot: number): Uint8Array | undefined => {
      const tensor = graph.initializer.get(node.input[slot] ?? '')
      return tensor && tensorBytes(tensor, read)
    }
    const packed = bytes(1)
    const scales = bytes(2)
    if (!packed || !scales || (bits !== 4 && bits !== 8)) {
      throw new LabError('graph', `${node.name}: int4 or int8 weights were expected, got ${bits} bits`)
    }
    requirePacked({ K, N, bits, block, packed: packed.length, scales: scales.length / 4 }, node.name)
    const weight = dequantize({ K, N, bits, block, packed, scales: floats(scales), zeroPoints: bytes(3) })
    const path = `expanded.${index}`
    const name = `azimuth/${node.input[1] ?? ''}/expanded`
    const file = new Uint8Array(weight.buffer)
    graph.addInitializer(makeExternal(matrix(name, N, K), path, 0, file.byteLength))
    graph.replace(
      node,
      Object.assign(makeNode('FusedMatMul', [node.input[0] ?? '', name], node.output, { transB: { int: 1 } }), {
        name: node.name,
        domain: 'com.microsoft'
      })
    )
    return { path, data: file }
  })
  graph.dropUnused()
  return files
}

/** The file's own numbers say how much is allocated: they must be what its bytes hold. @throws LabError `graph` */
function requirePacked(
  sizes: { readonly [name in 'K' | 'N' | 'bits' | 'block' | 'packed' | 'scales']: number },
  name: string
): void {
  const { K, N, bits, block, packed, scales } = sizes
  const blocks = N * Math.ceil(K / block)
  const isWhole = K > 0 && N > 0 && block > 0 && packed === (blocks * block * bits) / 8 && scales === blocks
  if (isWhole) return
  throw new LabError(
    'graph',
    `${name.slice(0, 100)}: [${K}, ${N}] weights of ${bits} bits in blocks of ${block} do not fit ${packed} bytes and ${scales} scales: fetch the file again`
  )
}

interface Blocks {
  readonly K: number
  readonly N: number
  readonly bits: 4 | 8
  /** Weights that share one scale. */
  readonly block: number
  /** [N][K / block][block * bits / 8], low nibble first */
  readonly packed: Uint8Array
  /** [N][K / block] */
  readonly scales: Float32Array
  /** [N][ceil(K / block * bits / 8)]; absent means 8 or 128 */
  readonly zeroPoints: Uint8Array | undefined
}

/** `[N][K]` floats: (q - zero) * scale, as ONNX Runtime's MatMulNBits defines it. */
export function dequantize({ K, N, bits, block, packed, scales, zeroPoints }: Blocks): Float32Array<ArrayBuffer> {
  const out = new Float32Array(N * K)
  const blocks = Math.ceil(K / block)
  const blockBytes = (block * bits) / 8
  const zeroBytes = Math.ceil((blocks * bits) / 8)
  for (let n = 0; n < N; n++) {
    for (let j = 0; j < blocks; j++) {
      const scale = scales[n * blocks + j] ?? 0
      const zero = zeroPoint(zeroPoints, n * zeroBytes, j, bits)
      const from = (n * blocks + j) * blockBytes
      const to = n * K + j * block
      const count = Math.min(block, K - j * block)
      if (bits === 8) for (let i = 0; i < count; i++) out[to + i] = ((packed[from + i] ?? 0) - zero) * scale
      else {
        for (let i = 0; i < count; i += 2) {
          const byte = packed[from + (i >> 1)] ?? 0
          out[to + i] = ((byte & 15) - zero) * scale
          if (i + 1 < count) out[to + i + 1] = ((byte >> 4) - zero) * scale
        }
      }
    }
  }
  return out
}

function zeroPoint(zeroPoints: Uint8Array | undefined, row: number, block: number, bits: 4 | 8): number {
  if (!zeroPoints) return bits === 8 ? 128 : 8
  if (bits === 8) return zeroPoints[row + block] ?? 128
  const byte = zeroPoints[row + (block >> 1)] ?? 0x88
  return block & 1 ? byte >> 4 : byte & 15
}

function tensorBytes(tensor: TensorProto, read: ReadWeights): Uint8Array {
  const range = externalRange(tensor)
  return range ? read(range.location, range.offset, range.length) : tensor.rawData
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer)
}

function matrix(name: string, rows: number, columns: number): TensorProto {
  return makeTensor(name, DataType.FLOAT, [rows, columns])
}
