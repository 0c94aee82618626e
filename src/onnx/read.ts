/** Level `read`: pooled residual streams of all layers as one output. */
import type { Graph } from './graph'
import { DataType, int64Tensor, makeNode, makeValueInfo } from './proto'

/**
 * Adds input `capture.pool [B, P, S]` and output `capture.hidden [L, B, P, width]`. Both are float32, and so is
 * the product between them: means over many tokens are not taken in half precision.
 * @param residuals name of the residual stream after each block
 */
export function addRead(graph: Graph, residuals: readonly string[], width: number, half: boolean): void {
  graph.addInput(makeValueInfo('capture.pool', DataType.FLOAT, ['batch_size', 'capture_positions', 'sequence_length']))
  const pooled = residuals.map((residual, layer) => {
    const out = `azimuth/pooled.${layer}`
    const wide = half ? `azimuth/float32.${layer}` : residual
    if (half) graph.append(makeNode('Cast', [residual], [wide], { to: { int: DataType.FLOAT } }))
    graph.append(makeNode('MatMul', ['capture.pool', wide], [out]))
    return out
  })
  const constant = (name: string, values: readonly number[]): string => graph.addInitializer(int64Tensor(name, values))
  graph.append(
    makeNode('Concat', pooled, ['azimuth/pooled'], { axis: { int: 0 } }),
    makeNode('Shape', ['capture.pool'], ['azimuth/pool_shape']),
    makeNode(
      'Slice',
      ['azimuth/pool_shape', constant('azimuth/from', [0]), constant('azimuth/to', [2])],
      ['azimuth/batch_positions']
    ),
    makeNode(
      'Concat',
      [constant('azimuth/layers', [residuals.length]), 'azimuth/batch_positions', constant('azimuth/width', [width])],
      ['azimuth/hidden_shape'],
      { axis: { int: 0 } }
    ),
    makeNode('Reshape', ['azimuth/pooled', 'azimuth/hidden_shape'], ['capture.hidden'])
  )
  graph.addOutput(
    makeValueInfo('capture.hidden', DataType.FLOAT, [residuals.length, 'batch_size', 'capture_positions', width])
  )
}
