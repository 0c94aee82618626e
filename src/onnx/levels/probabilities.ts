/** The probabilities of the next token, as logarithms: the runtime's kernel for them is several times faster than a loop over the logits. */
import { LabError } from '../../errors'
import type { Graph } from '../graph'
import { DataType, makeCast, makeNode, makeValueInfo, tensorType } from '../proto'

/** Adds the output `log_probabilities`, float32 in the shape of `logits`. */
export function addLogProbabilities(graph: Graph): void {
  const declared = graph.output.get('logits')
  if (!declared) throw new LabError('graph', 'the graph has no output logits')
  const { elemType, dims } = tensorType(declared)
  const wide = elemType === DataType.FLOAT ? 'logits' : 'azimuth/float32.logits'
  // In half precision the sum of a whole vocabulary would be too coarse.
  if (wide !== 'logits') graph.append(makeCast('logits', wide, DataType.FLOAT))
  graph.append(makeNode('LogSoftmax', [wide], ['log_probabilities'], { axis: { int: -1 } }))
  graph.addOutput(makeValueInfo('log_probabilities', DataType.FLOAT, dims))
}
