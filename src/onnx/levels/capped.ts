/**
 * Attention with capped scores (Gemma 2) in plain operators. ONNX Runtime's WebGPU kernel of GroupQueryAttention leaves its
 * `softcap` out without an error. The operator stays for what it does right, turning and keeping the keys; from those keys
 * attention is computed again: softmax(c tanh(s q k / c) + mask) v.
 */
import type { Graph } from '../graph'
import {
  DataType,
  floatAttribute,
  floatScalar,
  int64Tensor,
  intAttribute,
  makeCast,
  makeNode,
  type NodeProto
} from '../proto'

/** Lower than any score, also in half precision. */
const never = -60000

/** Rewrites each attention that caps its scores. @param headSize length of one key */
export function writeOutCaps(graph: Graph, headSize: number): void {
  const masks = new Map<string, string>()
  for (const node of [...graph.proto.node]) {
    if (node.opType !== 'GroupQueryAttention' || !(floatAttribute(node, 'softcap') ?? 0)) continue
    // What else may stand beside a cap, nobody exports: a sink, a smooth softmax, a bias.
    if (node.input[10] || node.input[11] || intAttribute(node, 'smooth_softmax')) continue
    writeOut(graph, node, headSize, masks)
  }
}

function writeOut(graph: Graph, node: NodeProto, headSize: number, masks: Map<string, string>): void {
  const [attended = '', keys = '', values = ''] = node.output
  const inner = (name: string): string => `azimuth/${attended}.${name}`
  const heads = intAttribute(node, 'num_heads') ?? 1
  const groups = intAttribute(node, 'kv_num_heads') ?? heads
  const type = graph.elementType(keys) ?? DataType.FLOAT
  const number = (name: string, value: number): string =>
    graph.as(graph.addInitializer(floatScalar(`azimuth/${name}`, value)), type)
  const cap = floatAttribute(node, 'softcap') ?? 0
  const scale = (floatAttribute(node, 'scale') ?? 0) || 1 / Math.sqrt(headSize)
  const limit = number(`cap.${cap}`, cap)
  const grouped = ints(graph, [0, 0, groups, heads / groups, headSize])
  const before = positions(graph, node, masks)
  const out = inner('out')
  graph.redirect(attended, out)
  graph.insertAfter(
    node,
    ...queries(graph, node, heads * headSize, before, inner),
    makeNode('Reshape', [inner('turned'), grouped], [inner('grouped')]),
    makeNode('Transpose', [inner('grouped')], [inner('q')], { perm: [0, 2, 3, 1, 4] }),
    makeNode('Transpose', [keys], [inner('columns')], { perm: [0, 1, 3, 2] }),
    makeNode('Unsqueeze', [inner('columns'), ints(graph, [2])], [inner('k')]),
    makeNode('Unsqueeze', [values, ints(graph, [2])], [inner('v')]),
    makeNode('MatMul', [inner('q'), inner('k')], [inner('products')]),
    makeNode('Mul', [inner('products'), number(`scale.${scale / cap}`, scale / cap)], [inner('share')]),
    makeNode('Tanh', [inner('share')], [inner('tanh')]),
    makeNode('Mul', [inner('tanh'), limit], [inner('capped')]),
    makeNode('Add', [inner('capped'), mask(graph, node, before, masks, type)], [inner('scores')]),
    makeNode('Softmax', [inner('scores')], [inner('weights')], { axis: { int: -1 } }),
    makeNode('MatMul', [inner('weights'), inner('v')], [inner('mixed')]),
    makeNode('Transpose', [inner('mixed')], [inner('ordered')], { perm: [0, 3, 1, 2, 4] }),
    makeNode('Reshape', [inner('ordered'), ints(graph, [0, 0, heads * headSize])], [out])
  )
}

/** The queries `[B, S, width]`, cut out of what may hold keys and values, too, and turned by their positions. */
function queries(
  graph: Graph,
  node: NodeProto,
  width: number,
  positions: string,
  inner: (name: string) => string
): NodeProto[] {
  const [packed = '', key = ''] = node.input
  const own = key ? packed : inner('queries')
  const cut = key ? [] : [makeNode('Slice', [packed, ints(graph, [0]), ints(graph, [width]), ints(graph, [-1])], [own])]
  if (intAttribute(node, 'do_rotary') !== 1) return [...cut, makeNode('Identity', [own], [inner('turned')])]
  const turn = makeNode(
    'RotaryEmbedding',
    [own, node.input[9] || positions, node.input[7] ?? '', node.input[8] ?? ''],
    [inner('turned')],
    {
      interleaved: { int: intAttribute(node, 'rotary_interleaved') ?? 0 },
      num_heads: { int: intAttribute(node, 'num_heads') ?? 1 }
    }
  )
  return [...cut, Object.assign(turn, { domain: 'com.microsoft' })]
}

/** Positions `[B, S]` of this run's tokens: behind what the cache holds of their row, of which `seqlens_k` is the last one. */
function positions(graph: Graph, node: NodeProto, made: Map<string, string>): string {
  const lengths = node.input[5] ?? ''
  const name = `azimuth/positions/${lengths}`
  if (made.has(name)) return name
  made.set(name, name)
  const inner = (part: string): string => `${name}.${part}`
  graph.insertBefore(
    node,
    makeCast(lengths, inner('last'), DataType.INT64),
    makeNode('Reshape', [inner('last'), ints(graph, [-1, 1])], [inner('column')]),
    makeNode('Shape', [node.input[0] ?? ''], [inner('shape')]),
    makeNode('Gather', [inner('shape'), scalar(graph, 1)], [inner('tokens')]),
    makeNode('Sub', [inner('column'), inner('tokens')], [inner('behind')]),
    makeNode('Add', [inner('behind'), scalar(graph, 1)], [inner('past')]),
    // Rows of a first run that are shorter than others are padded on the right: their tokens begin at 0.
    makeNode('Max', [inner('past'), scalar(graph, 0)], [inner('from')]),
    makeNode('Range', [scalar(graph, 0), inner('tokens'), scalar(graph, 1)], [inner('steps')]),
    makeNode('Add', [inner('from'), inner('steps')], [name])
  )
  return name
}

/** `[B, 1, 1, S, T]`: 0 where a token may look, `never` where not; one for all layers that look equally far back. */
function mask(graph: Graph, node: NodeProto, positions: string, made: Map<string, string>, type: DataType): string {
  const window = intAttribute(node, 'local_window_size') ?? -1
  const name = `${positions}/mask.${window}.${type}`
  if (made.has(name)) return name
  made.set(name, name)
  const inner = (part: string): string => `${name}.${part}`
  const far = window > 0
  graph.insertAfter(
    node,
    makeNode('Shape', [node.output[1] ?? ''], [inner('shape')]),
    makeNode('Gather', [inner('shape'), scalar(graph, 2)], [inner('slots')]),
    makeNode('Range', [scalar(graph, 0), inner('slots'), scalar(graph, 1)], [inner('keys')]),
    makeNode('Unsqueeze', [positions, ints(graph, [1, 2, 4])], [inner('rows')]),
    makeNode('Sub', [inner('rows'), inner('keys')], [inner('distance')]),
    makeNode('Less', [inner('distance'), scalar(graph, 0)], [inner('later')]),
    ...(far
      ? [
          makeNode('Greater', [inner('distance'), scalar(graph, window - 1)], [inner('beyond')]),
          makeNode('Or', [inner('later'), inner('beyond')], [inner('hidden')])
        ]
      : []),
    makeCast(inner(far ? 'hidden' : 'later'), inner('float'), DataType.FLOAT),
    makeNode('Mul', [inner('float'), graph.addInitializer(floatScalar('azimuth/never', never))], [inner('wide')]),
    makeCast(inner('wide'), name, type)
  )
  return name
}

const ints = (graph: Graph, values: readonly number[]): string =>
  graph.addInitializer(int64Tensor(`azimuth/ints.${values.join('.')}`, values))

/** An integer without an axis. */
function scalar(graph: Graph, value: number): string {
  const tensor = int64Tensor(`azimuth/int.${value}`, [value])
  return graph.addInitializer(Object.assign(tensor, { dims: [] }))
}
