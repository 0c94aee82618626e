/** The cache of a decoder: its states, and how attention keeps the keys of a batch. */
import { LabError } from '../errors'
import type { Graph } from './graph'
import { isProduct, weightShape } from './product'
import { intAttribute, makeCast, makeValueInfo, tensorType, type NodeProto } from './proto'
import { findStates, isFixed, type State } from './states'
import { dataTypeOf } from './types'

/** Inputs and outputs of a graph's cache of keys and values, and the size of one head. */
export interface CacheShape {
  /** Layers with keys and values. */
  readonly layers: number
  readonly heads: number
  /** 0 where the graph leaves it symbolic and the attention operator does not tell. */
  readonly headSize: number
  /** What is carried from token to token, each with its element type: files that were converted by a list mix them. */
  readonly states: readonly State[]
  /**
   * `packed`: GroupQueryAttention keeps each row's keys without gaps and reads lengths off the mask;
   * `padded`: keys of padded positions stay and the mask leaves them out.
   */
  readonly layout: 'packed' | 'padded'
}

/** Several times as many as any decoder has. */
const mostLayers = 1000

/** @throws LabError `graph` for a graph without a cache, with one of another kind, or of too many layers */
export function cacheShape(graph: Graph): CacheShape {
  const states = findStates(graph)
  const keys = states.filter(({ past }) => past.endsWith('.key'))
  const [first = states.find((state) => !isFixed(state))] = keys
  if (!first) {
    throw new LabError(
      'graph',
      'a decoder with a KV cache (inputs past_key_values.<l>.key and .value) was expected, this graph has none: ' +
        'export it with its cache (task text-generation-with-past)'
    )
  }
  if (keys.length > mostLayers) {
    throw new LabError('graph', `a decoder of at most ${mostLayers} layers was expected, got a cache of ${keys.length}`)
  }
  const attention = graph.proto.node.find((node) => node.opType === 'GroupQueryAttention')
  if (graph.proto.node.some((node) => intAttribute(node, 'sliding_window_cache') === 1)) {
    throw new LabError(
      'graph',
      'this graph keeps the last tokens of its window only (sliding_window_cache), so answers and captures of long prompts ' +
        'would be wrong here: build it without that option'
    )
  }
  const size = first.sizes.at(-1) ?? 0
  const open = attention && size === 0 ? headSize(graph, attention) : size
  return {
    layers: keys.length,
    heads: first.sizes[0] ?? 0,
    headSize: open,
    states: states.map((state) => ({ ...state, sizes: state.sizes.map((each) => (each === 0 ? open : each)) })),
    layout: attention ? 'packed' : 'padded'
  }
}

/** Gives each output of the cache the type of the input that takes it at the next step. */
export function unifyCache(graph: Graph): void {
  for (const { present, type: wanted } of findStates(graph)) {
    const declared = graph.output.get(present)
    const node = graph.producer.get(present)
    const elemType = dataTypeOf(wanted)
    if (!declared || !node || tensorType(declared).elemType === elemType) continue
    const { type } = makeValueInfo(present, elemType, tensorType(declared).dims)
    const own = `azimuth/${present}`
    graph.redirect(present, own)
    graph.renameOutput(node, node.output.indexOf(present), own)
    graph.insertAfter(node, makeCast(own, present, elemType))
    if (type) declared.type = type
  }
}

/** Attention's output is as wide as its heads together, which is what the next product takes. */
function headSize(graph: Graph, attention: NodeProto): number {
  const heads = intAttribute(attention, 'num_heads') ?? 0
  const product = productAfter(graph, attention.output[0] ?? '')
  return product && heads > 0 ? weightShape(graph, product)[0] / heads : 0
}

/** The first product along the first consumers of a tensor. */
function productAfter(graph: Graph, name: string): NodeProto | undefined {
  for (;;) {
    const [node] = graph.consumers.get(name) ?? []
    if (!node || isProduct(node)) return node
    name = node.output[0] ?? ''
  }
}
