/** What a decoder graph offers before it is edited: sizes, element type, cache, inputs. */
import { LabError } from '../errors'
import { cacheShape, type CacheShape } from './cache'
import type { Graph } from './graph'
import { findLinears, type Linear } from './linear'
import { weightShape } from './product'
import { DataType, externalRange, tensorType } from './proto'
import { findResiduals } from './residual'

export interface GraphInfo {
  readonly layers: number
  readonly width: number
  readonly vocabulary: number
  /** Element type of activations, steering and LoRA inputs. */
  readonly activations: 'float32' | 'float16'
  readonly cache: CacheShape
  /** True where the graph takes `inputs_embeds` and the embedding is a graph of its own. */
  readonly embedsOutside: boolean
  readonly inputs: readonly string[]
  /** Linear layers of the blocks, under the names that adapters use; empty where the graph does not name them. */
  readonly linears: readonly Linear[]
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
  const cache = cacheShape(graph)
  const { layers } = cache
  const embedsOutside = graph.input.has('inputs_embeds') && !graph.input.has('input_ids')
  if (!embedsOutside && !graph.input.has('input_ids')) {
    throw new LabError(
      'graph',
      `a decoder that takes input_ids or inputs_embeds was expected, got ${[...graph.input.keys()].join(', ')}`
    )
  }
  return {
    layers,
    ...sizes(graph, layers),
    activations: activationType(graph, embedsOutside) ?? cache.type,
    cache,
    embedsOutside,
    inputs: [...graph.input.keys()],
    linears: linears(graph, layers),
    externalFiles: externalFiles(graph),
    operators: [...new Set(graph.proto.node.map((node) => `${node.domain}:${node.opType}`))]
  }
}

/** Beyond the vocabulary of any model, and still a buffer that can be had. */
const largestSize = 2 ** 24

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
  return { width: natural('width', width), vocabulary: natural('vocabulary', Number(vocabulary) || headVocabulary) }
}

/** Buffers are made of these sizes, and a file can claim any. @throws LabError `graph` */
function natural(what: string, size: number): number {
  if (Number.isInteger(size) && size > 0 && size <= largestSize) return size
  throw new LabError('graph', `the ${what} of this graph should lie between 1 and ${largestSize}, it is ${size}`)
}

function activationType(graph: Graph, embedsOutside: boolean): 'float32' | 'float16' | undefined {
  const declared = embedsOutside ? graph.elementType('inputs_embeds') : undefined
  if (declared !== undefined) return floats.get(declared)
  const norm = graph.proto.node.find((node) => /SimplifiedLayerNormalization$/.test(node.opType))
  const weight = norm && graph.initializer.get(norm.input[norm.opType.startsWith('Skip') ? 2 : 1] ?? '')
  return weight && floats.get(weight.dataType)
}

function linears(graph: Graph, layers: number): readonly Linear[] {
  try {
    return findLinears(graph, layers)
  } catch (error) {
    // Only `adapt` needs them, and says what is missing.
    if (error instanceof LabError) return []
    throw error
  }
}

function externalFiles(graph: Graph): string[] {
  const files = graph.proto.initializer.flatMap((tensor) => externalRange(tensor)?.location ?? [])
  return [...new Set(files)]
}
