/** Graphs inside nodes: what they take from outside, and the two branches of a merged decoder. */
import { LabError } from '../errors'
import { makeNode, type GraphProto, type NodeProto } from './proto'

/** The graphs that a node holds, as If, Loop and Scan do. */
export function subgraphs(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => (g ? [g, ...graphs] : graphs))
}

/** Names that a node takes: its inputs, and what the graphs inside it take from around it. */
export function inputsOf(node: NodeProto): string[] {
  const inner = subgraphs(node)
  return inner.length === 0 ? node.input : [...node.input, ...inner.flatMap((graph) => [...captured(graph)])]
}

function captured(graph: GraphProto): Set<string> {
  const own = new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output)
  ])
  const taken = [...graph.node.flatMap(inputsOf), ...graph.output.map(({ name }) => name)]
  return new Set(taken.filter((name) => name && !own.has(name)))
}

/** Lets a node take `to` wherever it takes `from`, inside its graphs as well. */
export function renameInput(node: NodeProto, from: string, to: string): void {
  node.input = node.input.map((name) => (name === from ? to : name))
  for (const graph of subgraphs(node)) {
    if (!captured(graph).has(from)) continue
    for (const inner of graph.node) renameInput(inner, from, to)
    // What the graph hands on unchanged keeps its name outside, by its place.
    for (const output of graph.output) if (output.name === from) output.name = to
  }
}

/**
 * A merged decoder holds the model twice, behind one switch: with and without a cache. The branch with a cache computes
 * both where the cache may be empty, so it takes the place of the switch. Returns whether there was one.
 */
export function takeCachedBranch(graph: GraphProto): boolean {
  const at = graph.node.findIndex((node) => node.opType === 'If' && node.input[0] === 'use_cache_branch')
  const [choice] = at === -1 ? [] : graph.node.slice(at, at + 1)
  if (!choice) return false
  const branch = choice.attribute.find(({ name }) => name === 'then_branch')?.g
  if (!branch || branch.output.length !== choice.output.length) {
    throw new LabError('graph', 'the switch use_cache_branch should choose between two graphs: export the model again')
  }
  const inner = new Map<string, string>()
  const copies: NodeProto[] = []
  const made = new Set(branch.node.flatMap(({ output }) => output))
  branch.output.forEach(({ name }, i) => {
    const outer = choice.output[i] ?? ''
    if (made.has(name) && !inner.has(name)) inner.set(name, outer)
    else if (name !== outer) copies.push(makeNode('Identity', [inner.get(name) ?? name], [outer]))
  })
  for (const node of branch.node) {
    for (const [from, to] of inner) if (from !== to) renameInput(node, from, to)
    node.output = node.output.map((name) => inner.get(name) ?? name)
  }
  graph.node.splice(at, 1, ...branch.node, ...copies)
  graph.initializer.push(...branch.initializer)
  graph.input = graph.input.filter(({ name }) => name !== 'use_cache_branch')
  return true
}
