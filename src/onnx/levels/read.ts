/** Level `read`: pooled residual streams of all layers as one output. */
import type { Graph } from '../graph'
import { DataType, int64Tensor, makeCast, makeNode, makeValueInfo } from '../proto'

/**
 * Adds input `capture.pool [B, P, S]` and output `capture.hidden [L, B, P, width]`. Both are float32, and so is
 * the product between them: means over many tokens are not taken in half precision.
 * @param residuals name of the residual stream after each block
 */
export function addRead(graph: Graph, residuals: readonly string[], width: number): void {
  graph.addInput(makeValueInfo('capture.pool', DataType.FLOAT, ['batch_size', 'capture_positions', 'sequence_length']))
  // With an axis in front of its batch, the products come out as [1, B, P, width] and lie on each other.
  const axis = graph.addInitializer(int64Tensor('azimuth/first', [0]))
  graph.append(makeNode('Unsqueeze', ['capture.pool', axis], ['azimuth/pool']))
  const wide = (residual: string): string => {
    if (graph.elementType(residual) === DataType.FLOAT) return residual
    const cast = `azimuth/${residual}/float32`
    graph.append(makeCast(residual, cast, DataType.FLOAT))
    return cast
  }
  const pooled = residuals.map((residual, layer) => {
    const out = `azimuth/pooled.${layer}`
    graph.append(makeNode('MatMul', ['azimuth/pool', wide(residual)], [out]))
    return out
  })
  graph.append(makeNode('Concat', pooled, ['capture.hidden'], { axis: { int: 0 } }))
  graph.addOutput(
    makeValueInfo('capture.hidden', DataType.FLOAT, [residuals.length, 'batch_size', 'capture_positions', width])
  )
}
