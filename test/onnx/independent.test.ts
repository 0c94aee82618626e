/** Every form in which a graph quantizes a whole batch at once, against a row by itself. */
import { create } from '@bufbuild/protobuf'
import { GraphProtoSchema, ModelProtoSchema, OperatorSetIdProtoSchema } from 'onnx-buf'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { Graph } from '../../src/onnx/graph'
import { quantizeByToken } from '../../src/onnx/levels/independent'
import {
  DataType,
  encodeModel,
  floatScalar,
  makeCast,
  makeNode,
  makeTensor,
  makeValueInfo,
  type NodeProto,
  type TensorProto
} from '../../src/onnx/proto'
import { largestDifference } from './compare'

const width = 8

function int8(name: string, dims: readonly number[]): TensorProto {
  const count = dims.reduce((product, size) => product * size, 1)
  const rawData = new Uint8Array(Int8Array.from({ length: count }, (_, i) => Math.round(90 * Math.sin(i * 1.7))).buffer)
  return Object.assign(makeTensor(name, DataType.INT8, dims), { rawData })
}

const microsoft = (node: NodeProto): NodeProto => Object.assign(node, { domain: 'com.microsoft' })
const quantizer = makeNode('DynamicQuantizeLinear', ['x'], ['q', 's', 'z'])
const scaled = (sums: string): NodeProto[] => [
  makeCast(sums, 'floats', DataType.FLOAT),
  makeNode('Mul', ['s', 'w.scale'], ['scales']),
  makeNode('Mul', ['floats', 'scales'], ['y'])
]
const forms: Readonly<Record<string, readonly NodeProto[]>> = {
  'a product': [quantizer, makeNode('MatMulInteger', ['q', 'w', 'z'], ['sums']), ...scaled('sums')],
  'a fused product': [quantizer, microsoft(makeNode('MatMulIntegerToFloat', ['q', 'w', 's', 'w.scale', 'z'], ['y']))],
  'a product that quantizes': [microsoft(makeNode('DynamicQuantizeMatMul', ['x', 'w', 'w.scale'], ['y']))],
  'a convolution': [quantizer, makeNode('ConvInteger', ['q', 'kernel', 'z'], ['sums']), ...scaled('sums')],
  'a product with itself': [
    quantizer,
    makeNode('Transpose', ['x'], ['t'], { perm: [0, 2, 1] }),
    makeNode('DynamicQuantizeLinear', ['t'], ['tq', 'ts', 'tz']),
    makeNode('MatMulInteger', ['q', 'tq', 'z', 'tz'], ['sums']),
    makeCast('sums', 'floats', DataType.FLOAT),
    makeNode('Mul', ['s', 'ts'], ['scales']),
    makeNode('Mul', ['floats', 'scales'], ['y'])
  ]
}

function model(nodes: readonly NodeProto[]): Uint8Array {
  const kernel = int8('kernel', [4, width, 1])
  const graph = create(GraphProtoSchema, {
    node: nodes.map((node) => ({ ...node, input: [...node.input], output: [...node.output] })),
    initializer: [int8('w', [width, 4]), kernel, floatScalar('w.scale', 0.01)],
    input: [makeValueInfo('x', DataType.FLOAT, ['b', 's', 'k'])],
    output: [makeValueInfo('y', DataType.FLOAT, ['b', 'm', 'n'])]
  })
  const opsetImport = [
    create(OperatorSetIdProtoSchema, { domain: '', version: 17n }),
    create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: 1n })
  ]
  return encodeModel(create(ModelProtoSchema, { irVersion: 8n, graph, opsetImport }))
}

const tokens = (B: number, size: (row: number) => number): Float32Array =>
  Float32Array.from({ length: B * width * width }, (_, i) => size(Math.floor(i / width / width)) * Math.cos(i * 2.3))

async function run(bytes: Uint8Array, x: Float32Array): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 })
  const { y } = await session.run({ x: new ort.Tensor('float32', x, [x.length / width / width, width, width]) })
  if (!(y?.data instanceof Float32Array)) throw new Error('floats were expected')
  return y.data
}

describe.each(Object.entries(forms))('%s', (_, nodes) => {
  const plain = model(nodes)
  const graph = new Graph(plain)
  quantizeByToken(graph)
  graph.commit()
  const edited = encodeModel(graph.model)
  const x = tokens(2, (row) => (row === 0 ? 1 : 1000))

  it('gives a row what it gives it alone, where the plain graph does not', async () => {
    const together = await run(edited, x)
    const alone = await run(edited, x.slice(0, x.length / 2))
    expect(together.subarray(0, alone.length)).toEqual(alone)
    const mixed = (await run(plain, x)).subarray(0, alone.length)
    expect(largestDifference(mixed, alone)).toBeGreaterThan(0.1)
  })

  it('is within a level of the plain graph for one row', async () => {
    const one = x.slice(0, x.length / 2)
    const [a, b] = [await run(plain, one), await run(edited, one)]
    expect(largestDifference(a, b)).toBeLessThan(0.02 * Math.max(...a.map(Math.abs)))
    expect(largestDifference(a, b)).toBeGreaterThan(0)
  })
})
