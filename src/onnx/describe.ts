/** What a decoder graph offers before it is edited: sizes, element type, cache, inputs. */
import { LabError } from '../errors'
import type { Graph } from './graph'
import { weightShape } from './linear'
import { DataType, externalRange, intAttribute, tensorType } from './proto'
import { findResiduals } from './residual'

export interface GraphInfo {
  readonly layers: number
  readonly width: number
  readonly vocabulary: number
  /** Element type of activations, steering and LoRA inputs. */
  readonly activations: 'float32' | 'float16'
  readonly cache: {
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
  /** True where the graph takes `inputs_embeds` and the embedding is a graph of its own. */
  readonly embedsOutside: boolean
  readonly inputs: readonly string[]
  /** Files that hold external weights, in order of first use. */
  readonly externalFiles: readonly string[]
  /** Operators in use, `domain:type`, without duplicates. */
  readonly operators: readonly string[]
}

const floats = new Map<DataType, 'float32' | 'float16'>([
  [DataType.FLOAT, 'float32'],
  [DataType.FLOAT16, 'float16']
])

/** @throws LabError `graph` for anything but a decoder with a KV cache */
export function describe(graph: Graph): GraphInfo {
  const keys = [...graph.input.keys()].filter((name) => /^past_key_values\.\d+\.key$/.test(name))
  const layers = keys.length
  const first = graph.input.get(keys[0] ?? '')
  if (!first) {
    throw new LabError(
      'graph',
      'a decoder with a KV cache (inputs past_key_values.<l>.key and .value) was expected, this graph has none: ' +
        'export it with its cache (task text-generation-with-past)'
    )
  }
  const embedsOutside = graph.input.has('inputs_embeds') && !graph.input.has('input_ids')
  if (!embedsOutside && !graph.input.has('input_ids')) {
    throw new LabError(
      'graph',
      `a decoder that takes input_ids or inputs_embeds was expected, got ${[...graph.input.keys()].join(', ')}`
    )
  }
  const { elemType, dims } = tensorType(first)
  const cacheType = floats.get(elemType)
  if (!cacheType) {
    throw new LabError('graph', `a float32 or float16 KV cache was expected, got element type ${DataType[elemType]}`)
  }
  const attention = graph.proto.node.find((node) => node.opType === 'GroupQueryAttention')
  return {
    layers,
    ...sizes(graph, layers),
    activations: activationType(graph, embedsOutside) ?? cacheType,
    cache: {
      heads: Number(dims[1]),
      headSize: typeof dims[3] === 'number' ? dims[3] : headSize(graph),
      type: cacheType,
      layout: attention ? 'packed' : 'padded'
    },
    embedsOutside,
    inputs: [...graph.input.keys()],
    externalFiles: externalFiles(graph),
    operators: [...new Set(graph.proto.node.map((node) => `${node.domain}:${node.opType}`))]
  }
}

/** Width from the weight of the last norm or MLP; vocabulary from the declared logits or the last product. */
function sizes(graph: Graph, layers: number): { width: number; vocabulary: number } {
  const last = findResiduals(graph, layers).at(-1)
  const declared = graph.output.get('logits')
  const vocabulary = declared ? tensorType(declared).dims.at(-1) : undefined
  const head = graph.proto.node.find((node) => /lm_head/.test(node.name) && /MatMul|Gemm/.test(node.opType))
  const [headWidth, headVocabulary] = head ? weightShape(graph, head) : [0, 0]
  const norm = last?.fused ? graph.initializer.get(last.node.input[2] ?? '') : undefined
  const width = norm ? Number(norm.dims[0]) : headWidth
  if (!width)
    throw new LabError(
      'graph',
      'the width of the residual stream could not be read off the final norm or the unembedding'
    )
  return { width, vocabulary: typeof vocabulary === 'number' ? vocabulary : headVocabulary }
}

function activationType(graph: Graph, embedsOutside: boolean): 'float32' | 'float16' | undefined {
  const declared = embedsOutside ? graph.elementType('inputs_embeds') : undefined
  if (declared !== undefined) return floats.get(declared)
  const norm = graph.proto.node.find((node) => /SimplifiedLayerNormalization$/.test(node.opType))
  const weight = norm && graph.initializer.get(norm.input[norm.opType.startsWith('Skip') ? 2 : 1] ?? '')
  return weight && floats.get(weight.dataType)
}

function headSize(graph: Graph): number {
  const attention = graph.proto.node.find((node) => node.opType === 'GroupQueryAttention')
  const product = attention && graph.producer.get(graph.source(attention.input[0] ?? ''))
  const heads = attention && intAttribute(attention, 'num_heads')
  const kvHeads = attention && intAttribute(attention, 'kv_num_heads')
  if (!attention || !product || !heads || !kvHeads) return 0
  if (!/MatMul/.test(product.opType)) return 0
  const columns = weightShape(graph, product)[1]
  return columns / (attention.input[1] ? heads : heads + 2 * kvHeads)
}

function externalFiles(graph: Graph): string[] {
  const files = graph.proto.initializer.flatMap((tensor) => externalRange(tensor)?.location ?? [])
  return [...new Set(files)]
}
