/** The recipe: model bytes and a plan in, model bytes out. Weights are neither decoded nor copied. */
import { LabError } from '../errors'
import { addAdapters, addJoinedAdapters } from './levels/adapt'
import { unifyCache } from './cache'
import { writeOutCaps } from './levels/capped'
import { describe, type GraphInfo } from './describe'
import { expandInt4, type ReadWeights, type WeightFile } from './expand'
import { externalize } from './external'
import { Graph } from './graph'
import { quantizeByToken } from './levels/independent'
import { findLinears } from './linear'
import { isEmpty, type Plan } from './plan'
import { addLogProbabilities } from './levels/probabilities'
import { encodeModel } from './proto'
import { addRead } from './levels/read'
import { findResiduals } from './residual/residual'
import { addSelect } from './levels/select'
import { dataTypeOf } from './types'
import { addAffine, addBias, addSteeringInputs, nameResidual } from './levels/write'

/** A graph after its edits. */
export interface Instrumented {
  readonly bytes: Uint8Array
  readonly info: GraphInfo
  /** Weights that were expanded to fp32 and have to be given to the session. */
  readonly expanded: readonly WeightFile[]
  /** Files that the session must be given beside the graph, the graph's own file among them if it holds weights. */
  readonly externalFiles: readonly string[]
}

/**
 * @param file the whole graph file; kept by reference
 * @param fileName its name, under which weights inside it are referred to
 * @throws LabError `checksum` for a file that is not whole, `graph` for one that is not a decoder we know or a plan that
 *   contradicts itself
 */
export function instrument(file: Uint8Array, plan: Plan, fileName: string, weights?: ReadWeights): Instrumented {
  const graph = new Graph(file, fileName)
  return instrumentGraph(graph, describe(graph), file, plan, fileName, weights)
}

/**
 * The same for a graph that is decoded already; it is used up.
 * @param weights given where int4 weights have to become fp32 (see expand.ts): the one case in which they are read
 */
export function instrumentGraph(
  graph: Graph,
  info: GraphInfo,
  file: Uint8Array,
  plan: Plan,
  fileName: string,
  weights?: ReadWeights
): Instrumented {
  if (isEmpty(plan) && !weights) return { bytes: file, info, expanded: [], externalFiles: info.externalFiles }

  const type = dataTypeOf(info.activations)
  const { write: level = 'none', packed = false } = plan
  if (plan.keep && level !== 'affine') {
    throw new LabError('graph', `keeping lengths is a part of write affine, got write ${level}: ask for affine, too`)
  }
  const keep = plan.keep === true
  const sums = findResiduals(graph)
  const { layers, width } = info
  if (level !== 'none') addSteeringInputs(graph, { level, packed, keep, layers, width, type })
  const residuals = sums.map((sum, layer) => {
    if (level === 'add') return addBias(graph, sum, layer)
    if (level === 'affine') return addAffine(graph, sum, layer, keep)
    return plan.read ? nameResidual(graph, sum, layer) : ''
  })
  unifyCache(graph)
  if (plan.exact) keepActivations(graph)
  if (plan.adapt) {
    const linears = info.linears.length > 0 ? info.linears : findLinears(graph, info.layers)
    const add = plan.adapt === 'joined' ? addJoinedAdapters : addAdapters
    add(graph, linears, type)
  }
  if (plan.select) addSelect(graph, type)
  if (plan.probabilities) addLogProbabilities(graph)
  if (plan.plainCaps) writeOutCaps(graph, info.cache.headSize)
  // Last, for the others know what a quantizer looks like as exporters leave it.
  if (plan.independent) quantizeByToken(graph)
  graph.commit()
  const expanded = weights ? expandInt4(graph, weights) : []
  if (plan.read) addRead(graph, residuals, info.width)

  const inside = externalize(graph, file, fileName)
  return {
    bytes: encodeModel(graph.model),
    info,
    expanded,
    externalFiles: inside ? [...info.externalFiles, fileName] : info.externalFiles
  }
}

/** Takes the permission to quantize activations, too, from products with quantized weights. */
function keepActivations(graph: Graph): void {
  for (const node of graph.proto.node) {
    if (node.opType === 'MatMulNBits') node.attribute = node.attribute.filter(({ name }) => name !== 'accuracy_level')
  }
}
