/** safetensors: named tensors in one file, as Hugging Face's library writes them (header of JSON, then bytes). */
import { LabError } from '../errors'
import { fromHalf } from '../math/half'
import { fieldsOf } from './fields'

export interface NamedTensor {
  /** F32, F16, BF16 ... */
  readonly dtype: string
  readonly shape: readonly number[]
  /** A view into the file. */
  readonly bytes: Uint8Array
}

/** Headers beyond this are refused, as the reference implementation does. */
const largestHeader = 100_000_000

const sizes = new Map([
  ['F64', 8],
  ['I64', 8],
  ['U64', 8],
  ['F32', 4],
  ['I32', 4],
  ['U32', 4],
  ['F16', 2],
  ['BF16', 2],
  ['I16', 2],
  ['U16', 2],
  ['I8', 1],
  ['U8', 1],
  ['BOOL', 1],
  ['F8_E4M3', 1],
  ['F8_E5M2', 1]
])

/** The tensors of a file by name; `__metadata__` is left out. @throws LabError `format` */
export function readSafetensors(file: Uint8Array): Map<string, NamedTensor> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const length = file.byteLength < 8 ? NaN : Number(view.getBigUint64(0, true))
  if (!(length <= largestHeader && 8 + length <= file.byteLength)) {
    throw new LabError(
      'format',
      `a safetensors file was expected, got ${file.byteLength} bytes without its header: is the file whole?`
    )
  }
  const data = file.subarray(8 + length)
  const entries = [...parseHeader(file.subarray(8, 8 + length))].filter(([name]) => name !== '__metadata__')
  return new Map(entries.map(([name, entry]) => [name, tensor(name, entry, data)]))
}

function parseHeader(bytes: Uint8Array): ReadonlyMap<string, unknown> {
  try {
    return fieldsOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (cause) {
    throw new LabError('format', 'the header of this safetensors file is not JSON: is the file whole?', { cause })
  }
}

function tensor(name: string, entry: unknown, data: Uint8Array): NamedTensor {
  const fields = fieldsOf(entry)
  const [dtype, shape, offsets] = [fields.get('dtype'), fields.get('shape'), fields.get('data_offsets')]
  const size = typeof dtype === 'string' ? sizes.get(dtype) : undefined
  if (typeof dtype !== 'string' || size === undefined || !isNaturals(shape) || !isNaturals(offsets)) {
    throw new LabError('format', `the tensor ${name} has no readable type, shape and place in this safetensors file`)
  }
  const [from = 0, to = 0] = offsets
  const bytes = shape.reduce((product, n) => product * n, size)
  if (offsets.length !== 2 || to - from !== bytes || to > data.byteLength) {
    throw new LabError(
      'format',
      `the tensor ${name} should take ${bytes} bytes, the file has ${Math.min(to, data.byteLength) - from} for it: is the file whole?`
    )
  }
  return { dtype, shape, bytes: data.subarray(from, to) }
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)
}

/** Values of an F32, F16 or BF16 tensor. @throws LabError `format` */
export function tensorFloats(name: string, { dtype, bytes }: NamedTensor): Float32Array {
  const copy = new Uint8Array(bytes).buffer
  if (dtype === 'F32') return new Float32Array(copy)
  if (dtype === 'F16') return fromHalf(new Uint16Array(copy))
  if (dtype === 'BF16') return new Float32Array(Uint32Array.from(new Uint16Array(copy), (half) => half << 16).buffer)
  throw new LabError('format', `the tensor ${name} has type ${dtype}; F32, F16 or BF16 can be read`)
}
