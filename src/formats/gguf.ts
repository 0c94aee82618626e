/**
 * GGUF: llama.cpp's container of key-value metadata and tensors. Versions 2 and 3, little-endian; floats only. Ours, since
 * @huggingface/gguf 0.4.6 reads headers from addresses, not a file in memory, gives no tensor, and does not check where one lies.
 */
import { LabError } from '../errors'
import { quoted } from './text'
import type { NamedTensor } from './safetensors'

export type GgufValue = string | number | boolean

export interface Gguf {
  /** Arrays, such as a tokenizer's words, are left out. 64-bit integers are rounded to a double. */
  readonly metadata: ReadonlyMap<string, GgufValue>
  /** Row-major, so that the last size is the fastest: GGUF's own order of sizes, reversed. */
  readonly tensors: ReadonlyMap<string, NamedTensor>
}

/** A whole number that is kept as uint32, beside text. */
export type GgufWritable = string | number

const magic = 0x46554747 // GGUF
const text = 8
const array = 9
const uint32 = 4

/** Readers of the fixed-size metadata types by their number. */
const scalars = new Map<number, readonly [size: number, read: (view: DataView, at: number) => number | boolean]>([
  [0, [1, (view, at) => view.getUint8(at)]],
  [1, [1, (view, at) => view.getInt8(at)]],
  [2, [2, (view, at) => view.getUint16(at, true)]],
  [3, [2, (view, at) => view.getInt16(at, true)]],
  [uint32, [4, (view, at) => view.getUint32(at, true)]],
  [5, [4, (view, at) => view.getInt32(at, true)]],
  [6, [4, (view, at) => view.getFloat32(at, true)]],
  [7, [1, (view, at) => view.getUint8(at) !== 0]],
  [10, [8, (view, at) => Number(view.getBigUint64(at, true))]],
  [11, [8, (view, at) => Number(view.getBigInt64(at, true))]],
  [12, [8, (view, at) => view.getFloat64(at, true)]]
])

/** Tensor types that hold plain floats, by their number: name and bytes of an element. */
const floats = new Map<number, readonly [dtype: string, size: number]>([
  [0, ['F32', 4]],
  [1, ['F16', 2]],
  [30, ['BF16', 2]]
])

/** True where a file begins as GGUF files do. */
export function isGguf(file: Uint8Array): boolean {
  return file.length >= 4 && new DataView(file.buffer, file.byteOffset, 4).getUint32(0, true) === magic
}

/** @throws LabError `format`, also for tensors that are not plain floats, as those of most models are not */
export function readGguf(file: Uint8Array): Gguf {
  const cursor = new Cursor(file)
  if (!isGguf(file))
    throw new LabError('format', `a GGUF file was expected, got ${file.length} bytes of something else`)
  cursor.skip(4)
  const version = Number(cursor.scalar(uint32))
  if (version !== 2 && version !== 3) {
    throw new LabError('format', `GGUF version 2 or 3 was expected, little-endian, got ${version}: write it anew`)
  }
  const [tensorCount, valueCount] = [cursor.count(), cursor.count()]
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < valueCount; i++) {
    const key = cursor.text()
    const value = cursor.value(Number(cursor.scalar(uint32)))
    if (value !== null) metadata.set(key, value)
  }
  const infos: TensorInfo[] = []
  while (infos.length < tensorCount) infos.push(tensorInfo(cursor))
  return { metadata, tensors: place(infos, file, cursor.at, metadata) }
}

/** Version 3, tensors in the order given, everything at its default alignment of 32 bytes. */
export function writeGguf(
  metadata: ReadonlyMap<string, GgufWritable>,
  tensors: ReadonlyMap<string, Float32Array>
): Uint8Array<ArrayBuffer> {
  const out = new Output()
  out.u32(magic, 3)
  out.u64(tensors.size, metadata.size)
  for (const [key, value] of metadata) {
    out.text(key)
    out.u32(typeof value === 'string' ? text : uint32)
    if (typeof value === 'string') out.text(value)
    else out.u32(value)
  }
  let offset = 0
  for (const [name, data] of tensors) {
    out.text(name)
    out.u32(1)
    out.u64(data.length)
    out.u32(0)
    out.u64(offset)
    offset = aligned(offset + data.byteLength, 32)
  }
  out.pad(32)
  for (const data of tensors.values()) {
    out.bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    out.pad(32)
  }
  return out.file()
}

interface TensorInfo {
  readonly name: string
  /** GGUF's order: the fastest first. */
  readonly sizes: readonly number[]
  readonly type: number
  readonly offset: number
}

function tensorInfo(cursor: Cursor): TensorInfo {
  const name = cursor.text()
  const dims = Number(cursor.scalar(uint32))
  if (dims > 4) throw new LabError('format', `the tensor ${quoted(name)} has ${dims} dimensions; GGUF allows 4`)
  const sizes = Array.from({ length: dims }, () => cursor.count())
  return { name, sizes, type: Number(cursor.scalar(uint32)), offset: cursor.count() }
}

/** Tensors lie one behind the other, as llama.cpp asks: none is counted twice. */
function place(
  infos: readonly TensorInfo[],
  file: Uint8Array,
  end: number,
  metadata: ReadonlyMap<string, GgufValue>
): Map<string, NamedTensor> {
  const alignment = Number(metadata.get('general.alignment') ?? 32)
  if (!(alignment >= 1 && alignment <= 65536 && Number.isInteger(Math.log2(alignment)))) {
    throw new LabError('format', `GGUF's general.alignment should be a power of two, got ${alignment}`)
  }
  const start = aligned(end, alignment)
  const tensors = new Map<string, NamedTensor>()
  let expected = 0
  for (const { name, sizes, type, offset } of infos) {
    const [dtype, size] = floats.get(type) ?? []
    if (dtype === undefined || size === undefined) {
      const what = metadata.get('general.architecture') ?? 'unknown'
      throw new LabError(
        'format',
        `the tensor ${quoted(name)} has type ${type}; F32, F16 or BF16 can be read: is this file of architecture ${quoted(String(what))} a model?`
      )
    }
    const bytes = sizes.reduce((product, n) => product * n, size)
    if (offset !== expected || start + offset + bytes > file.length || tensors.has(name)) {
      throw new LabError(
        'format',
        `the tensor ${quoted(name)} should take ${bytes} bytes from ${expected} on, once, in a file with ${Math.max(0, file.length - start)} for tensors: is the file whole?`
      )
    }
    const shape = sizes.toReversed()
    tensors.set(name, { dtype, shape, bytes: file.subarray(start + offset, start + offset + bytes) })
    expected = aligned(offset + bytes, alignment)
  }
  return tensors
}

const aligned = (at: number, to: number): number => Math.ceil(at / to) * to

/** A place in a file that cannot be moved past its end: no count in it is believed before the bytes are there. */
class Cursor {
  at = 0
  readonly #file: Uint8Array
  readonly #view: DataView

  constructor(file: Uint8Array) {
    this.#file = file
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  }

  skip(bytes: number): number {
    const from = this.at
    if (!(from + bytes <= this.#file.length)) {
      throw new LabError('format', `this GGUF file ends at byte ${this.#file.length}, inside its header: is it whole?`)
    }
    this.at += bytes
    return from
  }

  scalar(type: number): number | boolean {
    const [size, read] = scalars.get(type) ?? []
    if (!size || !read) throw new LabError('format', `this GGUF file has metadata of type ${type}, which is not known`)
    return read(this.#view, this.skip(size))
  }

  count(): number {
    return Number(this.#view.getBigUint64(this.skip(8), true))
  }

  text(): string {
    const length = this.count()
    const from = this.skip(length)
    return new TextDecoder().decode(this.#file.subarray(from, from + length))
  }

  /** A metadata value; null for an array, which is passed over. */
  value(type: number): GgufValue | null {
    if (type === text) return this.text()
    if (type !== array) return this.scalar(type)
    const [element, count] = [Number(this.scalar(uint32)), this.count()]
    const [size] = scalars.get(element) ?? []
    if (size) this.skip(size * count)
    else if (element === text) for (let i = 0; i < count; i++) this.skip(this.count())
    else throw new LabError('format', `this GGUF file has an array of type ${element}, which is not known`)
    return null
  }
}

class Output {
  readonly #parts: Uint8Array[] = []
  #length = 0

  bytes(part: Uint8Array): void {
    this.#parts.push(part)
    this.#length += part.length
  }

  u32(...values: readonly number[]): void {
    this.bytes(new Uint8Array(Uint32Array.from(values).buffer))
  }

  u64(...values: readonly number[]): void {
    this.bytes(new Uint8Array(BigUint64Array.from(values, BigInt).buffer))
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value)
    this.u64(bytes.length)
    this.bytes(bytes)
  }

  pad(to: number): void {
    this.bytes(new Uint8Array(aligned(this.#length, to) - this.#length))
  }

  file(): Uint8Array<ArrayBuffer> {
    const file = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      file.set(part, at)
      at += part.length
    }
    return file
  }
}
