/**
 * Rows of a batch that do not influence each other. DynamicQuantizeLinear takes one scale for a whole batch, so that an
 * extreme token coarsens all others, those before it in its own row among them. Here each token gets a scale of its own,
 * x ~ s (q - 128) with s = max |x| / 127 along the last axis, which is also nearer to what is not quantized.
 */
import type { Graph } from '../graph'
import { DataType, floatScalar, int64Tensor, makeCast, makeNode, uint8Scalar, type NodeProto } from '../proto'

const levels = 127
/** The code of 0. */
const middle = 128

/** Replaces what quantizes a whole batch with one scale by what quantizes each of its tokens. */
export function quantizeByToken(graph: Graph): void {
  for (const node of [...graph.proto.node]) if (node.opType === 'DynamicQuantizeMatMul') split(graph, node)
  for (const node of [...graph.proto.node]) if (node.opType === 'DynamicQuantizeLinear') quantize(graph, node)
}

/** x -> q, scale and zero point, under the names that the node gave them. */
function quantize(graph: Graph, node: NodeProto): void {
  const [x = ''] = node.input
  const [quantized = '', scale = '', zero = ''] = node.output
  const inner = (name: string): string => `azimuth/${quantized}.${name}`
  const one = graph.addInitializer(floatScalar('azimuth/one', 1))
  const most = graph.addInitializer(floatScalar('azimuth/levels', levels))
  // A token of zeros has no largest number to divide by.
  const least = graph.addInitializer(floatScalar('azimuth/least', 1e-30))
  const byToken = multiplied(graph, quantized)
  const largest = byToken ? largestOfToken : largestOfRow
  graph.producer.delete(zero)
  graph.addInitializer(uint8Scalar(zero, middle))
  graph.replace(
    node,
    makeNode('Abs', [x], [inner('sizes')]),
    ...largest(graph, inner('sizes'), inner('largest')),
    makeNode('Max', [inner('largest'), least], [inner('range')]),
    makeNode('Div', [inner('range'), most], [scale]),
    makeNode('Div', [x, scale], [inner('levels')]),
    makeNode('QuantizeLinear', [inner('levels'), one, zero], [quantized])
  )
  for (const user of graph.consumers.get(scale) ?? []) if (user.opType === 'MatMulIntegerToFloat') split(graph, user)
}

/** Whether only products sum over the last axis of a tensor, as its left side. */
function multiplied(graph: Graph, quantized: string): boolean {
  return (graph.consumers.get(quantized) ?? []).every(
    ({ opType, input }) => /^MatMulInteger/.test(opType) && input[0] === quantized && input[1] !== quantized
  )
}

function largestOfToken(graph: Graph, sizes: string, out: string): NodeProto[] {
  // From version 18 of the operator on, axes are an input.
  const axes = graph.opset >= 18 ? [graph.addInitializer(int64Tensor('azimuth/last', [-1]))] : []
  return [makeNode('ReduceMax', [sizes, ...axes], [out], axes.length === 0 ? { axes: [-1] } : {})]
}

/** What a convolution or a product's right side takes mixes the tokens of a row, but not the rows: `[B, 1, ..., 1]`. */
function largestOfRow(graph: Graph, sizes: string, out: string): NodeProto[] {
  const inner = (name: string): string => `${out}.${name}`
  const constant = (name: string, value: number): string =>
    graph.addInitializer(int64Tensor(`azimuth/int.${name}`, [value]))
  return [
    makeNode('Flatten', [sizes], [inner('rows')], { axis: { int: 1 } }),
    ...largestOfToken(graph, inner('rows'), inner('each')),
    makeNode('Shape', [sizes], [inner('shape')]),
    makeNode('Shape', [inner('shape')], [inner('rank')]),
    makeNode('Sub', [inner('rank'), constant('one', 1)], [inner('others')]),
    makeNode('ConstantOfShape', [inner('others')], [inner('ones')], { value: int64Tensor('', [1]) }),
    makeNode('Concat', [constant('rest', -1), inner('ones')], [inner('kept')], { axis: { int: 0 } }),
    makeNode('Reshape', [inner('each'), inner('kept')], [out])
  ]
}

/** Fused products take one scale for a batch: they become the plain operators that they stand for. */
function split(graph: Graph, node: NodeProto): void {
  const dynamic = node.opType === 'DynamicQuantizeMatMul'
  const [y = ''] = node.output
  const inner = (name: string): string => `azimuth/${y}.${name}`
  const [a = '', b = ''] = node.input
  const [aScale = '', bScale = '', aZero = '', bZero = '', bias = ''] = dynamic
    ? [inner('scale'), node.input[2], inner('zero'), node.input[3], node.input[4]]
    : node.input.slice(2)
  const quantized = dynamic ? inner('quantized') : a
  const product = bias ? inner('unbiased') : y
  const nodes = [
    makeNode('MatMulInteger', [quantized, b, aZero, bZero], [inner('sums')]),
    makeCast(inner('sums'), inner('floats'), DataType.FLOAT),
    makeNode('Mul', [aScale, bScale], [inner('scales')]),
    makeNode('Mul', [inner('floats'), inner('scales')], [product]),
    ...(bias ? [makeNode('Add', [product, bias], [y])] : [])
  ]
  const quantizer = dynamic && makeNode('DynamicQuantizeLinear', [a], [quantized, aScale, aZero])
  graph.replace(node, ...(quantizer ? [quantizer] : []), ...nodes)
}
