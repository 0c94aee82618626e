/** safetensors: named tensors in one file, as Hugging Face's library writes them (header of JSON, then bytes). */
import { LabError } from '../errors'
import { fromHalf } from '../math/half'
import { fieldsOf } from './fields'
import { quoted } from './text'

export interface NamedTensor {
  /** F32, F16, BF16 ... */
  readonly dtype: string
  readonly shape: readonly number[]
  /** A view into the file. */
  readonly bytes: Uint8Array
}

/** Headers beyond this are refused, as the reference implementation does. */
const largestHeader = 100_000_000

/** Bytes of one element, in the order in which the reference implementation ranks types. */
const sizes = new Map([
  ['BOOL', 1],
  ['U8', 1],
  ['I8', 1],
  ['F8_E5M2', 1],
  ['F8_E4M3', 1],
  ['I16', 2],
  ['U16', 2],
  ['F16', 2],
  ['BF16', 2],
  ['I32', 4],
  ['U32', 4],
  ['F32', 4],
  ['F64', 8],
  ['I64', 8],
  ['U64', 8]
])
const ranks = new Map([...sizes.keys()].map((dtype, rank) => [dtype, rank]))

/** True where a file begins as safetensors files do, and is as long as it says. */
export function isSafetensors(file: Uint8Array): boolean {
  return headerLength(file) !== null && file[8] === 0x7b
}

/** The tensors of a file by name; `__metadata__` is left out. @throws LabError `format` */
export function readSafetensors(file: Uint8Array): Map<string, NamedTensor> {
  const { header, data } = split(file)
  const entries = [...header].filter(([name]) => name !== '__metadata__')
  const places = entries.map(([name, entry]) => placeOf(name, entry))
  assertWhole(places, data.byteLength)
  return new Map(
    places.map(({ name, dtype, shape, from, to }) => [name, { dtype, shape, bytes: data.subarray(from, to) }])
  )
}

/** The file's `__metadata__`; entries that are not text, which the format does not allow, are left out. @throws LabError `format` */
export function readSafetensorsMetadata(file: Uint8Array): ReadonlyMap<string, string> {
  const entries = [...fieldsOf(split(file).header.get('__metadata__'))]
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/**
 * The same bytes for the same tensors and metadata, whatever their order: larger types first, then by name, the header
 * padded to 8 bytes, all as the reference implementation does. Metadata is sorted, which that leaves to chance.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>> = {}
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(([a, x], [b, y]) => rank(y) - rank(x) || (a < b ? -1 : 1))
  const header: [string, unknown][] = []
  if (Object.keys(metadata).length > 0) {
    header.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)))])
  }
  let at = 0
  for (const [name, { dtype, shape, bytes }] of sorted) {
    assertSize(name, { dtype, shape, bytes })
    header.push([name, { dtype, shape, data_offsets: [at, (at += bytes.length)] }])
  }
  // Joined by hand: an object would put names that are numbers first.
  const fields = header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  const text = new TextEncoder().encode(`{${fields.join(',')}}`)
  const start = 8 + Math.ceil(text.length / 8) * 8
  const file = new Uint8Array(start + at)
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true)
  file.fill(0x20, 8, start)
  file.set(text, 8)
  at = start
  for (const [, { bytes }] of sorted) {
    file.set(bytes, at)
    at += bytes.length
  }
  return file
}

/** An F32 tensor over the same memory. */
export function floatTensor(shape: readonly number[], data: Float32Array): NamedTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}

/** An I64 tensor of whole numbers. */
export function naturalsTensor(values: readonly number[]): NamedTensor {
  const data = BigInt64Array.from(values, BigInt)
  return { dtype: 'I64', shape: [values.length], bytes: new Uint8Array(data.buffer) }
}

/** Values of an F32, F16, BF16 or F64 tensor, as singles. @throws LabError `format` */
export function tensorFloats(name: string, { dtype, bytes }: NamedTensor): Float32Array {
  const copy = new Uint8Array(bytes).buffer
  if (dtype === 'F32') return new Float32Array(copy)
  if (dtype === 'F16') return fromHalf(new Uint16Array(copy))
  if (dtype === 'BF16') return new Float32Array(Uint32Array.from(new Uint16Array(copy), (half) => half << 16).buffer)
  if (dtype === 'F64') return Float32Array.from(new Float64Array(copy))
  throw new LabError('format', `the tensor ${quoted(name)} has type ${dtype}; F32, F16, BF16 or F64 can be read`)
}

/** Values of an I64 tensor of numbers from 0. @throws LabError `format` */
export function tensorNaturals(name: string, { dtype, bytes }: NamedTensor): number[] {
  const values = dtype === 'I64' ? Array.from(new BigInt64Array(new Uint8Array(bytes).buffer), Number) : [-1]
  if (values.every((value) => Number.isSafeInteger(value) && value >= 0)) return values
  throw new LabError('format', `the tensor ${quoted(name)} should hold whole numbers from 0, of type I64`)
}

function split(file: Uint8Array): { header: ReadonlyMap<string, unknown>; data: Uint8Array } {
  const length = headerLength(file)
  if (length === null) {
    throw new LabError(
      'format',
      `a safetensors file was expected, got ${file.byteLength} bytes without its header: is the file whole?`
    )
  }
  return { header: parseHeader(file.subarray(8, 8 + length)), data: file.subarray(8 + length) }
}

function headerLength(file: Uint8Array): number | null {
  if (file.byteLength < 8) return null
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true))
  return length <= largestHeader && 8 + length <= file.byteLength ? length : null
}

function parseHeader(bytes: Uint8Array): ReadonlyMap<string, unknown> {
  try {
    return fieldsOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (cause) {
    throw new LabError('format', 'the header of this safetensors file is not JSON: is the file whole?', { cause })
  }
}

interface Place {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly from: number
  readonly to: number
}

function placeOf(name: string, entry: unknown): Place {
  const fields = fieldsOf(entry)
  const [dtype, shape, offsets] = [fields.get('dtype'), fields.get('shape'), fields.get('data_offsets')]
  const size = typeof dtype === 'string' ? sizes.get(dtype) : undefined
  if (typeof dtype !== 'string' || size === undefined || !isNaturals(shape) || !isNaturals(offsets)) {
    throw new LabError(
      'format',
      `the tensor ${quoted(name)} has no readable type, shape and place in this safetensors file`
    )
  }
  const [from = 0, to = 0] = offsets
  const bytes = shape.reduce((product, n) => product * n, size)
  if (offsets.length !== 2 || to - from !== bytes) {
    throw new LabError(
      'format',
      `the tensor ${quoted(name)} should take ${bytes} bytes, its place has ${to - from}: is the file whole?`
    )
  }
  return { name, dtype, shape, from, to }
}

/** Tensors lie one behind the other and fill the file, as the reference implementation asks: none is counted twice. */
function assertWhole(places: readonly Place[], bytes: number): void {
  let end = 0
  for (const { name, from, to } of places.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) {
      throw new LabError(
        'format',
        `the tensor ${quoted(name)} should begin at byte ${end}, not ${from}: save the file again`
      )
    }
    end = to
  }
  if (end === bytes) return
  throw new LabError(
    'format',
    `the tensors should take ${end} bytes, the file has ${bytes} for them: is the file whole?`
  )
}

function assertSize(name: string, { dtype, shape, bytes }: NamedTensor): void {
  const expected = shape.reduce((product, n) => product * n, sizes.get(dtype) ?? NaN)
  if (expected !== bytes.length) {
    throw new LabError(
      'shape',
      `${quoted(name)} of ${dtype} [${shape.join(', ')}] takes ${expected} bytes, got ${bytes.length}`
    )
  }
}

const rank = ({ dtype }: NamedTensor): number => ranks.get(dtype) ?? 0

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)
}
