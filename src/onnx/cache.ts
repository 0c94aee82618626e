/** Shape of one layer's keys in the KV cache. */
import { LabError } from '../errors'
import type { Graph } from './graph'
import { isProduct, weightShape } from './product'
import { DataType, intAttribute, tensorType, type NodeProto } from './proto'

export interface CacheShape {
  readonly layers: number
  readonly heads: number
  /** 0 where the graph leaves it symbolic and the attention operator does not tell. */
  readonly headSize: number
  readonly type: 'float32' | 'float16'
  /**
   * `packed`: GroupQueryAttention keeps each row's keys without gaps and reads lengths off the mask;
   * `padded`: keys of padded positions stay and the mask leaves them out.
   */
  readonly layout: 'packed' | 'padded'
}

/** Several times as many as any decoder has. */
const mostLayers = 1000

/** @throws LabError `graph` for a graph without a cache, or with one of too many layers */
export function cacheShape(graph: Graph): CacheShape {
  const keys = [...graph.input.keys()].filter((name) => /^past_key_values\.\d+\.key$/.test(name))
  const first = graph.input.get(keys[0] ?? '')
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
  const { elemType, dims } = tensorType(first)
  if (elemType !== DataType.FLOAT && elemType !== DataType.FLOAT16) {
    throw new LabError('graph', `a float32 or float16 KV cache was expected, got element type ${DataType[elemType]}`)
  }
  const attention = graph.proto.node.find((node) => node.opType === 'GroupQueryAttention')
  return {
    layers: keys.length,
    heads: Number(dims[1]),
    headSize: typeof dims[3] === 'number' ? dims[3] : attention ? headSize(graph, attention) : 0,
    type: elemType === DataType.FLOAT ? 'float32' : 'float16',
    layout: attention ? 'packed' : 'padded'
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
