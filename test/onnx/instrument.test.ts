/** What editing must not do: copy weights, lose fields, touch what was not asked for. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Graph } from '../../src/onnx/graph'
import { instrument } from '../../src/onnx/instrument'
import { encodeModel, externalRange } from '../../src/onnx/proto'
import { graphPath, loadFixture } from '../fixtures'

const whole = { read: true, write: 'affine', adapt: true, select: true } as const
const single = readFileSync(graphPath(loadFixture('qwen2-genai'), 'fp32'))
const external = readFileSync(graphPath(loadFixture('llama-genai'), 'fp32'))

describe('instrument', () => {
  it('gives back the very same bytes without a plan', () => {
    expect(instrument(single, {}, 'model.onnx').bytes).toBe(single)
  })

  it('refers to weights inside a single file by their place in it', () => {
    const { bytes, externalFiles } = instrument(single, whole, 'model.onnx')
    expect(externalFiles).toEqual(['model.onnx'])
    const before = new Map(new Graph(single).proto.initializer.map((tensor) => [tensor.name, tensor.rawData]))
    const moved = new Graph(bytes).proto.initializer.filter((tensor) => externalRange(tensor))
    expect(moved.length).toBeGreaterThan(10)
    for (const tensor of moved) {
      const range = externalRange(tensor)
      const there = single.subarray(range?.offset, (range?.offset ?? 0) + (range?.length ?? 0))
      expect(Buffer.from(there).equals(before.get(tensor.name) ?? new Uint8Array())).toBe(true)
      expect(tensor.rawData.length).toBe(0)
    }
    const weights = moved.reduce((sum, tensor) => sum + (externalRange(tensor)?.length ?? 0), 0)
    expect(bytes.length).toBeLessThan(single.length - weights + 40_000)
  })

  it('leaves external weights where they are', () => {
    const { bytes, externalFiles } = instrument(external, whole, 'model.onnx')
    expect(externalFiles).toContain('model.onnx_data')
    const ranges = (file: Uint8Array): unknown =>
      new Graph(file).proto.initializer.flatMap((tensor) =>
        externalRange(tensor)?.location === 'model.onnx_data' ? [externalRange(tensor)] : []
      )
    expect(ranges(bytes)).toEqual(ranges(external))
  })

  it('does not change the bytes that it was given', () => {
    const copy = Buffer.from(single)
    instrument(single, whole, 'model.onnx')
    expect(single.equals(copy)).toBe(true)
  })

  it('keeps what it does not know, and every input and output that was there', () => {
    // Field 1000 of ModelProto, a varint: from an ONNX that is newer than ours.
    const newer = Buffer.concat([single, Buffer.from([0xc0, 0x3e, 0x07])])
    const { bytes } = instrument(newer, whole, 'model.onnx')
    expect(Buffer.from(bytes).includes(Buffer.from([0xc0, 0x3e, 0x07]))).toBe(true)
    const [old, edited] = [new Graph(single), new Graph(bytes)]
    expect([...edited.input.keys()]).toEqual(expect.arrayContaining([...old.input.keys()]))
    expect([...edited.output.keys()]).toEqual(expect.arrayContaining([...old.output.keys()]))
  })

  it('refuses a graph whose names contradict its structure', () => {
    const graph = new Graph(external)
    for (const node of graph.proto.node) {
      node.name = node.name.replace('layers.1/input_layernorm', 'layers.2/input_layernorm')
    }
    expect(() => instrument(encodeModel(graph.model), whole, 'model.onnx')).toThrow(/names another block/)
  })

  it('says which block names no linear layer', () => {
    const graph = new Graph(external)
    for (const node of graph.proto.node) node.name = node.name.replace('layers.1/', 'part/')
    const rename = (name: string): string => name.replace('layers.1.', 'part.')
    for (const tensor of graph.proto.initializer) tensor.name = rename(tensor.name)
    for (const node of graph.proto.node) node.input = node.input.map(rename)
    const bytes = encodeModel(graph.model)
    expect(() => instrument(bytes, whole, 'model.onnx')).toThrow(/block 1 has no linear layer.*src\/onnx\/linear\.ts/)
    expect(() => instrument(bytes, { read: true }, 'model.onnx')).not.toThrow()
  })
})
