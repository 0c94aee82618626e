/** Level `select`: logits at asked positions only. */
import { LabError } from '../../errors'
import type { Graph } from '../graph'
import { activation, isProduct } from '../product'
import { makeNode, makeValueInfo, tensorType, type DataType, type NodeProto } from '../proto'

/** Adds input `select [B, Q, S]` in front of the unembedding; `logits` becomes `[B, Q, vocabulary]`. */
export function addSelect(graph: Graph, type: DataType): void {
  const head = unembedding(graph)
  const last = activation(graph, head)
  const states = beforePicking(graph, last)
  const anchor = graph.producer.get(states)
  const declared = graph.output.get('logits')
  if (!anchor || !declared) throw new LabError('graph', 'the unembedding was not found behind the output logits')
  const { elemType, dims } = tensorType(declared)
  graph.addInput(makeValueInfo('select', type, ['batch_size', 'select_positions', 'sequence_length']))
  const select = graph.as('select', graph.elementType(states) ?? type)
  // Where the graph itself picks the last token, that is left out.
  graph.redirect(last, 'azimuth/selected')
  graph.insertAfter(anchor, makeNode('MatMul', [select, states], ['azimuth/selected']))
  const selected = makeValueInfo('logits', elemType, ['batch_size', 'select_positions', dims.at(-1) ?? 'vocabulary'])
  if (selected.type) declared.type = selected.type
}

/** The states of all tokens, where an exporter lets the unembedding see the last token's only (`prune_lm_head`). */
function beforePicking(graph: Graph, states: string): string {
  const node = graph.producer.get(states)
  if (!node || !/^(Gather|Slice|Unsqueeze|Squeeze)$/.test(node.opType)) return states
  const [whole = '', ...rest] = node.input
  return rest.every((name) => !name || graph.isConstant(name)) ? beforePicking(graph, whole) : states
}

/** The last matrix product with a constant weight on the way to the logits. */
export function unembedding(graph: Graph): NodeProto {
  let name = 'logits'
  for (;;) {
    const node = graph.producer.get(name)
    if (!node)
      throw new LabError('graph', 'no matrix product with a constant weight was found behind the output logits')
    if (isProduct(node) && graph.isConstant(node.input[1] ?? '')) return node
    const [next] = graph.live(node)
    if (!next) throw new LabError('graph', `the way from logits to the unembedding ends at ${node.name}`)
    name = next
  }
}
