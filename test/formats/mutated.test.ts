/**
 * Damaged files, 10,000 of each format: nothing but a LabError is thrown, and neither time nor memory goes beyond what
 * the file's size accounts for. Half are changed byte by byte, half where it hurts: in the numbers of a header.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDirections, writeDirections } from '../../src/direction/files/files'
import { readHiddenStates, writeHiddenStates } from '../../src/direction/files/hidden-files'
import { LabError } from '../../src/errors'
import { readControlVector } from '../../src/formats/control-vector'
import { readGguf } from '../../src/formats/gguf'
import { readNpy } from '../../src/formats/npy'
import { readPeft } from '../../src/formats/peft'
import { readTorchPickle } from '../../src/formats/arrays/torch'
import {
  floatTensor,
  readSafetensors,
  readSafetensorsMetadata,
  tensorFloats,
  writeSafetensors
} from '../../src/formats/safetensors'
import { directions, eighths, hidden, npyKinds, npyName, sampleFiles } from './samples'

const fixtures = join(import.meta.dirname, '..', 'fixtures')
const read = (...path: readonly string[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join(fixtures, ...path)))
const sample = (name: string): Uint8Array<ArrayBuffer> =>
  sampleFiles().find((file) => file.name === name)?.bytes ?? new Uint8Array()

/** PEFT's own config, and two of its modules at a small size. */
const adapter = {
  config: read('llama-genai', 'adapter', 'adapter_config.json'),
  weights: writeSafetensors(
    new Map(
      ['0.self_attn.q_proj', '1.mlp.down_proj'].flatMap((module) => [
        [`base_model.model.model.layers.${module}.lora_A.weight`, floatTensor([4, 6], eighths(24))],
        [`base_model.model.model.layers.${module}.lora_B.weight`, floatTensor([3, 4], eighths(12))]
      ])
    )
  )
}

const runs = 10_000
/** Objects of a parser for each byte of the file, and what the runtime takes in between. */
const bytesPerByte = 200
const slack = 4_000_000
/** Milliseconds of the processor: the machine may be busy with other things. */
const longest = 2_000

/** One change to a file. Places are shares of its length, so that they fit whatever came before. */
type Change = (file: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const at = (file: Uint8Array, where: number): number => Math.floor(where * file.length)
const splice = (file: Uint8Array, from: number, to: number, middle: Uint8Array): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(from + middle.length + file.length - to)
  out.set(file.subarray(0, from))
  out.set(middle, from)
  out.set(file.subarray(to), from + middle.length)
  return out
}

const bytes = fc.tuple(share, fc.uint8Array({ minLength: 1, maxLength: 9 })).map(
  ([where, some]): Change =>
    (file) =>
      splice(file, at(file, where), Math.min(file.length, at(file, where) + some.length), some)
)
const cut = share.map(
  (where): Change =>
    (file) =>
      file.slice(0, at(file, where))
)
const insert = fc.tuple(share, fc.uint8Array({ maxLength: 40 })).map(
  ([where, some]): Change =>
    (file) =>
      splice(file, at(file, where), at(file, where), some)
)
const repeat = fc.tuple(share, share).map(([a, b]): Change => (file) => {
  const [from, to] = [at(file, Math.min(a, b)), at(file, Math.max(a, b))]
  return splice(file, to, to, file.subarray(from, to))
})
const counts = [
  0n,
  1n,
  2n,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  1n << 40n,
  (1n << 53n) - 1n,
  1n << 62n,
  (1n << 64n) - 1n
]
/** A count of 8 or 4 bytes somewhere in the first part of the file. */
const count = fc
  .tuple(share, fc.constantFrom(...counts), fc.boolean())
  .map(([where, value, wide]): Change => (file) => {
    const some = new Uint8Array(BigUint64Array.of(value).buffer).subarray(0, wide ? 8 : 4)
    const from = at(file, where * 0.5)
    return splice(file, from, Math.min(file.length, from + some.length), some)
  })
const texts = ['-1', '0', '1e400', '99999999999', '9007199254740991', 'null', '[]', '{}', '"x"', 'true', '1e15', '']
/** Another value for one of the numbers or words of a text. */
const token = fc.tuple(share, fc.constantFrom(...texts)).map(([where, value]): Change => (file) => {
  const text = new TextDecoder('latin1').decode(file)
  const tokens = [...text.slice(0, 4000).matchAll(/-?\d+(\.\d+)?|"[^"\\]*"|True|False|null/g)]
  const one = tokens[Math.floor(where * tokens.length)]
  if (!one) return file
  return splice(file, one.index, one.index + one[0].length, new TextEncoder().encode(value))
})
const change = fc.oneof(bytes, cut, insert, repeat, { arbitrary: count, weight: 2 }, { arbitrary: token, weight: 4 })
const changes = fc.array(change, { minLength: 1, maxLength: 4 })

interface Outcome {
  read: number
  refused: number
}

/** Reads `runs` damaged files; counts what was still readable and what was refused. */
function survives(
  files: readonly Uint8Array<ArrayBuffer>[],
  parse: (file: Uint8Array<ArrayBuffer>) => unknown,
  seed: number
): Outcome {
  const outcome = { read: 0, refused: 0 }
  fc.assert(
    fc.property(fc.constantFrom(...files), changes, (file, some) => {
      const damaged = some.reduce((out, one) => one(out), file)
      const before = process.memoryUsage()
      const began = process.cpuUsage()
      try {
        parse(damaged)
        outcome.read++
      } catch (error) {
        if (!(error instanceof LabError)) throw error
        if (error.message.includes('\n') || error.message.length > 400)
          throw new Error('the message is not one line', { cause: error })
        outcome.refused++
      }
      const took = process.cpuUsage(began).user / 1000
      const after = process.memoryUsage()
      const grown = after.arrayBuffers - before.arrayBuffers + after.heapUsed - before.heapUsed
      if (took > longest) throw new Error(`took ${took} ms`)
      if (grown > slack + bytesPerByte * damaged.length) throw new Error(`took ${grown} bytes for ${damaged.length}`)
    }),
    { numRuns: runs, seed }
  )
  return outcome
}

/** Enough of both, or the changes would be too weak or too strong to show anything. */
function expectBoth({ read: whole, refused }: Outcome): void {
  expect(whole + refused).toBe(runs)
  expect(whole).toBeGreaterThan(runs / 50)
  expect(refused).toBeGreaterThan(runs / 5)
}

describe('10,000 damaged files', { timeout: 120_000 }, () => {
  it('safetensors', () => {
    const files = ['plain.safetensors', 'directions.safetensors', 'hidden.safetensors'].map(sample)
    const parse = (file: Uint8Array): unknown => [
      readSafetensorsMetadata(file),
      [...readSafetensors(file)].map(([name, tensor]) => (tensor.dtype === 'F32' ? tensorFloats(name, tensor) : null))
    ]
    expectBoth(survives(files, parse, 1))
  })

  it('npy', () => {
    const files = npyKinds.map((kind) => sample(npyName(kind)))
    expectBoth(survives(files, readNpy, 2))
  })

  it('GGUF', () => {
    const files = [sample('container.gguf'), sample('directions.gguf'), read('formats', 'python', 'repeng.gguf')]
    const parse = (file: Uint8Array): unknown => [readGguf(file), readControlVector(file)]
    expectBoth(survives(files, parse, 3))
  })

  it("PyTorch's pickles", () => {
    const files = ['torch-legacy.pt', 'torch.pkl', 'numpy-2.pkl', 'numpy-5.pkl'].map((name) =>
      read('formats', 'python', name)
    )
    expectBoth(survives(files, (file) => readTorchPickle(file, 'x.pt'), 9))
  })

  it('JSON and every other file of directions', () => {
    const files = (['json', 'safetensors', 'gguf'] as const).flatMap((format) =>
      writeDirections(directions, { format, name: 'x' }).map((file) => file.bytes)
    )
    const parse = (file: Uint8Array<ArrayBuffer>): unknown => readDirections([{ name: 'x', bytes: file }])
    expectBoth(survives(files, parse, 4))
  })

  it('npy beside JSON', () => {
    const [npy, json] = writeDirections(directions, { format: 'npy', name: 'x' })
    const array = npy?.bytes ?? new Uint8Array()
    const parse = (file: Uint8Array<ArrayBuffer>): unknown =>
      readDirections([
        { name: 'x.npy', bytes: array },
        { name: 'x.json', bytes: file }
      ])
    expectBoth(survives([json?.bytes ?? array], parse, 5))
  })

  it('hidden states', () => {
    const files = (['json', 'safetensors'] as const).flatMap((format) =>
      writeHiddenStates(hidden, { format, name: 'x' }).map((file) => file.bytes)
    )
    const parse = (file: Uint8Array<ArrayBuffer>): unknown => readHiddenStates([{ name: 'x', bytes: file }])
    expectBoth(survives(files, parse, 6))
  })

  it("an adapter's config", () => {
    const parse = (file: Uint8Array): unknown => readPeft(new TextDecoder().decode(file), adapter.weights)
    expectBoth(survives([adapter.config], parse, 7))
  })

  it("an adapter's weights", () => {
    const parse = (file: Uint8Array): unknown => readPeft(new TextDecoder().decode(adapter.config), file)
    expectBoth(survives([adapter.weights], parse, 8))
  })
})

describe('a file that means harm', () => {
  it('is not followed into depth, or into sizes of which one is 0', () => {
    const deep = new TextEncoder().encode(`{"directions":${'['.repeat(200_000)}`)
    expect(() => readDirections([{ name: 'x', bytes: deep }])).toThrow(LabError)
    const config = JSON.stringify({ peft_type: 'LORA', r: 1e15, lora_alpha: 1 })
    const empty = (shape: readonly number[]): object => ({ dtype: 'F32', shape, data_offsets: [0, 0] })
    const name = 'base_model.model.model.layers.0.self_attn.q_proj.lora_'
    const text = JSON.stringify({ [`${name}A.weight`]: empty([1e15, 0]), [`${name}B.weight`]: empty([0, 1e15]) })
    const file = new Uint8Array(8 + text.length)
    new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true)
    file.set(new TextEncoder().encode(text), 8)
    expect(() => readPeft(config, file)).toThrow(expect.objectContaining({ code: 'adapter' }))
  })
})
