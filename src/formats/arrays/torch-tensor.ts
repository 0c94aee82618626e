/** Tensors and NumPy arrays that a pickle asks for, from their bytes. */
import { excerpt, LabError } from '../../errors'
import type { FloatArray } from './arrays'
import { npyArray, npyTypeOf } from '../npy'
import { Made, Outside, PythonName, type Pickled } from './pickle'
import { quoted } from '../text'
import { tensorFloats } from '../safetensors'

/** The bytes of a storage, by its key. */
export type Storages = (key: string) => Uint8Array | undefined

/** A storage that is a pickle of its own, opened. */
export type OpenNested = (bytes: Uint8Array) => { readonly value: Pickled; readonly storages: Storages }

interface Reader {
  /** The file, for messages. */
  readonly where: string
  readonly storages: Storages
  readonly nested: OpenNested
}

/** Storages of floats by their type's name; others hold no vectors and are read past. */
const dtypes = new Map([
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.DoubleStorage', 'F64']
])
/** Bytes of an element, by the storage's type. */
export const storageSizes: ReadonlyMap<string, number> = new Map([
  ['torch.FloatStorage', 4],
  ['torch.HalfStorage', 2],
  ['torch.BFloat16Storage', 2],
  ['torch.DoubleStorage', 8],
  ['torch.LongStorage', 8],
  ['torch.IntStorage', 4],
  ['torch.ShortStorage', 2],
  ['torch.CharStorage', 1],
  ['torch.ByteStorage', 1],
  ['torch.BoolStorage', 1]
])
const numpy = ['numpy.core', 'numpy._core']
/** Names that build a tensor or an array. */
export const tensorNames: readonly string[] = [
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
  'torch._tensor._rebuild_from_type_v2',
  'torch.storage._load_from_bytes',
  ...numpy.flatMap((module) => [`${module}.multiarray._reconstruct`, `${module}.numeric._frombuffer`])
]
/** Numbers of one tensor. A view may be larger than its storage: a stride of 0 repeats it. */
const mostNumbers = 2 ** 26

/** The array that is asked for; undefined for anything but floats. @throws LabError `format` where its bytes are not there */
export function arrayOf({ of, parts, state }: Made, reader: Reader): FloatArray | undefined {
  const [first, second] = parts
  switch (of.slice(of.lastIndexOf('.') + 1)) {
    case '_rebuild_tensor_v2':
      return tensorOf(parts, reader)
    case '_rebuild_parameter':
      return first instanceof Made ? arrayOf(first, reader) : undefined
    case '_rebuild_from_type_v2':
      return first instanceof PythonName && Array.isArray(parts[2])
        ? arrayOf(new Made(first.name, parts[2]), reader)
        : undefined
    case '_frombuffer':
      return numpyOf({ data: first, dtype: second, shape: parts[2], isFortran: parts[3] === 'F' }, reader)
    case '_reconstruct': {
      const [, shape, dtype, fortran, data] = Array.isArray(state) ? state : []
      return numpyOf({ data, dtype, shape, isFortran: fortran === true }, reader)
    }
    default:
      return undefined
  }
}

function tensorOf([storage, offset, shape, strides]: readonly Pickled[], reader: Reader): FloatArray | undefined {
  const { type, bytes } = storageOf(storage, reader)
  const dtype = dtypes.get(type)
  const size = storageSizes.get(type) ?? NaN
  if (dtype === undefined) return undefined
  if (!isNaturals(shape) || !isNaturals(strides) || shape.length !== strides.length || !isNatural(offset)) {
    throw broken(reader.where, 'a tensor without a shape')
  }
  const count = shape.reduce((product, n) => product * n, 1)
  if (count === 0) return { shape, data: new Float32Array() }
  const last = shape.reduce((sum, n, axis) => sum + (n - 1) * (strides[axis] ?? 0), offset)
  if (count > mostNumbers || (last + 1) * size > bytes.length) {
    throw broken(reader.where, `a tensor [${excerpt(shape.join(', '))}] in a storage of ${bytes.length} bytes`)
  }
  const stored = tensorFloats('a tensor', { dtype, shape: [], bytes: bytes.subarray(offset * size, (last + 1) * size) })
  const data = new Float32Array(count)
  const index = shape.map(() => 0)
  for (let i = 0, at = 0; i < count; i++) {
    data[i] = stored[at] ?? 0
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [next, stride, length] = [(index[axis] ?? 0) + 1, strides[axis] ?? 0, shape[axis] ?? 0]
      index[axis] = next === length ? 0 : next
      at += next === length ? -stride * (length - 1) : stride
      if (next !== length) break
    }
  }
  return { shape, data }
}

function storageOf(storage: Pickled | undefined, reader: Reader): { type: string; bytes: Uint8Array } {
  if (storage instanceof Made && storage.parts[0] instanceof Uint8Array) {
    const { value, storages } = reader.nested(storage.parts[0])
    // Only a storage may lie in there, so that no file opens itself for ever.
    return storageOf(value instanceof Outside ? value : undefined, { ...reader, storages })
  }
  const [kind, type, key, , count] = storage instanceof Outside && Array.isArray(storage.id) ? storage.id : []
  const bytes = typeof key === 'string' ? reader.storages(key) : undefined
  if (kind !== 'storage' || !(type instanceof PythonName) || typeof key !== 'string' || !bytes) {
    throw broken(
      reader.where,
      `a tensor whose numbers${typeof key === 'string' ? `, ${quoted(key)},` : ''} are not there`
    )
  }
  if (typeof count === 'number' && count * (storageSizes.get(type.name) ?? NaN) === bytes.length) {
    return { type: type.name, bytes }
  }
  const numbers = typeof count === 'number' ? `${count} numbers` : 'numbers'
  throw broken(reader.where, `a storage of ${numbers} in ${bytes.length} bytes`)
}

interface NumpyParts {
  readonly data: Pickled | undefined
  readonly dtype: Pickled | undefined
  readonly shape: Pickled | undefined
  readonly isFortran: boolean
}

function numpyOf({ data, dtype, shape, isFortran }: NumpyParts, { where }: Reader): FloatArray | undefined {
  const [name] = dtype instanceof Made ? dtype.parts : []
  const order = dtype instanceof Made && Array.isArray(dtype.state) ? dtype.state[1] : '<'
  const type = npyTypeOf(name)
  if (type === undefined) return undefined
  const bytes = bytesOf(data)
  if (!bytes || !isNaturals(shape)) throw broken(where, 'an array without its bytes')
  const array = npyArray({ type, bigEndian: order === '>', fortran: isFortran, shape }, bytes)
  return { shape: array.shape, data: Float32Array.from(array.data) }
}

/** Bytes as Python 3 has them, or as protocol 2 spells them: a text in Latin-1. */
function bytesOf(value: Pickled | undefined): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  const [text] = value instanceof Made && value.of === '_codecs.encode' ? value.parts : []
  return typeof text === 'string' ? Uint8Array.from(text, (char) => char.charCodeAt(0)) : undefined
}

/** @throws nothing; what is wrong with a file of tensors */
export const broken = (where: string, what: string): LabError =>
  new LabError('format', `${where} holds ${what}: fetch it again, or save it as safetensors`)

const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const isNaturals = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 32 && value.every(isNatural)
