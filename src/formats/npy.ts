/**
 * npy: one array a file, as NumPy saves it. Floats of 2, 4 and 8 bytes; pickled objects are never read. Ours, since npyjs 1.2.0
 * reads big-endian numbers as if they were not, leaves Fortran order as it is, and does not hold the shape against the length.
 */
import { excerpt, LabError } from '../errors'
import { fromHalf, toHalf } from '../math/half'
import type { Vector } from '../math/vector'
import { quoted } from './text'

/** f2, f4 and f8: floats of 2, 4 and 8 bytes. */
export type NpyType = 'f2' | 'f4' | 'f8'

export interface NpyArray {
  readonly shape: readonly number[]
  /** Row-major, whatever the file's order; 64-bit only where the file is. */
  readonly data: Vector
}

export interface NpyOptions {
  /** Default f4. */
  readonly type?: NpyType
  readonly bigEndian?: boolean
  /** Column-major, as Fortran keeps arrays. */
  readonly fortran?: boolean
}

/** What an array's bytes are. */
export interface NpyHeader {
  readonly type: NpyType
  readonly bigEndian: boolean
  readonly fortran: boolean
  readonly shape: readonly number[]
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] // \x93NUMPY
const sizes: Readonly<Record<NpyType, number>> = { f2: 2, f4: 4, f8: 8 }

/** True where a file begins as npy files do. */
export function isNpy(file: Uint8Array): boolean {
  return magic.every((byte, i) => file[i] === byte)
}

/** Versions 1 to 3, either byte order, C and Fortran order. @throws LabError `format` */
export function readNpy(file: Uint8Array): NpyArray {
  const { text, start } = headerText(file)
  return npyArray(parseHeader(text), file.subarray(start))
}

/** An array from its bytes alone. @throws LabError `format` where they are more or fewer than its shape takes */
export function npyArray({ type, bigEndian, fortran, shape }: NpyHeader, stored: Uint8Array): NpyArray {
  const count = shape.reduce((product, n) => product * n, 1)
  const size = sizes[type]
  if (count * size !== stored.length) {
    throw new LabError(
      'format',
      `an npy array of shape (${excerpt(shape.join(', '))}) takes ${count * size} bytes, the file has ${stored.length}: is the file whole?`
    )
  }
  const bytes = new Uint8Array(stored)
  if (bigEndian) swapInto(bytes, size)
  const data = floats(type, bytes.buffer)
  return { shape, data: fortran ? toRows(data, shape) : data }
}

/** A type by NumPy's short name for it; undefined for anything but floats. */
export function npyTypeOf(name: unknown): NpyType | undefined {
  return name === 'f2' || name === 'f4' || name === 'f8' ? name : undefined
}

/** The bytes that NumPy's own `save` writes for a row-major array. @throws LabError `shape` */
export function writeNpy(array: NpyArray, options: NpyOptions = {}): Uint8Array<ArrayBuffer> {
  const { type = 'f4', bigEndian = false, fortran = false } = options
  const { shape, data } = array
  const count = shape.reduce((product, n) => product * n, 1)
  if (count !== data.length) {
    throw new LabError('shape', `an array of shape (${shape.join(', ')}) holds ${count} numbers, got ${data.length}`)
  }
  const header = new TextEncoder().encode(headerLine({ type, bigEndian, fortran, shape }))
  const version = header.length < 65536 ? 1 : 2
  const start = version === 1 ? 10 : 12
  const file = new Uint8Array(start + header.length + count * sizes[type])
  file.set([...magic, version, 0])
  const view = new DataView(file.buffer)
  if (version === 1) view.setUint16(8, header.length, true)
  else view.setUint32(8, header.length, true)
  file.set(header, start)
  const bytes = bytesOf(type, fortran ? toColumns(data, shape) : data)
  if (bigEndian) swapInto(bytes, sizes[type])
  file.set(bytes, start + header.length)
  return file
}

function headerText(file: Uint8Array): { text: string; start: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const version = isNpy(file) && file.length >= 12 ? (file[6] ?? 0) : 0
  const from = version === 1 ? 10 : 12
  const length = version === 0 ? 0 : version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (version < 1 || version > 3 || from + length > file.length) {
    throw new LabError(
      'format',
      `an npy file of version 1, 2 or 3 was expected, got ${file.length} bytes of something else: is the file whole?`
    )
  }
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(file.subarray(from, from + length))
  return { text, start: from + length }
}

/** The header is a Python dict of three entries; nothing in it is evaluated. */
function parseHeader(text: string): NpyHeader {
  const descr = /'descr' *: *('[^']*'|\[|\()/.exec(text)?.[1] ?? ''
  const fortran = /'fortran_order' *: *(True|False)/.exec(text)?.[1]
  const shape = /'shape' *: *\(([\d, ]*)\)/.exec(text)?.[1]
  const [, order = '', type = ''] = /^'([<>=|]?)(\w+)'$/.exec(descr) ?? []
  if (type === 'O') {
    throw new LabError('format', 'this npy file holds pickled Python objects, which could run code: save it as floats')
  }
  const known = npyTypeOf(type)
  if (known === undefined) {
    throw new LabError(
      'format',
      `an npy array of type f2, f4 or f8 was expected, got ${quoted(descr)}: save it as floats`
    )
  }
  const sizes = shape
    ?.split(',')
    .filter((part) => part.trim() !== '')
    .map(Number)
  if (!fortran || !sizes?.every(Number.isSafeInteger) || sizes.length > 32) {
    throw new LabError('format', 'the header of this npy file names no shape and order: is the file whole?')
  }
  return { type: known, bigEndian: order === '>', fortran: fortran === 'True', shape: sizes }
}

function headerLine({ type, bigEndian, fortran, shape }: NpyHeader): string {
  const tuple = shape.length === 1 ? `${shape.join()},` : shape.join(', ')
  const dict = `{'descr': '${bigEndian ? '>' : '<'}${type}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${tuple}), }`
  // NumPy leaves room for the growing axis to reach 21 digits, then pads to 64 bytes.
  const growing = shape.at(fortran ? -1 : 0)
  const room = growing === undefined ? 0 : 21 - String(growing).length
  const length = Math.ceil((10 + dict.length + room + 1) / 64) * 64 - 10
  return `${dict.padEnd(length - 1)}\n`
}

function floats(type: NpyType, buffer: ArrayBuffer): Vector {
  if (type === 'f8') return new Float64Array(buffer)
  return type === 'f4' ? new Float32Array(buffer) : fromHalf(new Uint16Array(buffer))
}

function bytesOf(type: NpyType, data: Vector): Uint8Array {
  const singles = (): Float32Array<ArrayBuffer> => Float32Array.from(data)
  const typed = type === 'f8' ? Float64Array.from(data) : type === 'f4' ? singles() : toHalf(singles())
  return new Uint8Array(typed.buffer)
}

function swapInto(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse()
}

/** Column-major to row-major. */
function toRows(data: Vector, shape: readonly number[]): Vector {
  const out = data.slice()
  eachPlace(shape, data.length, (row, column) => (out[row] = data[column] ?? 0))
  return out
}

/** Row-major to column-major. */
function toColumns(data: Vector, shape: readonly number[]): Vector {
  const out = data.slice()
  eachPlace(shape, data.length, (row, column) => (out[column] = data[row] ?? 0))
  return out
}

/** Visits every element by its place in row-major and in column-major order. */
function eachPlace(shape: readonly number[], count: number, visit: (row: number, column: number) => void): void {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, n) => product * n, 1))
  const index = shape.map(() => 0)
  let column = 0
  for (let row = 0; row < count; row++) {
    visit(row, column)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [next, stride, size] = [(index[axis] ?? 0) + 1, strides[axis] ?? 0, shape[axis] ?? 0]
      index[axis] = next === size ? 0 : next
      column += next === size ? -stride * (size - 1) : stride
      if (next !== size) break
    }
  }
}
