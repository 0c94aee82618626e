/** ONNX's protobuf messages: reading, writing, and short ways to make the ones an edit needs. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto
} from 'onnx-buf'
import { excerpt, LabError } from '../errors'

export {
  DataLocation,
  DataType,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto
}

/** A size in numbers, or the name of one that is known at run time only. */
export type Dimension = number | string

/** Parses a model. Weights stay views into `bytes`. @throws LabError `checksum` for bytes that are not a whole one */
export function decodeModel(bytes: Uint8Array, name: string): ModelProto & { graph: GraphProto } {
  let model: ModelProto
  try {
    model = fromBinary(ModelProtoSchema, bytes)
  } catch (cause) {
    throw new LabError(
      'checksum',
      `${name} is not a whole ONNX file (${bytes.length} bytes, ${excerpt(cause)}): fetch it again and compare its size with the source's`,
      { cause }
    )
  }
  const { graph } = model
  if (!graph || graph.node.length === 0) {
    throw new LabError(
      'checksum',
      `${name} should be an ONNX file with a graph in it, got ${bytes.length} bytes without one: fetch it again`
    )
  }
  return Object.assign(model, { graph })
}

/** The bytes of a model file. */
export function encodeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, model)
}

type AttributeValue = number | { readonly int: number } | readonly number[] | TensorProto

function attribute(name: string, value: AttributeValue): AttributeProto {
  const fields = (() => {
    if (typeof value === 'number') return { type: AttributeType.FLOAT, f: value }
    if ('int' in value) return { type: AttributeType.INT, i: BigInt(value.int) }
    if ('dataType' in value) return { type: AttributeType.TENSOR, t: value }
    return { type: AttributeType.INTS, ints: value.map(BigInt) }
  })()
  return create(AttributeProtoSchema, { name, ...fields })
}

/** A node that cuts a tensor into equal parts along an axis. */
export function evenSplit(opset: number, tensor: string, parts: readonly string[], axis: number): NodeProto {
  // Before version 18 the number of outputs says it.
  const count = opset >= 18 ? { num_outputs: { int: parts.length } } : {}
  return makeNode('Split', [tensor], parts, { axis: { int: axis }, ...count })
}

/** A node named for its first output. Integer attributes are given as `{ int }`. */
export function makeNode(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {}
): NodeProto {
  return create(NodeProtoSchema, {
    opType,
    name: `${output[0] ?? opType}/${opType}`,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value))
  })
}

/** A tensor without bytes, to be given some elsewhere. */
export function makeTensor(name: string, dataType: DataType, dims: readonly number[]): TensorProto {
  return create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt) })
}

/** An initializer of one dimension, `[values]`, in int64. */
export function int64Tensor(name: string, values: readonly number[]): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: DataType.INT64,
    dims: [BigInt(values.length)],
    int64Data: values.map(BigInt)
  })
}

/** An initializer without dimensions, in float32. */
export function floatScalar(name: string, value: number): TensorProto {
  return create(TensorProtoSchema, { name, dataType: DataType.FLOAT, floatData: [value] })
}

/** An initializer without dimensions, in uint8. */
export function uint8Scalar(name: string, value: number): TensorProto {
  return create(TensorProtoSchema, { name, dataType: DataType.UINT8, rawData: Uint8Array.of(value) })
}

/** Name, type and shape of a graph's input or output. */
export function makeValueInfo(name: string, elemType: DataType, dims: readonly Dimension[]): ValueInfoProto {
  const dim = dims.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof size === 'number' ? { case: 'dimValue', value: BigInt(size) } : { case: 'dimParam', value: size }
    })
  )
  const tensor = create(TypeProto_TensorSchema, { elemType, shape: create(TensorShapeProtoSchema, { dim }) })
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } })
  })
}

/** Element type and sizes of a graph input or output; a symbolic size keeps its name. */
export function tensorType(value: ValueInfoProto): { elemType: DataType; dims: Dimension[] } {
  const type = value.type?.value
  if (type?.case !== 'tensorType') return { elemType: DataType.UNDEFINED, dims: [] }
  const dims = (type.value.shape?.dim ?? []).map(({ value: size }): Dimension => {
    if (size.case === 'dimValue') return Number(size.value)
    return size.case === 'dimParam' ? size.value : '?'
  })
  return { elemType: type.value.elemType, dims }
}

/** A node's whole number of that name; undefined where it has none. */
export function intAttribute(node: NodeProto, name: string): number | undefined {
  const found = node.attribute.find((a) => a.name === name)
  return found && Number(found.i)
}

/** A node's number of that name; undefined where it has none. */
export function floatAttribute(node: NodeProto, name: string): number | undefined {
  return node.attribute.find((a) => a.name === name)?.f
}

/** A tensor among a node's attributes. */
export function attributeTensor(node: NodeProto, name: string): TensorProto | undefined {
  return node.attribute.find((a) => a.name === name)?.t
}

/** A node that hands a tensor on as another element type. */
export function makeCast(input: string, output: string, type: DataType): NodeProto {
  return makeNode('Cast', [input], [output], { to: { int: type } })
}

/** Points a tensor at bytes `[offset, offset + length)` of the file `location`; its own bytes are dropped. */
export function makeExternal(tensor: TensorProto, location: string, offset: number, length: number): TensorProto {
  const entries = { location, offset: String(offset), length: String(length) }
  return create(TensorProtoSchema, {
    name: tensor.name,
    dataType: tensor.dataType,
    dims: tensor.dims,
    dataLocation: DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }))
  })
}

/** Where an external tensor's bytes lie, or undefined for a tensor inside the file. */
export function externalRange(tensor: TensorProto): { location: string; offset: number; length: number } | undefined {
  if (tensor.dataLocation !== DataLocation.EXTERNAL) return undefined
  const entry = new Map(tensor.externalData.map(({ key, value }) => [key, value]))
  return {
    location: entry.get('location') ?? '',
    offset: Number(entry.get('offset') ?? 0),
    length: Number(entry.get('length') ?? 0)
  }
}
