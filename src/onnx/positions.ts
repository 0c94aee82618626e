/** How many positions a graph knows: the rows of its tables of positions, learned or rotary. */
import type { Graph } from './graph'
import type { NodeProto } from './proto'
import { Reach } from './residual/trunk'

const lookup = new Set(['Gather', 'GatherElements', 'GatherND', 'GatherBlockQuantized'])
/** Where attention operators of ONNX Runtime take the cosines of all positions. */
const rotary: Readonly<Record<string, number>> = { GroupQueryAttention: 7, RotaryEmbedding: 2 }

/** The fewest rows of any table that is looked up by position; undefined where positions are computed. */
export function knownPositions(graph: Graph): number | undefined {
  const tokens = new Reach(graph, ['input_ids', 'inputs_embeds'])
  const tables = graph.proto.node.flatMap((node) => tableOf(graph, node, tokens) ?? [])
  return tables.length > 0 ? Math.min(...tables) : undefined
}

/**
 * True where a table as wide as the residual stream is looked up by the place in the batch, not by an input: padding in
 * front of a row would shift its positions. Rotary positions may be shifted, since only their differences count.
 */
export function countsPlaces(graph: Graph, width: number): boolean {
  const told = new Reach(graph, ['position_ids', 'attention_mask', 'input_ids', 'inputs_embeds'])
  return graph.proto.node.some((node) => {
    const index = node.input[1] ?? ''
    const isTable = tableOf(graph, node, told) !== undefined && rotary[node.opType] === undefined
    return isTable && !told.has(index) && tableWidth(graph, node.input[0] ?? '') === width
  })
}

const tableWidth = (graph: Graph, name: string): number =>
  Number(graph.constantTensor(graph.source(name))?.dims.at(-1) ?? 0n)

function tableOf(graph: Graph, node: NodeProto, tokens: Reach): number | undefined {
  const slot = rotary[node.opType]
  if (slot !== undefined) return rows(graph, node.input[slot] ?? '')
  const [data = '', index = ''] = node.input
  if (!lookup.has(node.opType) || !graph.isConstant(data) || graph.isConstant(index) || tokens.has(index))
    return undefined
  return rows(graph, data)
}

function rows(graph: Graph, name: string): number | undefined {
  const dims = graph.constantTensor(graph.source(name))?.dims ?? []
  return dims.length >= 2 ? Number(dims.find((size) => size > 1n) ?? 1n) : undefined
}
