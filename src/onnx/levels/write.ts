/** Level `write`: what steers the residual stream after each block. */
import type { Graph } from '../graph'
import {
  DataType,
  evenSplit,
  floatScalar,
  int64Tensor,
  makeCast,
  makeNode,
  makeValueInfo,
  type NodeProto
} from '../proto'
import { streamType, type Sum } from '../residual/residual'

/**
 * The stream after block `layer` as the next one reads it, under a name of its own.
 * A fused norm has it as its 4th output, which the final norm does not name.
 */
export function nameResidual(graph: Graph, sum: Sum, layer: number): string {
  if (!sum.fused) return sum.read
  const named = sum.node.output[3]
  if (named) return named
  const name = `azimuth/residual.${layer}`
  graph.renameOutput(sum.node, 3, name)
  return name
}

/** What the inputs of steering are like. */
export interface SteeringInputs {
  readonly level: 'add' | 'affine'
  readonly packed: boolean
  readonly keep: boolean
  readonly layers: number
  readonly width: number
  readonly type: DataType
}

/** Adds the inputs `steer.<l>.b` (and `.U`, `.W`, `.keep` and `steer.mask`), or the packed ones, from which those are cut. */
export function addSteeringInputs(graph: Graph, { level, packed, keep, layers, width, type }: SteeringInputs): void {
  const rows = packed ? 'steer_layers_rows' : 'steer_rows'
  const shapes = {
    b: level === 'affine' ? [rows, 1, width] : packed ? [layers * width] : [width],
    ...(level === 'affine' && { U: [rows, width, 'steer_rank'], W: [rows, 'steer_rank', width] }),
    ...(keep && { keep: [rows, 1, 1] })
  }
  if (level === 'affine') graph.addInput(makeValueInfo('steer.mask', type, ['batch_size', 'sequence_length', 1]))
  for (const [part, shape] of Object.entries(shapes)) {
    const names = Array.from({ length: layers }, (_, layer) => `steer.${layer}.${part}`)
    if (!packed) for (const name of names) graph.addInput(makeValueInfo(name, type, shape))
    else {
      graph.addInput(makeValueInfo(`steer.${part}`, type, shape))
      graph.prepend(evenSplit(graph.opset, `steer.${part}`, names, 0))
    }
  }
}

/** Adds `steer.<l>.b [width]` to the stream; returns the name of the steered stream. */
export function addBias(graph: Graph, sum: Sum, layer: number): string {
  const b = graph.as(`steer.${layer}.b`, streamType(graph, sum))
  if (sum.fused) {
    const slot = biasSlot(sum.node)
    const own = sum.node.input[slot]
    const total = `azimuth/bias.${layer}`
    if (own) graph.insertBefore(sum.node, makeNode('Add', [own, b], [total]))
    while (sum.node.input.length < slot) sum.node.input.push('')
    sum.node.input[slot] = own ? total : b
    if (!own) graph.consumers.set(b, [sum.node])
    return nameResidual(graph, sum, layer)
  }
  return replaceStream(graph, sum, layer, (stream, steered) => [makeNode('Add', [stream, b], [steered])])
}

/**
 * Adds r' = r + m (b + (r U) W); returns the name of the steered stream.
 * @param keep adds `steer.<l>.keep`, too
 */
export function addAffine(graph: Graph, sum: Sum, layer: number, keep: boolean): string {
  const type = streamType(graph, sum)
  const input = (part: string): string => graph.as(`steer.${layer}.${part}`, type)
  const inner = (name: string): string => `azimuth/steer.${layer}.${name}`
  const delta = inner('delta')
  return replaceStream(graph, sum, layer, (stream, steered) => [
    makeNode('MatMul', [stream, input('U')], [inner('projection')]),
    makeNode('MatMul', [inner('projection'), input('W')], [inner('back')]),
    makeNode('Add', [inner('back'), input('b')], [inner('whole')]),
    makeNode('Mul', [inner('whole'), graph.as('steer.mask', type)], [delta]),
    ...(keep ? keepLength(graph, { stream, delta, layer, type, scale: input('keep') }) : []),
    makeNode('Add', [stream, keep ? inner('kept') : delta], [steered])
  ])
}

/**
 * The change that also brings s = r + delta back to |r|: kept = delta + k (|r| / |s| - 1) s, so that k = 0 leaves delta
 * as it is, to the bit. Lengths are taken in float32, since squares overflow in half precision.
 */
function keepLength(
  graph: Graph,
  { stream, delta, layer, type, scale }: { stream: string; delta: string; layer: number; type: DataType; scale: string }
): NodeProto[] {
  const half = type !== DataType.FLOAT
  const inner = (name: string): string => `azimuth/steer.${layer}.${name}`
  const one = graph.addInitializer(floatScalar('azimuth/one', 1))
  // Padding may embed to zeros: no length is divided by nothing. Lost in the rounding of any other.
  const tiny = graph.addInitializer(floatScalar('azimuth/tiny', 1e-30))
  const ratio = inner('ratio')
  return [
    makeNode('Add', [stream, delta], [inner('sum')]),
    ...meanSquare(graph, stream, inner('before'), half),
    ...meanSquare(graph, inner('sum'), inner('after'), half),
    makeNode('Add', [inner('after'), tiny], [inner('positive')]),
    makeNode('Div', [inner('before'), inner('positive')], [inner('squares')]),
    makeNode('Sqrt', [inner('squares')], [inner('lengths')]),
    makeNode('Sub', [inner('lengths'), one], [half ? `${ratio}.wide` : ratio]),
    ...(half ? [makeCast(`${ratio}.wide`, ratio, type)] : []),
    makeNode('Mul', [ratio, scale], [inner('amount')]),
    makeNode('Mul', [inner('sum'), inner('amount')], [inner('correction')]),
    makeNode('Add', [delta, inner('correction')], [inner('kept')])
  ]
}

/** Mean of the squares along the last axis, `[B, S, 1]`, float32. */
function meanSquare(graph: Graph, tensor: string, out: string, half: boolean): NodeProto[] {
  const wide = half ? `${out}.wide` : tensor
  // From version 18 of the operators on, axes are an input.
  const axes = graph.opset >= 18 ? [graph.addInitializer(int64Tensor('azimuth/last', [-1]))] : []
  return [
    ...(half ? [makeCast(tensor, wide, DataType.FLOAT)] : []),
    makeNode('Mul', [wide, wide], [`${out}.square`]),
    makeNode('ReduceMean', [`${out}.square`, ...axes], [out], {
      ...(axes.length === 0 && { axes: [-1] }),
      keepdims: { int: 1 }
    })
  ]
}

/**
 * Puts nodes between the sum and all who take it. For a fused norm the sum is taken out in front of it, and the
 * last of the new nodes, the addition of the change, is left to the norm.
 */
function replaceStream(
  graph: Graph,
  sum: Sum,
  layer: number,
  edit: (stream: string, steered: string) => NodeProto[]
): string {
  if (sum.fused) {
    const stream = `azimuth/stream.${layer}`
    const nodes = edit(stream, '')
    const change = nodes.pop()?.input[1] ?? ''
    const bias = biasSlot(sum.node)
    const parts = [sum.node.input[0] ?? '', sum.node.input[1] ?? '']
    const total = sum.node.input[bias]
    const sums = total
      ? [makeNode('Add', parts, [`${stream}.unbiased`]), makeNode('Add', [`${stream}.unbiased`, total], [stream])]
      : [makeNode('Add', parts, [stream])]
    if (total) sum.node.input[bias] = ''
    graph.insertBefore(sum.node, ...sums, ...nodes)
    sum.node.input[0] = stream
    sum.node.input[1] = change
    return nameResidual(graph, sum, layer)
  }
  const { stream, read } = sum
  const steered = `azimuth/residual.${layer}`
  graph.redirect(stream, steered)
  graph.insertAfter(graph.producer.get(stream) ?? sum.node, ...edit(stream, steered))
  return read === stream ? steered : read
}

/** Which input of a fused norm is added to its sum, one number for each of the width. */
function biasSlot(node: NodeProto): number {
  return node.opType === 'SkipSimplifiedLayerNormalization' ? 3 : 4
}
