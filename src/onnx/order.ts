/** The order in which a graph can be computed, which is also the proof that no walk along its edges goes round in a circle. */
import { LabError } from '../errors'
import type { NodeProto } from './proto'
import { inputsOf } from './subgraph'

/** More nodes than this are refused: the largest decoders, with every norm spelled out, have some 20,000. */
const mostNodes = 100_000

/**
 * The nodes so that each stands after those that make its inputs.
 * @param producer tensor name -> node that makes it
 * @throws LabError `graph` for a circle, a tensor that two nodes make, or too many nodes
 */
export function computable(
  nodes: readonly NodeProto[],
  producer: ReadonlyMap<string, NodeProto>
): readonly NodeProto[] {
  if (nodes.length > mostNodes) {
    throw new LabError(
      'graph',
      `a graph of at most ${mostNodes} nodes was expected, got ${nodes.length}: export it anew`
    )
  }
  requireOneMaker(nodes, producer)
  const waiting = new Map<NodeProto, number>()
  const next = new Map<NodeProto, NodeProto[]>()
  for (const node of nodes) {
    const before = new Set(inputsOf(node).flatMap((name) => producer.get(name) ?? []))
    waiting.set(node, before.size)
    for (const maker of before) {
      const list = next.get(maker)
      if (list) list.push(node)
      else next.set(maker, [node])
    }
  }
  const sorted = nodes.filter((node) => waiting.get(node) === 0)
  for (let at = 0; at < sorted.length; at++) {
    const done = sorted[at]
    for (const node of (done && next.get(done)) ?? []) {
      const left = (waiting.get(node) ?? 0) - 1
      waiting.set(node, left)
      if (left === 0) sorted.push(node)
    }
  }
  if (sorted.length === nodes.length) return sorted
  const stuck = nodes.find((node) => waiting.get(node) !== 0)
  throw new LabError('graph', `this graph cannot be computed, ${shortName(stuck)} needs its own result: export it anew`)
}

/** Each tensor is made once, as ONNX asks; else a walk forwards and a walk backwards would see two different graphs. */
function requireOneMaker(nodes: readonly NodeProto[], producer: ReadonlyMap<string, NodeProto>): void {
  for (const node of nodes) {
    const twice = node.output.find((name, at) => {
      return name !== '' && (producer.get(name) !== node || node.output.indexOf(name) !== at)
    })
    if (twice !== undefined) {
      throw new LabError(
        'graph',
        `the tensor ${twice.slice(0, 100)} is made by two nodes of this graph: export it anew`
      )
    }
  }
}

const shortName = (node: NodeProto | undefined): string => (node?.name || node?.opType || 'a node').slice(0, 100)
