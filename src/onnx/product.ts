/** Matrix products with a constant weight, in whatever form an exporter gives them. */
import { LabError } from '../errors'
import type { Graph } from './graph'
import { intAttribute, type NodeProto } from './proto'

const products = new Set(['MatMul', 'MatMulNBits', 'Gemm', 'FusedMatMul', 'MatMulInteger', 'DynamicQuantizeMatMul'])

/** Whether a node is an operator that multiplies matrices. */
export function isProduct(node: NodeProto): boolean {
  return products.has(node.opType)
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

/** Number of sizes of a product's constant right side. */
export function weightRank(graph: Graph, node: NodeProto): number {
  return intAttribute(node, 'K') === undefined ? weightTensor(graph, node.input[1] ?? '').dims.length : 2
}

/** Name of the initializer that a constant is made from. */
export function weightName(graph: Graph, name: string): string {
  const node = graph.producer.get(graph.source(name))
  return node?.input[0] === undefined ? graph.source(name) : weightName(graph, node.input[0])
}

function weightTensor(graph: Graph, name: string): { dims: number[]; transposed: boolean } {
  for (let transposed = false; ;) {
    const origin = graph.source(name)
    const tensor = graph.initializer.get(origin)
    if (tensor) return { dims: tensor.dims.map(Number), transposed }
    const node = graph.producer.get(origin)
    if (!node || !/^(Transpose|DequantizeLinear)$/.test(node.opType)) return { dims: [], transposed: false }
    if (node.opType === 'Transpose') transposed = !transposed
    name = node.input[0] ?? ''
  }
}

/** The live tensor that a product multiplies, before its activations are quantized. */
export function activation(graph: Graph, node: NodeProto): string {
  for (;;) {
    const name = node.input[0] ?? ''
    const producer = graph.producer.get(name)
    if (!producer || !/^(DynamicQuantizeLinear|QuantizeLinear|DequantizeLinear)$/.test(producer.opType)) return name
    node = producer
  }
}

/** An integer product is scaled back to floats by Cast and Mul; the result of those counts as its output. */
export function productOutput(graph: Graph, node: NodeProto): string {
  const name = node.output[0] ?? ''
  if (node.opType !== 'MatMulInteger') return name
  const cast = graph.consumers.get(name)?.find((n) => n.opType === 'Cast')
  const scale = graph.consumers.get(cast?.output[0] ?? '')?.find((n) => n.opType === 'Mul')
  return scale?.output[0] ?? name
}
