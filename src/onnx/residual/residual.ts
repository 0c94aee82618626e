/**
 * Finds the residual stream by the shape of the graph: the sums on the trunk between the embedding and the logits that
 * add a branch to what came before. A block makes two of them (attention, MLP), or one where both stand side by side;
 * it begins where the cache is read, or as the names say. No family and no operator of one exporter is asked for.
 */
import { excerpt, LabError } from '../../errors'
import { layerNamed, splitBlocks, type Addition, type Sum } from './blocks'
import { embeddings } from './embeddings'
import type { Graph } from '../graph'
import { DataType, type NodeProto } from '../proto'
import { findTrunk, Reach, type Station } from './trunk'

export type { Sum } from './blocks'

const fusedNorm = new Set(['SkipSimplifiedLayerNormalization', 'SkipLayerNormalization'])
const plainSum = new Set(['Add', 'Sum'])
/** What may stand between two blocks without being a part of one. */
const casts = new Set(['Cast', 'Identity', 'Dropout'])
const reshapes = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'])
const scales = new Set(['Mul', 'Div'])

/** The sums that end each block, first block first. @throws LabError `graph` */
export function findResiduals(graph: Graph): Sum[] {
  if (!graph.output.has('logits')) {
    throw new LabError(
      'graph',
      `a decoder with an output named logits was expected, got ${excerpt([...graph.output.keys()].slice(0, 4).join(', '))}: ` +
        `choose the repository's text-generation graph`
    )
  }
  const all = embeddings(graph).map((name) => additions(graph, new Reach(graph, [name])))
  const [found] = all.sort((a, b) => b.sums.length - a.sums.length)
  if (!found || found.sums.length === 0) {
    throw new LabError(
      'graph',
      'no residual addition was found between the embedding and the logits: this does not look like a pre-norm transformer decoder; ' +
        'a new layout is added in src/onnx/residual/residual.ts'
    )
  }
  const ends = splitBlocks(graph, found.sums, found.reach)
  ends.forEach((end, layer) => checkName(end, layer))
  return ends
}

/** Element type of the residual stream where it is written, which may differ from that of the graph's inputs and cache. */
export function streamType(graph: Graph, { node, fused, stream }: Sum): DataType {
  return graph.elementType(fused ? (node.input[0] ?? '') : stream) ?? DataType.UNDEFINED
}

function additions(graph: Graph, reach: Reach): { sums: Addition[]; reach: Reach } {
  const stations = findTrunk(graph, reach, 'logits')
  const sums: Addition[] = []
  let branch: NodeProto[] = []
  for (const [i, { node, before }] of stations.entries()) {
    branch.push(...before)
    const sum = asSum(graph, reach, stations.slice(i), branch)
    if (!sum) branch.push(node)
    else {
      const previous = sums.at(-1)
      if (previous) requireStream(graph, sum, previous)
      sums.push(sum)
      branch = []
    }
  }
  return { sums, reach }
}

/** The first of some stations as a sum of two tensors that both come of the embedding. */
function asSum(graph: Graph, reach: Reach, stations: readonly Station[], branch: NodeProto[]): Addition | undefined {
  const [{ node }, ...behind] = stations as [Station, ...Station[]]
  const fused = fusedNorm.has(node.opType)
  if (!fused && !plainSum.has(node.opType)) return undefined
  const parts = fused ? node.input.slice(0, 2) : node.input
  if (!parts.every((name) => reach.has(name))) return undefined
  const sum = node.output[fused ? 3 : 0] ?? ''
  return { node, fused, branch, ...(fused ? { stream: sum, read: sum } : follow(graph, sum, behind)) }
}

/** From a sum to where the next block reads it: behind reshapes and a scale, and behind a Clip, in front of which is written. */
function follow(graph: Graph, sum: string, stations: readonly Station[]): { stream: string; read: string } {
  let stream = sum
  let read = sum
  for (const { node, before } of stations) {
    if (before.length > 0 || !isStep(graph, node)) break
    // A cast may belong to the norm that follows.
    if (casts.has(node.opType)) continue
    const limited = stream !== read || node.opType === 'Clip'
    read = node.output[0] ?? ''
    if (!limited) stream = read
  }
  return { stream, read }
}

/** True for a node that hands the stream on as it is, reshaped, limited or scaled by one number. */
function isStep(graph: Graph, node: NodeProto): boolean {
  if (casts.has(node.opType) || reshapes.has(node.opType) || node.opType === 'Clip') return true
  return scales.has(node.opType) && node.input.some((name) => isNumber(graph, name))
}

function isNumber(graph: Graph, name: string): boolean {
  return graph.constantTensor(graph.source(name))?.dims.every((size) => size === 1n) === true
}

/** A block adds to what the block before made. Where it adds to the norm of that, the model normalizes after its sums. */
function requireStream(graph: Graph, sum: Addition, previous: Addition): void {
  const wanted = previous.node.output[previous.fused ? 3 : 0]
  const stack = sum.node.input.slice(0, sum.fused ? 2 : undefined)
  const seen = new Set<NodeProto>()
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (name !== '' && name === wanted) return
    const node = graph.producer.get(name)
    if (!node || seen.has(node)) continue
    seen.add(node)
    if (isStep(graph, node)) stack.push(...node.input.filter((input) => !graph.isConstant(input)).slice(0, 1))
    // (x + attention) + MLP: x is one of the parts of a part.
    if (plainSum.has(node.opType)) stack.push(...node.input)
  }
  throw new LabError(
    'graph',
    `the sum ${sum.node.name} adds to a norm of the sum before it, not to that sum (post-norm, as in BERT, BART and OPT-350m): ` +
      `there is no residual stream to read or steer; choose a pre-norm model`
  )
}

/** Exporters name a block's last sum after it, or after the norm of the block that follows. */
function checkName({ node }: Sum, layer: number): void {
  const named = layerNamed(node.name)
  if (named === undefined) return
  const expected = /norm/i.test(node.name) ? layer + 1 : layer
  if (named !== expected) {
    throw new LabError(
      'graph',
      `the residual stream after block ${layer} was found at ${node.name}, which names another block: ` +
        `this export needs its own rule in src/onnx/residual/residual.ts`
    )
  }
}
