/** The element type of any tensor of a graph, read from what makes it: half-precision files mix float16 with float32. */
import { attributeTensor, DataType, intAttribute, type NodeProto, type TensorProto } from './proto'

/** Floats that a residual stream, a cache or an added input can have. */
export type FloatType = 'float32' | 'float16'

/** Where tensors come from. */
export interface Tensors {
  readonly producer: ReadonlyMap<string, NodeProto>
  readonly initializer: ReadonlyMap<string, TensorProto>
  /** Type that the graph states for an input, an output or an intermediate tensor. */
  declared(name: string): DataType | undefined
}

const floating = new Set([DataType.FLOAT, DataType.FLOAT16, DataType.BFLOAT16, DataType.DOUBLE])

const always: Readonly<Record<string, DataType>> = {
  Shape: DataType.INT64,
  Size: DataType.INT64,
  ArgMax: DataType.INT64,
  ArgMin: DataType.INT64,
  NonZero: DataType.INT64,
  Equal: DataType.BOOL,
  Less: DataType.BOOL,
  LessOrEqual: DataType.BOOL,
  Greater: DataType.BOOL,
  GreaterOrEqual: DataType.BOOL,
  Not: DataType.BOOL,
  And: DataType.BOOL,
  Or: DataType.BOOL,
  Xor: DataType.BOOL,
  IsNaN: DataType.BOOL,
  IsInf: DataType.BOOL,
  MatMulInteger: DataType.INT32,
  ConvInteger: DataType.INT32,
  QuantizeLinear: DataType.UINT8
}

/** Operators whose output has the type of one input, and which; the others take their floats all of one type. */
const follows: Readonly<Record<string, number>> = {
  Where: 1,
  Pow: 0,
  Dropout: 0,
  CastLike: 1,
  DequantizeLinear: 1,
  OneHot: 2,
  Range: 0
}

/**
 * Type of a tensor, or undefined where neither the operators nor the graph say it. Operators come first: what a graph
 * declares of its inner tensors can be left over from before a conversion.
 */
export function typeOf(graph: Tensors, name: string): DataType | undefined {
  let at = name
  const seen = new Set<string>()
  while (!seen.has(at)) {
    seen.add(at)
    const node = graph.producer.get(at)
    if (!node) return graph.initializer.get(at)?.dataType ?? graph.declared(at)
    const known = fixedType(node, at) ?? constantFloat(graph, node)
    if (known !== undefined) return known
    const next = node.input[follows[node.opType] ?? 0]
    if (!next) return graph.declared(at)
    at = next
  }
  return graph.declared(name)
}

/** What an operator makes whatever goes in. */
function fixedType(node: NodeProto, output: string): DataType | undefined {
  const fixed = always[node.opType]
  if (fixed !== undefined) return fixed
  switch (node.opType) {
    case 'Cast':
      return intAttribute(node, 'to')
    case 'Constant':
    case 'ConstantOfShape':
      return attributeTensor(node, 'value')?.dataType ?? DataType.FLOAT
    case 'DynamicQuantizeLinear':
      return output === node.output[1] ? DataType.FLOAT : DataType.UINT8
    case 'TopK':
      return output === node.output[1] ? DataType.INT64 : undefined
    default:
      return undefined
  }
}

/** A weight tells the type of the floats that are computed with it. */
function constantFloat(graph: Tensors, node: NodeProto): DataType | undefined {
  if (node.opType in follows) return undefined
  const types = node.input.map((name) => graph.initializer.get(name)?.dataType)
  return types.find((type) => type !== undefined && floating.has(type))
}

/** @returns undefined for any other type */
export function floatType(type: DataType | undefined): FloatType | undefined {
  if (type === DataType.FLOAT) return 'float32'
  return type === DataType.FLOAT16 ? 'float16' : undefined
}

/** The other way round. */
export const dataTypeOf = (type: FloatType): DataType => (type === 'float16' ? DataType.FLOAT16 : DataType.FLOAT)
