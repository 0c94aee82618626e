/** Numbers of a file that something is made of: each is bounded, or held against the bytes that are there, before anything is made. */
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { readGguf, writeGguf } from '../../src/formats/gguf'
import { readNpy, writeNpy } from '../../src/formats/npy'
import { readPeft } from '../../src/formats/peft'
import { floatTensor, readSafetensors, writeSafetensors } from '../../src/formats/safetensors'
import { presetSettings } from '../../src/study/presets'
import { readSettings } from '../../src/study/files/settings-document'

type Bytes = Uint8Array<ArrayBuffer>

/** Bytes that reading may hold beyond the file. */
const room = 32e6

const settings = presetSettings('demo')
const ofSettings = (change: object): (() => unknown) => {
  const value: unknown = JSON.parse(JSON.stringify({ ...settings, ...change }))
  return () => readSettings(value, 'settings.json')
}

/** A file with a count of 8 bytes in the place of another. */
function withCount(file: Bytes, at: number, count: bigint): Bytes {
  const out = file.slice()
  new DataView(out.buffer).setBigUint64(at, count, true)
  return out
}

const gguf = writeGguf(new Map([['general.name', 'x']]), new Map([['direction.1', Float32Array.of(1, 2)]]))
/** Where the name of the first value has its length: behind magic, version and the two counts. */
const firstText = 24
const npy = new TextDecoder('latin1').decode(writeNpy({ shape: [2], data: Float32Array.of(1, 2) }))
const latin1 = (text: string): Bytes => Uint8Array.from(text, (char) => char.charCodeAt(0))
const tensors = writeSafetensors(new Map([['a', floatTensor([2], Float32Array.of(1, 2))]]))
/** A file of one tensor whose header claims a shape. */
function claiming(count: bigint): Bytes {
  const header = latin1(`{"a":{"dtype":"F32","shape":[${count}],"data_offsets":[0,8]}}`)
  const out = new Uint8Array(8 + header.length + 8)
  out.set(header, 8)
  return withCount(out, 0, BigInt(header.length))
}
const config = (change: object): string => JSON.stringify({ peft_type: 'LORA', r: 2, lora_alpha: 2, ...change })
const pair = writeSafetensors(
  new Map(
    ['A', 'B'].map((side) => [
      `model.layers.0.self_attn.q_proj.lora_${side}.weight`,
      floatTensor([2, 2], new Float32Array(4))
    ])
  )
)

const huge = [1n << 31n, 1n << 40n, (1n << 53n) - 1n, (1n << 64n) - 1n]
const cases: readonly (readonly [string, () => unknown])[] = [
  ...['samples', 'decidingSamples', 'controlSamples', 'maxTokens', 'swaps', 'draws', 'batch', 'lanes'].flatMap((name) =>
    [1e9, 2 ** 53 - 1, 1e300, -1, 0.5].map(
      (value) => [`settings: ${name} ${value}`, ofSettings({ [name]: value })] as const
    )
  ),
  ...Object.keys(settings.controls).map(
    (name) => [`settings: controls.${name}`, ofSettings({ controls: { ...settings.controls, [name]: 1e9 } })] as const
  ),
  ...huge.flatMap(
    (count) =>
      [
        [`GGUF: ${count} tensors`, () => readGguf(withCount(gguf, 8, count))],
        [`GGUF: ${count} values`, () => readGguf(withCount(gguf, 16, count))],
        [`GGUF: a text of ${count} bytes`, () => readGguf(withCount(gguf, firstText, count))],
        [`safetensors: a header of ${count} bytes`, () => readSafetensors(withCount(tensors, 0, count))],
        [`npy: ${count} numbers`, () => readNpy(latin1(npy.replace('(2,)', `(${count},)`)))],
        [`npy: ${count} rows of none`, () => readNpy(latin1(npy.replace('(2,)', `(${count}, 3)`)))],
        [`safetensors: a tensor of ${count} numbers`, () => readSafetensors(claiming(count))],
        [`LoRA: rank ${count}`, () => readPeft(config({ r: Number(count) }), pair)],
        [`LoRA: rank ${count} of a module`, () => readPeft(config({ rank_pattern: { q_proj: Number(count) } }), pair)]
      ] as const
  )
]

describe('a number of a file that is too large', () => {
  it.each(cases)('%s', (_, read) => {
    const before = process.memoryUsage()
    expect(read).toThrow(LabError)
    const after = process.memoryUsage()
    expect(after.arrayBuffers - before.arrayBuffers + after.heapUsed - before.heapUsed).toBeLessThan(room)
  })

  it('is one that the files as they are do not have', () => {
    ofSettings({})()
    readGguf(gguf)
    readNpy(latin1(npy))
    readSafetensors(tensors)
    readSafetensors(claiming(2n))
    expect(readPeft(config({}), pair).pairs).toHaveLength(1)
  })
})
