/** Level `adapt`: an un-merged LoRA adapter on every linear layer, y' = y + s (x A) B. */
import type { Graph } from '../graph'
import { groupLinears, type Linear, type LinearGroup } from '../linear'
import { evenSplit, makeCast, makeNode, makeValueInfo, type DataType, type NodeProto } from '../proto'

/** Adds `lora.scale [1]` and, for each module, `lora.<l>.<module>.A [in, r]` and `.B [r, out]`. */
export function addAdapters(graph: Graph, linears: readonly Linear[], type: DataType): void {
  graph.addInput(makeValueInfo('lora.scale', type, [1]))
  for (const linear of linears) addAdapter(graph, linear, type)
}

function addAdapter(graph: Graph, linear: Linear, type: DataType): void {
  const nodes: NodeProto[] = []
  const deltas = linear.parts.map(({ module, out }) => {
    const key = `lora.${linear.layer}.${module}`
    const rank = `${key}.rank`
    graph.addInput(makeValueInfo(`${key}.A`, type, [linear.in, rank]))
    graph.addInput(makeValueInfo(`${key}.B`, type, [rank, out]))
    nodes.push(
      ...scaledDown(graph, linear.x, key, type),
      makeNode('MatMul', [inner(key, 'scaled'), `${key}.B`], [inner(key, 'delta')])
    )
    return inner(key, 'delta')
  })
  const joined = deltas.length === 1 ? (deltas[0] ?? '') : `azimuth/adapted/${linear.y}.delta`
  if (deltas.length > 1) nodes.push(makeNode('Concat', deltas, [joined], { axis: { int: -1 } }))
  addTo(graph, linear.y, joined, nodes, type)
}

/**
 * The same with fewer products: modules that read one tensor share `lora.<l>.<group>.A [in, n r]`, where n is their
 * number and r the largest of their ranks. Each product of the group takes the columns of x A that belong to its p
 * modules and has a B of its own, `[p r, out]`, with theirs in blocks along the diagonal.
 */
export function addJoinedAdapters(graph: Graph, linears: readonly Linear[], type: DataType): void {
  graph.addInput(makeValueInfo('lora.scale', type, [1]))
  for (const group of groupLinears(linears)) addJoined(graph, group, type)
}

function addJoined(graph: Graph, { layer, name, x, in: width, products }: LinearGroup, type: DataType): void {
  const key = `lora.${layer}.${name}`
  graph.addInput(makeValueInfo(`${key}.A`, type, [width, `${key}.ranks`]))
  const down = scaledDown(graph, x, key, type)
  const scaled = products.map((_, i) => (products.length === 1 ? inner(key, 'scaled') : inner(key, `scaled.${i}`)))
  if (products.length > 1) down.push(evenSplit(graph.opset, inner(key, 'scaled'), scaled, -1))
  products.forEach(({ y, parts }, i) => {
    const B = joinedB(key, products.length, i)
    graph.addInput(makeValueInfo(B, type, [`${B}.ranks`, parts.reduce((sum, { out }) => sum + out, 0)]))
    const up = makeNode('MatMul', [scaled[i] ?? '', B], [inner(key, `delta.${i}`)])
    // The products of a group stand side by side: what all share is made before the first of them.
    addTo(graph, y, inner(key, `delta.${i}`), [up], type)
  })
  const first = graph.producer.get(products[0]?.y ?? '')
  if (first) graph.insertBefore(first, ...down)
}

/** Name of the B of a group's product. */
export function joinedB(key: string, products: number, index: number): string {
  return products === 1 ? `${key}.B` : `${key}.B.${index}`
}

const inner = (key: string, name: string): string => `azimuth/${key}.${name}`

/** s (x A): the scale goes on the narrow tensor between the two products, which are in the type of the adapter. */
function scaledDown(graph: Graph, x: string, key: string, type: DataType): NodeProto[] {
  return [
    makeNode('MatMul', [graph.as(x, type), `${key}.A`], [inner(key, 'down')]),
    makeNode('Mul', [inner(key, 'down'), 'lora.scale'], [inner(key, 'scaled')])
  ]
}

/** Lets all who take `y` take y + delta; `nodes` make the delta. */
function addTo(graph: Graph, y: string, delta: string, nodes: readonly NodeProto[], type: DataType): void {
  const producer = graph.producer.get(y)
  if (!producer) return
  const adapted = `azimuth/adapted/${y}`
  const own = graph.elementType(y) ?? type
  const casts = own === type ? [] : [makeCast(delta, `${delta}.cast`, own)]
  graph.redirect(y, adapted)
  graph.insertAfter(producer, ...nodes, ...casts, makeNode('Add', [y, casts[0]?.output[0] ?? delta], [adapted]))
}
