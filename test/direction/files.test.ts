/** Directions and hidden states into files of every format and back. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { adopt } from '../../src/direction/files/adopt'
import { lists } from '../../src/direction/contrast'
import type { Direction } from '../../src/direction/direction'
import { extract } from '../../src/direction/extract'
import { readDirections, writeDirections, type NamedFile, type ReadDirections } from '../../src/direction/files/files'
import { readHiddenStates, writeHiddenStates } from '../../src/direction/files/hidden-files'
import { LabError } from '../../src/errors'
import { readControlVector, writeControlVector } from '../../src/formats/control-vector'
import { writeGguf } from '../../src/formats/gguf'
import { writeNpy } from '../../src/formats/npy'
import { floatTensor, naturalsTensor, writeSafetensors } from '../../src/formats/safetensors'
import { length } from '../../src/math/vector'
import { directions, eighths, hidden, model, width } from '../formats/samples'
import { planted } from './planted'

const folder = join(import.meta.dirname, '..', 'fixtures', 'formats', 'python')
const python = (name: string): NamedFile => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) })
const json = (value: unknown): NamedFile => ({ name: 'x.json', bytes: new TextEncoder().encode(JSON.stringify(value)) })
const file = (bytes: Uint8Array<ArrayBuffer>): NamedFile => ({ name: 'x', bytes })

function directionsOf(read: ReadDirections): readonly Direction[] {
  if (read.kind !== 'directions') throw new Error('directions were expected, got plain vectors')
  return read.directions
}

function vectorsOf(read: ReadDirections): ReadDirections & { kind: 'vectors' } {
  if (read.kind !== 'vectors') throw new Error('plain vectors were expected')
  return read
}

const formatError = (words: string): unknown =>
  expect.objectContaining({ code: 'format', message: expect.stringContaining(words) })

describe('directions', () => {
  it.each(['safetensors', 'npy', 'json'] as const)('come back from %s exactly as they were', async (format) => {
    const fitted = await extract(lists(planted(8, 2, 1), planted(8, -2, 2)))
    for (const some of [directions, fitted]) {
      const files = writeDirections(some.toReversed(), { format, name: 'd' })
      expect(files.map(({ name }) => name)).toEqual(format === 'npy' ? ['d.npy', 'd.json'] : [`d.${format}`])
      expect(directionsOf(readDirections(files))).toEqual(some)
    }
  })

  it('come back from GGUF within rounding, with what strength 1 adds in the file', async () => {
    const fitted = (await extract(lists(planted(8, 2, 1), planted(8, -2, 2)))).slice(1)
    const files = writeDirections(fitted, { format: 'gguf', name: 'd', modelHint: 'llama' })
    const read = directionsOf(readDirections(files))
    read.forEach(({ vector, ...facts }, i) => {
      const { vector: was, ...rest } = fitted[i] ?? directions[0] ?? { vector: new Float32Array() }
      expect(facts).toEqual(rest)
      expect(Math.max(...vector.map((x, j) => Math.abs(x - (was[j] ?? NaN))))).toBeLessThan(1e-7)
    })
    expect(read).toHaveLength(fitted.length)
  })

  it('are named by what the file holds, and not by its name', () => {
    const [first] = writeDirections(directions, { format: 'gguf', name: 'd' })
    expect(directionsOf(readDirections([{ ...(first ?? file(new Uint8Array())), name: 'd.json' }]))).toHaveLength(3)
  })

  it('keep only what names a model, even where it came with a whole card', () => {
    const card = { ...model, name: 'tiny', memory: { weights: 1 } }
    const [one] = writeDirections(
      directions.map((direction) => ({ ...direction, model: card })),
      { format: 'json', name: 'd' }
    )
    expect(directionsOf(readDirections([one ?? file(new Uint8Array())]))[0]?.model).toEqual(model)
  })

  it('are refused in one file where they do not belong in one', () => {
    const [a, b] = directions
    if (!a || !b) throw new Error('samples are missing')
    const write = (some: readonly Direction[], format: 'json' | 'gguf' = 'json'): unknown =>
      writeDirections(some, { format, name: 'd' })
    expect(() => write([])).toThrow('there is no direction to write')
    expect(() => write([a, { ...b, layer: a.layer }])).toThrow('two directions for layer 1')
    expect(() => write([a, { ...b, model: { ...model, sha256: '00' } }])).toThrow('write one file a model')
    expect(() => write([a, { ...b, vector: eighths(5) }])).toThrow('of width 6 and 5')
    expect(() => write([{ ...a, vector: a.vector.map(() => NaN) }])).toThrow('NaN or infinity')
    expect(() => write([{ ...a, norm: 0 }], 'gguf')).toThrow('the gap of layer 1 is 0')
    expect(() => write([{ ...a, layer: 0 }], 'gguf')).toThrow(formatError('leave that layer out'))
  })

  it('are refused with the field that is wrong', () => {
    const [good] = writeDirections(directions, { format: 'json', name: 'd' })
    const text = new TextDecoder().decode(good?.bytes)
    const change = (from: string | RegExp, to: string): NamedFile =>
      file(new TextEncoder().encode(text.replace(from, to)))
    expect(() => readDirections([change('"norm":3', '"norm":"3"')])).toThrow(
      formatError('directions[1]: norm should be a number, got "3"')
    )
    expect(() => readDirections([change('"version":"1"', '"version":"2"')])).toThrow(
      formatError('use the Azimuth that wrote it')
    )
    expect(() => readDirections([change('in-means', 'in-modes')])).toThrow(formatError('method should be one of'))
    expect(() => readDirections([change(/"scale":0.75/, '"scale":null')])).toThrow(formatError('adapter: scale'))
    expect(() => readDirections([change('"vector":[-0.8', '"vector":[-1.8')])).toThrow(
      formatError('should have length 1')
    )
    expect(() => readDirections([change('"layer":2', '"layer":1')])).toThrow('two directions for layer 1')
    expect(() => readDirections([])).toThrow(formatError('got 0'))
    expect(() => readDirections(writeDirections(directions, { format: 'npy', name: 'd' }).slice(1))).toThrow(
      formatError('vector should be a list')
    )
  })

  it('are refused where another program changed the vectors of a control vector and left the document', () => {
    const [gguf] = writeDirections(directions, { format: 'gguf', name: 'd' })
    const { modelHint, vectors, extra } = readControlVector(gguf?.bytes ?? new Uint8Array())
    const doubled = new Map([...vectors].map(([layer, vector]) => [layer, vector.map((x) => 2 * x)]))
    expect(() => readDirections([file(writeControlVector({ modelHint, vectors: doubled, extra }))])).toThrow(
      formatError('layer 1 has length 4.000, its document says 2')
    )
  })

  it('of hidden states are named as such', () => {
    expect(() => readDirections(writeHiddenStates(hidden, { format: 'safetensors', name: 'h' }))).toThrow(
      formatError('format should be one of azimuth.directions, got "azimuth.hidden-states"')
    )
  })

  it('that the page saved one at a time are read, too', () => {
    const [one] = directions
    const page = { ...one, vector: [...(one?.vector ?? [])], names: ['warm', 'cold'] }
    expect(directionsOf(readDirections([json(page)]))).toEqual([one])
  })
})

describe('vectors of other programs', () => {
  const open = { ...model, layers: 3, width }

  it('become directions whose gap is their length', async () => {
    const plain = vectorsOf(readDirections([python('repeng.gguf')]))
    expect(plain.modelHint).toBe('llama')
    const adopted = await adopt(plain.vectors, { ...open, width: 64 })
    adopted.forEach(({ vector, norm, layer, method, model: of }, i) => {
      const was = plain.vectors[i]
      expect([layer, method, of]).toEqual([was?.layer, 'imported', model])
      expect(norm).toBeCloseTo(length(was?.vector ?? vector), 6)
      expect(length(vector)).toBeCloseTo(1, 6)
    })
    const files = writeDirections(adopted, { format: 'safetensors', name: 'd' })
    expect(directionsOf(readDirections(files))).toEqual(adopted)
  })

  it('take their layer from the name, the row, or the asker', async () => {
    const tensors = new Map([['model.layers.2.vector', floatTensor([1, width], eighths(width))]])
    const safetensors = vectorsOf(readDirections([file(writeSafetensors(tensors))]))
    expect((await adopt(safetensors.vectors, open)).map(({ layer }) => layer)).toEqual([2])
    const rows = vectorsOf(readDirections([file(writeNpy({ shape: [3, width], data: eighths(3 * width) }))]))
    expect((await adopt(rows.vectors, open)).map(({ layer }) => layer)).toEqual([0, 1, 2])
    const one = vectorsOf(readDirections([file(writeNpy({ shape: [width], data: eighths(width) }))]))
    expect((await adopt(one.vectors, open, 1)).map(({ layer }) => layer)).toEqual([1])
    await expect(adopt(one.vectors, open)).rejects.toThrow('say which layer')
    const bare = vectorsOf(readDirections([json({ layer: 2, norm: 4, vector: [0, 0, 0, 0, 0.5, 0] })]))
    expect(await adopt(bare.vectors, open)).toMatchObject([{ layer: 2, norm: 2 }])
  })

  it('are refused where they are for another model', async () => {
    const vectors = [{ layer: 7, vector: eighths(width) }]
    await expect(adopt(vectors, open)).rejects.toThrow('has layers 0 to 2: it is for another model')
    await expect(adopt(vectors, { ...open, width: 8 })).rejects.toThrow('have width 6, hub:example/tiny@main has 8')
    await expect(adopt([{ layer: 1, vector: new Float32Array(width) }], open)).rejects.toBeInstanceOf(LabError)
  })

  it('are not taken from a file that holds none', () => {
    const naturals = new Map([['steps', naturalsTensor([2, 3])]])
    expect(() => readDirections([file(writeSafetensors(naturals))])).toThrow(formatError('no vector of numbers'))
    expect(() =>
      readDirections([file(writeGguf(new Map([['general.architecture', 'controlvector']]), new Map()))])
    ).toThrow(formatError('got none'))
    expect(() => readDirections([file(writeNpy({ shape: [2], data: Float32Array.of(1, NaN) }))])).toThrow(
      formatError('NaN')
    )
  })
})

describe('hidden states', () => {
  it.each(['safetensors', 'npy', 'json'] as const)('come back from %s exactly as they were', (format) => {
    expect(readHiddenStates(writeHiddenStates(hidden, { format, name: 'h' }))).toEqual(hidden)
  })

  it('are read as the companion writes them, with prompts or one row a prompt', () => {
    const states = readHiddenStates([python('hidden.safetensors')])
    expect(states).toEqual({
      model: { id: 'folder:tiny', sha256: '5a'.repeat(32), dtype: 'fp32', adapter: null },
      position: 'last',
      layers: 2,
      rows: 3,
      width: 6,
      data: eighths(36),
      prompt: [0, 1, 2]
    })
    expect(readHiddenStates([python('hidden-prompt.safetensors')]).prompt).toEqual([0, 0, 4])
  })

  it('are refused where shape, prompts or numbers are wrong', () => {
    const metadata = { format: 'azimuth.hidden-states', version: '1', model: JSON.stringify(model), position: 'last' }
    const write = (shape: readonly number[], data: Float32Array, more = {}): NamedFile =>
      file(writeSafetensors(new Map([['hidden', floatTensor(shape, data)]]), { ...metadata, ...more }))
    expect(() => readHiddenStates([write([2, 3], eighths(6))])).toThrow(
      formatError('[layers, rows, width], got [2, 3]')
    )
    expect(() => readHiddenStates([write([1e15, 0, 3], eighths(0))])).toThrow(formatError('[layers, rows, width]'))
    expect(() => readHiddenStates([write([1, 1, 2], Float32Array.of(1, NaN))])).toThrow(formatError('NaN'))
    expect(() => readHiddenStates([write([1, 1, 2], eighths(2), { position: 'first' })])).toThrow(
      formatError('position should be one of')
    )
    expect(() => readHiddenStates([write([1, 1, 2], eighths(2), { model: '{' })])).toThrow(
      formatError('model in its metadata is not JSON')
    )
    const wrong = writeHiddenStates({ ...hidden, prompt: [1, 0, 0] }, { format: 'json', name: 'h' })
    expect(() => readHiddenStates(wrong)).toThrow(formatError('ascending order'))
    expect(() =>
      writeHiddenStates({ ...hidden, data: hidden.data.map(() => NaN) }, { format: 'json', name: 'h' })
    ).toThrow('NaN')
  })
})
