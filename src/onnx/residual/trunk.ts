/**
 * The trunk of a decoder: the nodes that everything passes on its way from the embedding to the logits. Between two of
 * them lies a branching, such as attention beside the residual stream. Found without names or operators of a family.
 */
import type { Graph } from '../graph'
import type { NodeProto } from '../proto'
import { inputsOf } from '../subgraph'

/** Operators whose output says how large a tensor is, not what is in it. */
const sizes = new Set(['Shape', 'Size'])

/** A node of the trunk, with the nodes that lie between it and the one before. */
export interface Station {
  readonly node: NodeProto
  readonly before: readonly NodeProto[]
}

/** The tensors of a graph that depend on some others by their values. */
export class Reach {
  readonly from: readonly string[]
  readonly #tensors: ReadonlySet<string>

  /**
   * @param from names of tensors, which count as reached
   * @param stop nodes that hand nothing on
   */
  constructor(graph: Graph, from: readonly string[], stop: (node: NodeProto) => boolean = () => false) {
    this.from = from
    const found = new Set(from)
    const stack = [...found]
    for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
      for (const node of graph.consumers.get(name) ?? []) {
        if (sizes.has(node.opType) || stop(node)) continue
        for (const output of node.output) {
          if (!output || found.has(output)) continue
          found.add(output)
          stack.push(output)
        }
      }
    }
    this.#tensors = found
  }

  has(name: string): boolean {
    return this.#tensors.has(name)
  }

  /** The inputs of a node that depend on them. */
  inputs(node: NodeProto): string[] {
    return sizes.has(node.opType) ? [] : inputsOf(node).filter((name) => this.has(name))
  }
}

/** The trunk from where a reach begins to the output `to`, first node first; empty where no way leads there. */
export function findTrunk(graph: Graph, reach: Reach, to: string): Station[] {
  const order = between(graph, reach, to)
  const place = new Map(order.map((node, i) => [node, i]))
  // A node is passed by every way if no edge leads from a node before it to a node behind it.
  const stations: Station[] = []
  const last = (names: readonly string[]): number =>
    Math.max(-1, ...takers(graph, names).map((node) => place.get(node) ?? -1))
  let before: NodeProto[] = []
  let farthest = last(reach.from)
  for (const [i, node] of order.entries()) {
    if (farthest <= i) {
      stations.push({ node, before })
      before = []
    } else before.push(node)
    farthest = Math.max(farthest, last(node.output))
  }
  return stations
}

/** The nodes on the ways to `to`, each behind those whose tensors it takes. */
function between(graph: Graph, reach: Reach, to: string): NodeProto[] {
  const order: NodeProto[] = []
  const seen = new Set<NodeProto>()
  const stack: { node: NodeProto; inputs: string[] }[] = []
  const enter = (name: string): void => {
    const node = graph.producer.get(name)
    if (!node || seen.has(node)) return
    seen.add(node)
    stack.push({ node, inputs: reach.inputs(node) })
  }
  if (reach.has(to)) enter(to)
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const name = top.inputs.pop()
    if (name !== undefined) enter(name)
    else {
      stack.pop()
      if (reach.inputs(top.node).length > 0) order.push(top.node)
    }
  }
  return order
}

/** The nodes that take one of some tensors by its values. */
function takers(graph: Graph, names: readonly string[]): NodeProto[] {
  return names.flatMap((name) =>
    (name ? (graph.consumers.get(name) ?? []) : []).filter(({ opType }) => !sizes.has(opType))
  )
}
