/** What a decoder graph offers before it is edited: sizes, element type, cache, inputs. */
import { excerpt, LabError } from '../errors'
import { cacheShape, type CacheShape } from './cache'
import type { Graph } from './graph'
import { streamLimit } from './limit'
import { findLinears, type Linear } from './linear'
import { weightShape } from './product'
import { DataType, externalRange, tensorType } from './proto'
import { isOurs } from './residual/names'
import { countsPlaces, knownPositions } from './positions'
import { findResiduals, streamType, type Sum } from './residual/residual'
import { unembedding } from './levels/select'
import { encoderDecoder, isFixed } from './states'
import { floatType, type FloatType } from './types'

/** What a graph says of its model: layers, width, vocabulary, cache, files beside it. */
export interface GraphInfo {
  readonly layers: number
  readonly width: number
  readonly vocabulary: number
  /** Rows of the graph's tables of positions; undefined where it computes them. */
  readonly positions: number | undefined
  /** False where rows that decode together must be of one length: padding would shift positions, or run through a state. */
  readonly ragged: boolean
  /** Element type of steering and LoRA inputs: that of the residual stream, float32 where its layers differ. */
  readonly activations: FloatType
  /** Element type of the residual stream after each block. */
  readonly streams: readonly FloatType[]
  /** Magnitude at which numbers of the residual stream end; undefined where nothing ends them. */
  readonly limit: number | undefined
  readonly cache: CacheShape
  /** True where the graph takes `inputs_embeds` and the embedding is a graph of its own. */
  readonly embedsOutside: boolean
  /** Element type that the graph takes embeddings in; undefined where it has its own. */
  readonly embeds: FloatType | undefined
  readonly inputs: readonly string[]
  /** Linear layers of the blocks, under the names that adapters use; empty where the graph does not name them. */
  readonly linears: readonly Linear[]
  /** Files that hold external weights, in order of first use. */
  readonly externalFiles: readonly string[]
  /** Operators in use, `domain:type`, without duplicates. */
  readonly operators: readonly string[]
}

/** @throws LabError `graph` for anything but a decoder with a KV cache */
export function describe(graph: Graph): GraphInfo {
  const cache = cacheShape(graph)
  requireKnownInputs(graph)
  const sums = findResiduals(graph)
  const layers = sums.length
  const embedsOutside = graph.input.has('inputs_embeds') && !graph.input.has('input_ids')
  if (!embedsOutside && !graph.input.has('input_ids')) {
    throw new LabError(
      'graph',
      `a decoder that takes input_ids or inputs_embeds was expected, got ${excerpt([...graph.input.keys()].join(', '))}`
    )
  }
  const streams = sums.map((sum, layer) => floatStream(graph, sum, layer))
  const size = sizes(graph, sums)
  return {
    layers,
    ...size,
    ragged: !cache.states.some(isFixed) && !countsPlaces(graph, size.width),
    positions: knownPositions(graph),
    activations: streams.every((type) => type === 'float16') ? 'float16' : 'float32',
    streams,
    limit: streamLimit(graph, sums),
    cache,
    embedsOutside,
    embeds: embedsOutside ? floatType(graph.declared('inputs_embeds')) : undefined,
    inputs: [...graph.input.keys()],
    linears: linears(graph, layers),
    externalFiles: externalFiles(graph),
    operators: [...new Set(graph.proto.node.map((node) => `${node.domain}:${node.opType}`))]
  }
}

/** Beyond the vocabulary of any model, and still a buffer that can be had. */
const largestSize = 2 ** 24

/** Width from the weight of the final norm, else of the unembedding; vocabulary from the declared logits, else of the unembedding. */
function sizes(graph: Graph, sums: readonly Sum[]): { width: number; vocabulary: number } {
  const declared = graph.output.get('logits')
  const stated = declared ? tensorType(declared).dims.at(-1) : undefined
  const [headWidth, headVocabulary] = weightShape(graph, unembedding(graph))
  const last = sums.at(-1)
  const norm = last?.fused ? graph.initializer.get(last.node.input[2] ?? '') : undefined
  return {
    width: natural('width', norm ? Number(norm.dims[0]) : headWidth),
    vocabulary: natural('vocabulary', typeof stated === 'number' ? stated : headVocabulary)
  }
}

/** Buffers are made of these sizes, and a file can claim any. @throws LabError `graph` */
function natural(what: string, size: number): number {
  if (Number.isInteger(size) && size > 0 && size <= largestSize) return size
  throw new LabError('graph', `the ${what} of this graph should lie between 1 and ${largestSize}, it is ${size}`)
}

const known = new Set(['input_ids', 'inputs_embeds', 'attention_mask', 'position_ids', 'num_logits_to_keep'])

/** What a graph asks for must be something that a session has. */
function requireKnownInputs(graph: Graph): void {
  const others = [...graph.input.keys()].filter((name) => {
    return !known.has(name) && !name.startsWith('past') && !graph.initializer.has(name)
  })
  if (others.length === 0) return
  if (others.some((name) => /^encoder_/.test(name))) throw encoderDecoder()
  if (others.some(isOurs)) {
    throw new LabError(
      'graph',
      `this graph has the input ${others.find(isOurs) ?? ''}, which the lab adds: open the graph that it was made from`
    )
  }
  throw new LabError(
    'graph',
    `a decoder that takes tokens, their mask, positions and cache was expected, this one also asks for ` +
      `${others.slice(0, 3).join(', ').slice(0, 120)}: choose an export of the plain language model`
  )
}

function floatStream(graph: Graph, sum: Sum, layer: number): FloatType {
  const type = streamType(graph, sum)
  const float = floatType(type)
  if (float) return float
  throw new LabError(
    'graph',
    `a residual stream of float32 or float16 was expected after block ${layer}, got ${DataType[type]}: ` +
      `choose another dtype of this model`
  )
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
