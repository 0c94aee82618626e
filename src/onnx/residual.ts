/**
 * Finds the residual stream by the shape of the graph: walk back from the logits to the last sum, then
 * from sum to sum down to the embedding. A block makes two sums (attention, MLP), so every second one is
 * a block's output. Names are only a check.
 */
import { LabError } from '../errors'
import type { Graph } from './graph'
import { DataType, type NodeProto } from './proto'

/** One sum of the residual stream: `skip + branch`. */
export interface Sum {
  readonly node: NodeProto
  /** Tensor that carries the stream into the sum. */
  readonly skip: string
  /** Tensor that attention or the MLP adds. */
  readonly branch: string
  /** True for a fused norm, whose 4th output is the sum; false for a plain Add. */
  readonly fused: boolean
}

const fusedNorm = new Set(['SkipSimplifiedLayerNormalization', 'SkipLayerNormalization'])

/** The sums that end each block, first block first. @throws LabError `graph` */
export function findResiduals(graph: Graph, layers: number): Sum[] {
  const sums: Sum[] = []
  let sum: Sum | undefined = lastSum(graph)
  while (sum) {
    sums.unshift(sum)
    sum = previousSum(graph, sum)
  }
  if (sums.length !== 2 * layers) {
    throw new LabError(
      'graph',
      `a residual stream with two sums a block was expected (${2 * layers} for ${layers} blocks), found ${sums.length}: ` +
        `this architecture needs its own rule in src/onnx/residual.ts`
    )
  }
  const ends = sums.filter((_, i) => i % 2 === 1)
  ends.forEach((end, layer) => checkName(end, layer))
  return ends
}

/** Element type of the residual stream at a sum, which may differ from that of the graph's inputs and cache. */
export function streamType(graph: Graph, sum: Sum): DataType {
  return graph.elementType(sum.node.input[0] ?? '') ?? DataType.UNDEFINED
}

function lastSum(graph: Graph): Sum {
  if (!graph.output.has('logits')) {
    throw new LabError(
      'graph',
      `a decoder with an output named logits was expected, got ${[...graph.output.keys()].slice(0, 4).join(', ')}: ` +
        `choose the repository's text-generation graph`
    )
  }
  const seen = new Set<string>()
  const queue = ['logits']
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const node = graph.producer.get(name)
    if (!node || seen.has(name)) continue
    seen.add(name)
    const sum = asSum(graph, node)
    if (sum) return sum
    queue.push(...graph.live(node))
  }
  throw new LabError(
    'graph',
    'no residual addition was found before the final norm: this does not look like a pre-norm transformer decoder; ' +
      'a new layout is added in src/onnx/residual.ts'
  )
}

/** The sum whose value reaches `sum` unchanged through its skip side, or undefined at the embedding. */
function previousSum(graph: Graph, sum: Sum): Sum | undefined {
  const node = graph.producer.get(graph.source(sum.skip))
  return node && asSum(graph, node)
}

function asSum(graph: Graph, node: NodeProto): Sum | undefined {
  const fused = fusedNorm.has(node.opType)
  if (!fused && node.opType !== 'Add') return undefined
  const [a = '', b = ''] = node.input
  if (graph.isConstant(a) || graph.isConstant(b)) return undefined
  if (dependsOn(graph, b, a)) return { node, skip: a, branch: b, fused }
  if (dependsOn(graph, a, b)) return { node, skip: b, branch: a, fused }
  // Sums inside a branch (parallel blocks, rotary embeddings) have two sides that do not feed each other.
  return undefined
}

/** True where `name` is computed from `on`. A fused norm hands on its sum and the norm of it: either counts. */
function dependsOn(graph: Graph, name: string, on: string): boolean {
  const origin = graph.source(on)
  const maker = graph.producer.get(origin)
  const names = new Set(maker && fusedNorm.has(maker.opType) ? maker.output : [origin])
  const seen = new Set<string>()
  const stack = [name]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (names.has(next)) return true
    if (seen.has(next)) continue
    seen.add(next)
    const node = graph.producer.get(next)
    if (node) stack.push(...graph.live(node))
  }
  return false
}

/** Exporters name a block's last sum after it, or after the norm of the block that follows. */
function checkName({ node }: Sum, layer: number): void {
  const named = /layers?\.(\d+)\b/.exec(node.name)
  if (!named) return
  const expected = /norm/i.test(node.name) ? layer + 1 : layer
  if (Number(named[1]) !== expected) {
    throw new LabError(
      'graph',
      `the residual stream after block ${layer} was found at ${node.name}, which names another block: ` +
        `this export needs its own rule in src/onnx/residual.ts`
    )
  }
}
