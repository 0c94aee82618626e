/**
 * Finds the residual stream by the shape of the graph: walk back from the logits to the last sum, then
 * from sum to sum down to the embedding. A block makes two sums (attention, MLP), so every second one is
 * a block's output. Names are only a check.
 */
import { LabError } from '../errors'
import type { Graph } from './graph'
import type { NodeProto } from './proto'

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

/** Nodes that are looked at in all before the search is given up: some seconds' worth, and ten times what 100 blocks need. */
const mostSteps = 10_000_000

/** A graph and how much longer it is searched. */
interface Search {
  readonly graph: Graph
  left: number
}

/** The sums that end each block, first block first. @throws LabError `graph` */
export function findResiduals(graph: Graph, layers: number): Sum[] {
  const sums: Sum[] = []
  const search: Search = { graph, left: mostSteps }
  let sum: Sum | undefined = lastSum(search)
  while (sum && sums.length <= 2 * layers) {
    sums.push(sum)
    sum = previousSum(search, sum)
  }
  sums.reverse()
  if (sums.length !== 2 * layers) {
    throw new LabError(
      'graph',
      `a residual stream with two sums a block was expected (${2 * layers} for ${layers} blocks), found ${sums.length > 2 * layers ? 'more' : sums.length}: ` +
        `this architecture needs its own rule in src/onnx/residual.ts`
    )
  }
  const ends = sums.filter((_, i) => i % 2 === 1)
  ends.forEach((end, layer) => checkName(end, layer))
  return ends
}

function lastSum(search: Search): Sum {
  const { graph } = search
  if (!graph.output.has('logits')) {
    throw new LabError(
      'graph',
      `a decoder with an output named logits was expected, got ${[...graph.output.keys()].slice(0, 4).join(', ')}: ` +
        `choose the repository's text-generation graph`
    )
  }
  const seen = new Set<string>()
  const queue = ['logits']
  // The queue grows while it is gone through.
  for (const name of queue) {
    const node = graph.producer.get(name)
    if (!node || seen.has(name)) continue
    seen.add(name)
    const sum = asSum(search, node)
    if (sum) return sum
    for (const input of graph.live(node)) queue.push(input)
  }
  throw new LabError(
    'graph',
    'no residual addition was found before the final norm: this does not look like a pre-norm transformer decoder; ' +
      'a new layout is added in src/onnx/residual.ts'
  )
}

/** The sum whose value reaches `sum` unchanged through its skip side, or undefined at the embedding. */
function previousSum(search: Search, sum: Sum): Sum | undefined {
  const { graph } = search
  const node = graph.producer.get(graph.source(sum.skip))
  return node && asSum(search, node)
}

function asSum(search: Search, node: NodeProto): Sum | undefined {
  const { graph } = search
  const fused = fusedNorm.has(node.opType)
  if (!fused && node.opType !== 'Add') return undefined
  const [a = '', b = ''] = node.input
  if (graph.isConstant(a) || graph.isConstant(b)) return undefined
  if (dependsOn(search, b, a)) return { node, skip: a, branch: b, fused }
  if (dependsOn(search, a, b)) return { node, skip: b, branch: a, fused }
  // Sums inside a branch (parallel blocks, rotary embeddings) have two sides that do not feed each other.
  return undefined
}

/** True where `name` is computed from `on`. A fused norm hands on its sum and the norm of it: either counts. */
function dependsOn(search: Search, name: string, on: string): boolean {
  const { graph } = search
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
    if (!node) continue
    search.left -= node.input.length
    if (search.left < 0) throw endless()
    for (const input of graph.live(node)) stack.push(input)
  }
  return false
}

const endless = (): LabError =>
  new LabError('graph', 'the residual stream was not found within 10 million steps: this is no decoder that fits here')

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
