/** The names that the lab adds to a graph, and what a model's own tensors of those names are called instead. */
import type { GraphProto } from '../proto'
import { renameInput } from '../subgraph'

/** True for a name that is given to inputs, outputs or tensors of ours. */
export const isOurs = (name: string): boolean =>
  /^(azimuth\/|steer\.|lora\.|capture\.|select$|log_probabilities$)/.test(name)

/**
 * Gives the model's own inner tensors other names where they have ours, which is no reason to refuse a model: only inputs
 * and outputs are called by name. A graph that was edited before has those, and keeps all.
 */
export function yieldNames(graph: GraphProto): void {
  if ([...graph.input, ...graph.output].some(({ name }) => isOurs(name))) return
  const made = graph.node.flatMap(({ output }) => output)
  const names = new Set([...made, ...graph.initializer.map(({ name }) => name)].filter(isOurs))
  for (const name of names) {
    const other = `model/${name}`
    for (const node of graph.node) {
      renameInput(node, name, other)
      node.output = node.output.map((output) => (output === name ? other : output))
    }
    for (const named of [...graph.initializer, ...graph.valueInfo]) if (named.name === name) named.name = other
  }
}
