/**
 * Python pickles as inert values. Nothing is imported, called or built: what a pickle asks to call becomes a `Made` that
 * says so, and only names that the caller allows may be asked for at all. Ours, since no library is strict about both
 * that and sizes. Binary protocols 2 to 5, which PyTorch and NumPy write.
 */
import { LabError } from '../../errors'
import { quoted } from '../text'

/** A name that Python would import. */
export class PythonName {
  constructor(readonly name: string) {}
}

/** What Python would build by calling `of`; here a note of it. */
export class Made {
  /** What Python would then give to `__setstate__`. */
  state: Pickled = null

  constructor(
    readonly of: string,
    readonly parts: readonly Pickled[]
  ) {}
}

/** What lies outside of the pickle, such as a tensor's storage, by the words that point to it. */
export class Outside {
  constructor(readonly id: Pickled) {}
}

/** Tuples and sets are lists, too. */
export type Pickled =
  null | boolean | number | string | Uint8Array | PythonName | Made | Outside | Pickled[] | Map<Pickled, Pickled>

export interface ReadPickle {
  readonly value: Pickled
  /** Where the next byte stands. */
  readonly end: number
}

/**
 * @param allowed the names that may be asked for, as `module.name`
 * @throws LabError `format` for any other name, for another protocol, and for a pickle that is not whole
 */
export function readPickle(file: Uint8Array, where: string, allowed: ReadonlySet<string>, start = 0): ReadPickle {
  const machine = new Machine(file, where, allowed, start)
  while (!machine.step());
  return { value: machine.pop(), end: machine.at }
}

/** True where a file begins as binary pickles do. */
export function isPickle(file: Uint8Array): boolean {
  return file[0] === 0x80 && (file[1] ?? 9) >= 2 && (file[1] ?? 9) <= 5
}

/** Marks the first of several values on the stack. */
const mark = Symbol('mark')

class Machine {
  at: number
  readonly #file: Uint8Array
  readonly #view: DataView
  readonly #where: string
  readonly #allowed: ReadonlySet<string>
  readonly #stack: (Pickled | typeof mark)[] = []
  readonly #memo = new Map<number, Pickled>()

  constructor(file: Uint8Array, where: string, allowed: ReadonlySet<string>, start: number) {
    this.at = start
    this.#file = file
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength)
    this.#where = where
    this.#allowed = allowed
  }

  /** One operation; true after the last. */
  step(): boolean {
    const code = this.byte()
    if (code === 0x2e) return true
    const operation = operations.get(code)
    if (!operation) {
      const text = `holds the operation ${code} of a pickle, which is none of PyTorch's or NumPy's: save it as safetensors`
      throw new LabError('format', `${this.#where} ${text}`)
    }
    operation(this)
    return false
  }

  push(value: Pickled): void {
    this.#stack.push(value)
  }

  pop(): Pickled {
    const value = this.#stack.pop()
    return value === undefined || value === mark ? this.#broken() : value
  }

  mark(): void {
    this.#stack.push(mark)
  }

  /** All values since the last mark, which goes, too. */
  popMarked(): Pickled[] {
    const from = this.#stack.lastIndexOf(mark)
    const values = from < 0 ? this.#broken() : this.#stack.splice(from).slice(1)
    return values.filter((value) => value !== mark)
  }

  skip(bytes: number): number {
    const from = this.at
    if (!(from + bytes <= this.#file.length)) this.#broken()
    this.at += bytes
    return from
  }

  byte(): number {
    return this.#view.getUint8(this.skip(1))
  }

  natural(size: 1 | 2 | 4 | 8): number {
    const from = this.skip(size)
    if (size === 8) return Number(this.#view.getBigUint64(from, true))
    return size === 4
      ? this.#view.getUint32(from, true)
      : size === 2
        ? this.#view.getUint16(from, true)
        : this.#view.getUint8(from)
  }

  int32(): number {
    return this.#view.getInt32(this.skip(4), true)
  }

  float(): number {
    return this.#view.getFloat64(this.skip(8), false)
  }

  bytes(length: number): Uint8Array {
    const from = this.skip(length)
    return this.#file.subarray(from, from + length)
  }

  text(length: number): string {
    return new TextDecoder().decode(this.bytes(length))
  }

  /** A whole number of any size, rounded as a double is. */
  long(length: number): number {
    const value = this.bytes(length).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
    return Number(BigInt.asIntN(8 * length, value))
  }

  line(): string {
    const end = this.#file.indexOf(0x0a, this.at)
    const text = this.text((end < 0 ? this.#broken() : end) - this.at)
    this.skip(1)
    return text
  }

  put(key: number): void {
    const value = this.#stack.at(-1)
    if (value !== undefined && value !== mark) this.#memo.set(key, value)
  }

  memoize(): void {
    this.put(this.#memo.size)
  }

  get(key: number): void {
    this.push(this.#memo.get(key) ?? null)
  }

  name(module: Pickled, name: Pickled): void {
    const path = typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : this.#broken()
    if (!this.#allowed.has(path)) {
      const text = `asks Python for ${quoted(path)}, which is no part of a tensor; nothing in a pickle is run here`
      throw new LabError(
        'format',
        `${this.#where} ${text}: load it where you trust it, and save its tensors as safetensors`
      )
    }
    this.push(new PythonName(path))
  }

  stackName(): void {
    const name = this.pop()
    this.name(this.pop(), name)
  }

  make(): void {
    const parts = this.pop()
    const of = this.pop()
    if (!(of instanceof PythonName) || !Array.isArray(parts)) return this.#broken()
    this.push(of.name === 'collections.OrderedDict' ? new Map() : new Made(of.name, parts))
  }

  build(): void {
    const state = this.pop()
    const made = this.#stack.at(-1)
    if (made instanceof Made) made.state = state
  }

  append(values: readonly Pickled[]): void {
    const list = this.#stack.at(-1)
    if (!Array.isArray(list)) return this.#broken()
    for (const value of values) list.push(value)
  }

  setItems(values: readonly Pickled[]): void {
    const map = this.#stack.at(-1)
    if (!(map instanceof Map) || values.length % 2 !== 0) return this.#broken()
    for (let i = 0; i < values.length; i += 2) map.set(values[i] ?? null, values[i + 1] ?? null)
  }

  tuple(length: number): void {
    this.push(Array.from({ length }, () => this.pop()).reverse())
  }

  #broken(): never {
    throw new LabError('format', `${this.#where} is no whole pickle: fetch it again`)
  }
}

/** What each byte does. The names are those of Python's pickletools. */
const operations = new Map<number, (machine: Machine) => void>([
  [0x28, (m) => m.mark()], // MARK
  [0x30, (m) => void m.pop()], // POP
  [0x31, (m) => void m.popMarked()], // POP_MARK
  [0x42, (m) => m.push(m.bytes(m.natural(4)))], // BINBYTES
  [0x43, (m) => m.push(m.bytes(m.natural(1)))], // SHORT_BINBYTES
  [0x47, (m) => m.push(m.float())], // BINFLOAT
  [0x4a, (m) => m.push(m.int32())], // BININT
  [0x4b, (m) => m.push(m.natural(1))], // BININT1
  [0x4d, (m) => m.push(m.natural(2))], // BININT2
  [0x4e, (m) => m.push(null)], // NONE
  [0x51, (m) => m.push(new Outside(m.pop()))], // BINPERSID
  [0x52, (m) => m.make()], // REDUCE
  [0x58, (m) => m.push(m.text(m.natural(4)))], // BINUNICODE
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x61, (m) => m.append([m.pop()])], // APPEND
  [0x62, (m) => m.build()], // BUILD
  [0x63, (m) => m.name(m.line(), m.line())], // GLOBAL
  [0x65, (m) => m.append(m.popMarked())], // APPENDS
  [0x68, (m) => m.get(m.natural(1))], // BINGET
  [0x6a, (m) => m.get(m.natural(4))], // LONG_BINGET
  [0x71, (m) => m.put(m.natural(1))], // BINPUT
  [0x72, (m) => m.put(m.natural(4))], // LONG_BINPUT
  [0x73, (m) => m.setItems([m.pop(), m.pop()].reverse())], // SETITEM
  [0x74, (m) => m.push(m.popMarked())], // TUPLE
  [0x75, (m) => m.setItems(m.popMarked())], // SETITEMS
  [0x7d, (m) => m.push(new Map())], // EMPTY_DICT
  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x80, (m) => void m.byte()], // PROTO
  [0x81, (m) => m.make()], // NEWOBJ
  [0x85, (m) => m.tuple(1)], // TUPLE1
  [0x86, (m) => m.tuple(2)], // TUPLE2
  [0x87, (m) => m.tuple(3)], // TUPLE3
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x8a, (m) => m.push(m.long(m.natural(1)))], // LONG1
  [0x8c, (m) => m.push(m.text(m.natural(1)))], // SHORT_BINUNICODE
  [0x8d, (m) => m.push(m.text(m.natural(8)))], // BINUNICODE8
  [0x8e, (m) => m.push(m.bytes(m.natural(8)))], // BINBYTES8
  [0x8f, (m) => m.push([])], // EMPTY_SET
  [0x90, (m) => m.append(m.popMarked())], // ADDITEMS
  [0x91, (m) => m.push(m.popMarked())], // FROZENSET
  [0x93, (m) => m.stackName()], // STACK_GLOBAL
  [0x94, (m) => m.memoize()], // MEMOIZE
  [0x95, (m) => void m.natural(8)], // FRAME
  [0x96, (m) => m.push(m.bytes(m.natural(8)))] // BYTEARRAY8
])
