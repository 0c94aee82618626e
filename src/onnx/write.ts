/** Level `write`: what steers the residual stream after each block. */
import type { Graph } from './graph'
import { evenSplit, makeNode, makeValueInfo, type DataType } from './proto'
import type { Sum } from './residual'

/**
 * The stream after block `layer` as it is, under a name of its own.
 * A fused norm has it as its 4th output, which the final norm does not name.
 */
export function nameResidual(graph: Graph, sum: Sum, layer: number): string {
  if (!sum.fused) return sum.node.output[0] ?? ''
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
  readonly layers: number
  readonly width: number
  readonly type: DataType
}

/** Adds the inputs `steer.<l>.b` (and `.U`, `.W` and `steer.mask`), or the packed ones, from which those are cut. */
export function addSteeringInputs(graph: Graph, { level, packed, layers, width, type }: SteeringInputs): void {
  const rows = packed ? 'steer_layers_rows' : 'steer_rows'
  const shapes = {
    b: level === 'affine' ? [rows, 1, width] : packed ? [layers * width] : [width],
    ...(level === 'affine' && { U: [rows, width, 'steer_rank'], W: [rows, 'steer_rank', width] })
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
  const b = `steer.${layer}.b`
  if (sum.node.opType === 'SkipSimplifiedLayerNormalization' && !sum.node.input[3]) {
    while (sum.node.input.length < 3) sum.node.input.push('')
    sum.node.input[3] = b
    graph.consumers.set(b, [sum.node])
    return nameResidual(graph, sum, layer)
  }
  return replaceStream(graph, sum, layer, (stream, steered) => [makeNode('Add', [stream, b], [steered])])
}

/** Adds r' = r + m (b + (r U) W); returns the name of the steered stream. */
export function addAffine(graph: Graph, sum: Sum, layer: number): string {
  const [b, U, W] = ['b', 'U', 'W'].map((part) => `steer.${layer}.${part}`) as [string, string, string]
  const inner = (name: string): string => `azimuth/steer.${layer}.${name}`
  return replaceStream(graph, sum, layer, (stream, steered) => [
    makeNode('MatMul', [stream, U], [inner('projection')]),
    makeNode('MatMul', [inner('projection'), W], [inner('back')]),
    makeNode('Add', [inner('back'), b], [inner('whole')]),
    makeNode('Mul', [inner('whole'), 'steer.mask'], [inner('delta')]),
    makeNode('Add', [stream, inner('delta')], [steered])
  ])
}

/**
 * Puts nodes between the sum and all who take it. For a fused norm the sum is taken out in front of it, and the
 * last of the new nodes, the addition of the change, is left to the norm.
 */
function replaceStream(
  graph: Graph,
  sum: Sum,
  layer: number,
  edit: (stream: string, steered: string) => ReturnType<typeof makeNode>[]
): string {
  if (sum.fused) {
    const stream = `azimuth/stream.${layer}`
    const nodes = edit(stream, '')
    const change = nodes.pop()?.input[1] ?? ''
    const bias = sum.node.opType === 'SkipSimplifiedLayerNormalization' ? 3 : 4
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
  const stream = sum.node.output[0] ?? ''
  const steered = `azimuth/residual.${layer}`
  const nodes = edit(stream, steered)
  graph.redirect(stream, steered)
  graph.insertAfter(sum.node, ...nodes)
  return steered
}
