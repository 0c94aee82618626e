/** Where tokens become vectors: the tensors that a residual stream can begin with. */
import type { Graph } from '../graph'

/** Operators that look rows up in a table. */
const lookup = /^(Gather|GatherBlockQuantized|EmbedLayerNormalization)$/
/** What exporters do to token ids first. */
const prepare = new Set([
  'Cast',
  'Identity',
  'Reshape',
  'Unsqueeze',
  'Squeeze',
  'Flatten',
  'Clip',
  'Where',
  'Max',
  'Min'
])

/**
 * Names of the tensors that are looked up by token id, or `inputs_embeds`. Several where a model has further tables
 * beside its embedding, as some have one for each layer.
 */
export function embeddings(graph: Graph): string[] {
  if (graph.input.has('inputs_embeds')) return ['inputs_embeds']
  const found: string[] = []
  const stack = ['input_ids']
  const seen = new Set(stack)
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    for (const node of graph.consumers.get(name) ?? []) {
      const [output = ''] = node.output
      if (seen.has(output)) continue
      seen.add(output)
      if (lookup.test(node.opType) && node.input.some((input) => input && graph.isConstant(input))) found.push(output)
      else if (prepare.has(node.opType)) stack.push(output)
    }
  }
  return found
}
