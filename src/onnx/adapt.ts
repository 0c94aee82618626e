/** Level `adapt`: an un-merged LoRA adapter on every linear layer, y' = y + s (x A) B. */
import type { Graph } from './graph'
import type { Linear } from './linear'
import { makeNode, makeValueInfo, type DataType } from './proto'

/** Adds `lora.scale [1]` and, for each module, `lora.<l>.<module>.A [in, r]` and `.B [r, out]`. */
export function addAdapters(graph: Graph, linears: readonly Linear[], type: DataType): void {
  graph.addInput(makeValueInfo('lora.scale', type, [1]))
  for (const linear of linears) addAdapter(graph, linear, type)
}

function addAdapter(graph: Graph, linear: Linear, type: DataType): void {
  const deltas = linear.parts.map(({ module, out }) => {
    const key = `lora.${linear.layer}.${module}`
    const rank = `${key}.rank`
    graph.addInput(makeValueInfo(`${key}.A`, type, [linear.in, rank]))
    graph.addInput(makeValueInfo(`${key}.B`, type, [rank, out]))
    return {
      delta: `azimuth/${key}.delta`,
      // The scale goes on the narrow tensor between the two products.
      nodes: [
        makeNode('MatMul', [linear.x, `${key}.A`], [`azimuth/${key}.down`]),
        makeNode('Mul', [`azimuth/${key}.down`, 'lora.scale'], [`azimuth/${key}.scaled`]),
        makeNode('MatMul', [`azimuth/${key}.scaled`, `${key}.B`], [`azimuth/${key}.delta`])
      ]
    }
  })
  const producer = graph.producer.get(linear.y)
  if (!producer) return
  const adapted = `azimuth/adapted/${linear.y}`
  const joined = deltas.length === 1 ? (deltas[0]?.delta ?? '') : `${adapted}.delta`
  const nodes = deltas.flatMap((d) => d.nodes)
  if (deltas.length > 1)
    nodes.push(
      makeNode(
        'Concat',
        deltas.map((d) => d.delta),
        [joined],
        { axis: { int: -1 } }
      )
    )
  graph.redirect(linear.y, adapted)
  graph.insertAfter(producer, ...nodes, makeNode('Add', [linear.y, joined], [adapted]))
}
