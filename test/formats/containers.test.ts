/** safetensors, npy and GGUF: what Python's packages write is read, and what is written is what they would write. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readControlVector, writeControlVector } from '../../src/formats/control-vector'
import { readGguf, writeGguf } from '../../src/formats/gguf'
import { readNpy, writeNpy } from '../../src/formats/npy'
import {
  floatTensor,
  naturalsTensor,
  readSafetensors,
  readSafetensorsMetadata,
  tensorFloats,
  tensorNaturals,
  writeSafetensors
} from '../../src/formats/safetensors'
import { length } from '../../src/math/vector'
import { eighths, npyKinds, npyName, npyShape, sampleFiles } from './samples'

const folder = join(import.meta.dirname, '..', 'fixtures', 'formats')
const python = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, 'python', name)))

describe('the committed samples, which Python reads', () => {
  it.each(sampleFiles().map(({ name, bytes }) => ({ name, bytes })))(
    '$name is written as it was',
    ({ name, bytes }) => {
      expect(bytes).toEqual(new Uint8Array(readFileSync(join(folder, 'azimuth', name))))
    }
  )
})

describe('safetensors', () => {
  const a = floatTensor([2, 3], eighths(6))
  const b = naturalsTensor([4, 5])
  const half = { dtype: 'F16', shape: [2], bytes: new Uint8Array([0x00, 0x3c, 0x00, 0xc0]) }

  it('gives back what was written', () => {
    const file = writeSafetensors(
      new Map([
        ['a', a],
        ['b', b],
        ['half', half]
      ]),
      { z: 'ä "q"', y: '1' }
    )
    const tensors = readSafetensors(file)
    expect(tensors.get('a')?.shape).toEqual([2, 3])
    expect([...tensors].map(([name, { dtype }]) => [name, dtype])).toEqual([
      ['b', 'I64'],
      ['a', 'F32'],
      ['half', 'F16']
    ])
    expect(tensorFloats('a', tensors.get('a') ?? half)).toEqual(eighths(6))
    expect(tensorFloats('half', tensors.get('half') ?? a)).toEqual(Float32Array.of(1, -2))
    expect(tensorNaturals('b', tensors.get('b') ?? half)).toEqual([4, 5])
    expect(Object.fromEntries(readSafetensorsMetadata(file))).toEqual({ y: '1', z: 'ä "q"' })
  })

  it('gives the same bytes in whatever order tensors and metadata come, names that are numbers among them', () => {
    const one = writeSafetensors(
      new Map([
        ['10', a],
        ['9', a],
        ['b', b]
      ]),
      { y: '1', z: '2' }
    )
    const two = writeSafetensors(
      new Map([
        ['b', b],
        ['9', a],
        ['10', a]
      ]),
      { z: '2', y: '1' }
    )
    expect(one).toEqual(two)
    const header = new TextDecoder().decode(one.subarray(8, 8 + Number(new DataView(one.buffer).getBigUint64(0, true))))
    expect(header.indexOf('"b"')).toBeLessThan(header.indexOf('"10"'))
    expect(header.indexOf('"10"')).toBeLessThan(header.indexOf('"9"'))
    expect((8 + header.length) % 8).toBe(0)
  })

  it('refuses tensors that overlap, leave a hole or a rest, as the reference implementation does', () => {
    const file = (header: object, bytes: number): Uint8Array => {
      const text = new TextEncoder().encode(JSON.stringify(header))
      const all = new Uint8Array(8 + text.length + bytes)
      new DataView(all.buffer).setBigUint64(0, BigInt(text.length), true)
      all.set(text, 8)
      return all
    }
    const at = (from: number, to: number): object => ({ dtype: 'U8', shape: [to - from], data_offsets: [from, to] })
    expect(readSafetensors(file({ x: at(0, 4), y: at(4, 4), z: at(4, 6) }, 6)).size).toBe(3)
    for (const bad of [{ x: at(0, 4), y: at(0, 4) }, { x: at(0, 2), y: at(3, 4) }, { x: at(0, 3) }, { x: at(1, 4) }]) {
      expect(() => readSafetensors(file(bad, 4))).toThrow(expect.objectContaining({ code: 'format' }))
    }
  })

  it('refuses to write a tensor whose shape is not that of its bytes', () => {
    expect(() => writeSafetensors(new Map([['a', { ...a, shape: [7] }]]))).toThrow(
      '"a" of F32 [7] takes 28 bytes, got 24'
    )
  })
})

describe('npy', () => {
  it.each(npyKinds)('reads $type, fortran $fortran, big-endian $bigEndian, as NumPy saves it', (kind) => {
    const { shape, data } = readNpy(python(npyName(kind)))
    expect(shape).toEqual(npyShape)
    expect(data).toEqual(kind.type === 'f8' ? Float64Array.from(eighths(24)) : eighths(24))
  })

  it.each(npyKinds)('writes $type, fortran $fortran, big-endian $bigEndian, byte for byte as NumPy does', (kind) => {
    expect(writeNpy({ shape: npyShape, data: eighths(24) }, kind)).toEqual(python(npyName(kind)))
  })

  it('reads versions 2 and 3', () => {
    for (const version of [2, 3]) expect(readNpy(python(`version-${version}.npy`)).data).toEqual(eighths(24))
  })

  it('reads and writes arrays without dimensions and of size 0', () => {
    expect(readNpy(python('scalar.npy'))).toEqual({ shape: [], data: Float32Array.of(0.5) })
    expect(writeNpy({ shape: [], data: Float32Array.of(0.5) })).toEqual(python('scalar.npy'))
    const empty = { shape: [3, 0], data: new Float32Array() }
    expect(readNpy(writeNpy(empty, { fortran: true }))).toEqual(empty)
  })

  it.each([
    ['pickle.npy', 'pickled Python objects'],
    ['integers.npy', `got "'<i8'"`],
    ['records.npy', 'got "["']
  ])('refuses %s', (name, words) => {
    expect(() => readNpy(python(name))).toThrow(
      expect.objectContaining({ code: 'format', message: expect.stringContaining(words) })
    )
  })
})

describe('GGUF', () => {
  it('gives back what was written', () => {
    const tensors = new Map([
      ['one', eighths(3)],
      ['two', eighths(40)]
    ])
    const file = writeGguf(
      new Map<string, string | number>([
        ['general.architecture', 'x'],
        ['n', 7]
      ]),
      tensors
    )
    const read = readGguf(file)
    expect(Object.fromEntries(read.metadata)).toEqual({ 'general.architecture': 'x', n: 7 })
    for (const [name, data] of tensors) {
      const tensor = read.tensors.get(name) ?? floatTensor([], new Float32Array())
      expect(tensorFloats(name, tensor)).toEqual(data)
      expect(tensor.bytes.byteOffset % 32).toBe(0)
    }
  })

  it('refuses big-endian files, models, and layer 0', () => {
    const file = writeGguf(new Map([['general.architecture', 'llama']]), new Map([['direction.1', eighths(3)]]))
    expect(() => readControlVector(file)).toThrow('a GGUF control vector was expected, got architecture "llama"')
    file.set([0, 0, 0, 3], 4)
    expect(() => readGguf(file)).toThrow('little-endian, got 50331648')
    const vectors = new Map([[0, eighths(3)]])
    expect(() => writeControlVector({ modelHint: 'llama', vectors, extra: new Map() })).toThrow('cannot hold layer 0')
  })

  it("reads repeng's own control vector, lengths kept", () => {
    const { modelHint, vectors } = readControlVector(python('repeng.gguf'))
    expect(modelHint).toBe('llama')
    const { lengths }: { lengths: Record<string, number> } = JSON.parse(new TextDecoder().decode(python('repeng.json')))
    expect([...vectors.keys()].map(String)).toEqual(Object.keys(lengths))
    for (const [layer, vector] of vectors) expect(length(vector)).toBeCloseTo(lengths[layer] ?? NaN, 12)
  })
})

/** Headers that claim more than there is. */
describe('lying headers', () => {
  it('are refused before memory is taken for what they claim', () => {
    const before = process.memoryUsage().arrayBuffers
    const npy = python('array-f4-c-little.npy')
    const text = new TextDecoder('latin1').decode(npy).replace('(2, 3, 4)', '(9000000, 9000)').slice(0, npy.length)
    expect(() => readNpy(Uint8Array.from(text, (c) => c.charCodeAt(0)))).toThrow(
      expect.objectContaining({ code: 'format' })
    )
    const gguf = writeGguf(new Map([['general.architecture', 'controlvector']]), new Map([['direction.1', eighths(3)]]))
    for (const at of [8, 16, 24]) {
      const lying = gguf.slice()
      new DataView(lying.buffer).setBigUint64(at, 1n << 62n, true)
      expect(() => readGguf(lying)).toThrow(expect.objectContaining({ code: 'format' }))
    }
    const safetensors = writeSafetensors(new Map([['a', floatTensor([3], eighths(3))]]))
    new DataView(safetensors.buffer).setBigUint64(0, 99_999_999n, true)
    expect(() => readSafetensors(safetensors)).toThrow(expect.objectContaining({ code: 'format' }))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6)
  })
})
