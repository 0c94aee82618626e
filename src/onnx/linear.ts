/** Finds the linear layers of each block, under the module names that adapters use. */
import { LabError } from '../errors'
import type { Graph } from './graph'
import { intAttribute, type NodeProto } from './proto'

export type Module = 'q_proj' | 'k_proj' | 'v_proj' | 'o_proj' | 'gate_proj' | 'up_proj' | 'down_proj'

export const modules: readonly Module[] = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']

/** One matrix product `y = x W`, which may carry several modules side by side in its columns. */
export interface Linear {
  readonly layer: number
  /** Modules in column order with their widths; one, unless the graph fuses them. */
  readonly parts: readonly { readonly module: Module; readonly out: number }[]
  readonly in: number
  /** Tensor that goes in, before any quantization of activations. */
  readonly x: string
  /** Tensor that comes out, before a bias. */
  readonly y: string
}

const fused: Readonly<Record<string, readonly Module[]>> = {
  qkv_proj: ['q_proj', 'k_proj', 'v_proj'],
  gate_up_proj: ['gate_proj', 'up_proj']
}

const pattern = /layers?\.(\d+)\/.*?(q_proj|k_proj|v_proj|qkv_proj|o_proj|gate_proj|up_proj|gate_up_proj|down_proj)\/.*/

const products = new Set(['MatMul', 'MatMulNBits', 'Gemm', 'FusedMatMul', 'MatMulInteger', 'DynamicQuantizeMatMul'])

/** Every linear layer of every block. @throws LabError `graph` when a block lacks a module */
export function findLinears(graph: Graph, layers: number): Linear[] {
  const found: Linear[] = []
  for (const node of graph.proto.node) {
    const match = products.has(node.opType) ? pattern.exec(node.name) : null
    const [, layer, name] = match ?? []
    if (layer !== undefined && name !== undefined) found.push(linear(graph, node, Number(layer), name))
  }
  for (let layer = 0; layer < layers; layer++) {
    const have = found.filter((l) => l.layer === layer).flatMap((l) => l.parts.map((p) => p.module))
    const missing = modules.filter((m) => !have.includes(m))
    if (missing.length > 0) {
      throw new LabError(
        'graph',
        `block ${layer} has no linear layer named ${missing.join(', ')}, so an adapter cannot be attached: ` +
          `open the model without adapt, or add the names to src/onnx/linear.ts`
      )
    }
  }
  return found
}

function linear(graph: Graph, node: NodeProto, layer: number, name: string): Linear {
  const [rows, columns] = weightShape(graph, node)
  const parts = fused[name]
  const widths = parts ? splitColumns(graph, layer, parts, columns) : [columns]
  const names = parts ?? modules.filter((m) => m === name)
  return {
    layer,
    parts: names.map((module, i) => ({ module, out: widths[i] ?? 0 })),
    in: rows,
    x: activation(graph, node),
    y: productOutput(graph, node)
  }
}

/** [in, out] of a matrix product with a constant right side. */
export function weightShape(graph: Graph, node: NodeProto): [number, number] {
  const K = intAttribute(node, 'K')
  const N = intAttribute(node, 'N')
  if (K !== undefined && N !== undefined) return [K, N]
  const weight = weightTensor(graph, node.input[1] ?? '')
  const [a, b] = weight.dims
  if (a === undefined || b === undefined) {
    throw new LabError('graph', `${node.name} should multiply by a matrix, its weight has ${weight.dims.length} sizes`)
  }
  return weight.transposed !== (intAttribute(node, 'transB') === 1) ? [b, a] : [a, b]
}

function weightTensor(graph: Graph, name: string): { dims: number[]; transposed: boolean } {
  const tensor = graph.initializer.get(graph.source(name))
  if (tensor) return { dims: tensor.dims.map(Number), transposed: false }
  const node = graph.producer.get(graph.source(name))
  if (node && /^(Transpose|DequantizeLinear)$/.test(node.opType)) {
    const inner = weightTensor(graph, node.input[0] ?? '')
    return { dims: inner.dims, transposed: inner.transposed !== (node.opType === 'Transpose') }
  }
  return { dims: [], transposed: false }
}

/** The live tensor that a product multiplies, before its activations are quantized. */
export function activation(graph: Graph, node: NodeProto): string {
  const name = node.input[0] ?? ''
  const producer = graph.producer.get(name)
  const quantizes = producer && /^(DynamicQuantizeLinear|QuantizeLinear|DequantizeLinear)$/.test(producer.opType)
  return quantizes ? activation(graph, producer) : name
}

/** An integer product is scaled back to floats by Cast and Mul; the result of those counts as its output. */
function productOutput(graph: Graph, node: NodeProto): string {
  const name = node.output[0] ?? ''
  if (node.opType !== 'MatMulInteger') return name
  const cast = graph.consumers.get(name)?.find((n) => n.opType === 'Cast')
  const scale = graph.consumers.get(cast?.output[0] ?? '')?.find((n) => n.opType === 'Mul')
  return scale?.output[0] ?? name
}

function splitColumns(graph: Graph, layer: number, parts: readonly Module[], columns: number): number[] {
  if (parts.length === 2) return [columns / 2, columns / 2]
  const attention = graph.proto.node.find(
    (n) => n.opType === 'GroupQueryAttention' && n.output[1] === `present.${layer}.key`
  )
  const heads = attention && intAttribute(attention, 'num_heads')
  const kvHeads = attention && intAttribute(attention, 'kv_num_heads')
  if (heads === undefined || kvHeads === undefined) {
    throw new LabError(
      'graph',
      `block ${layer} fuses q, k and v but has no GroupQueryAttention that says how to split them`
    )
  }
  const head = columns / (heads + 2 * kvHeads)
  return [heads * head, kvHeads * head, kvHeads * head]
}
