/** Parsed JSON whose shape nobody vouches for, read field by field: what is wrong is named by its path. */
import { LabError } from '../errors'
import { fieldsOf } from './fields'

/** One object of a file. Each getter checks the type. Every error is a LabError `format`. */
export class Fields {
  readonly #fields: ReadonlyMap<string, unknown>
  /** Where the object stands, for errors: `directions.json: directions[3]`. */
  readonly where: string

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new LabError('format', `${where} should be an object, got ${kindOf(value)}`)
    }
    this.#fields = fieldsOf(value)
    this.where = where
  }

  has(name: string): boolean {
    return this.#fields.get(name) !== undefined
  }

  text(name: string): string {
    const value = this.#fields.get(name)
    return typeof value === 'string' ? value : this.#refuse(name, 'text')
  }

  /** A finite number. */
  number(name: string): number {
    const value = this.#fields.get(name)
    return isFiniteNumber(value) ? value : this.#refuse(name, 'a number')
  }

  /** 0, 1, 2 ... @param most of a number that something is made of: a file may claim any */
  natural(name: string, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#fields.get(name)
    if (isNatural(value) && value <= most) return value
    const end = most === Number.MAX_SAFE_INTEGER ? '' : ` up to ${most}`
    return this.#refuse(name, `0 or a positive whole number${end}`)
  }

  /** Null where the field is null or missing. */
  textOrNull(name: string): string | null {
    return this.isNothing(name) ? null : this.text(name)
  }

  numberOrNull(name: string): number | null {
    return this.isNothing(name) ? null : this.number(name)
  }

  naturalOrNull(name: string): number | null {
    return this.isNothing(name) ? null : this.natural(name)
  }

  /** A number, or the null that JSON makes of NaN. */
  numberOrNaN(name: string): number {
    return this.numberOrNull(name) ?? NaN
  }

  flag(name: string): boolean {
    const value = this.#fields.get(name)
    return typeof value === 'boolean' ? value : this.#refuse(name, 'true or false')
  }

  flagOrNull(name: string): boolean | null {
    return this.isNothing(name) ? null : this.flag(name)
  }

  /** One of the names of a record, which the compiler holds to be complete. */
  choice<T extends string>(name: string, choices: Readonly<Record<T, true>>): T {
    const value = this.#fields.get(name)
    return isKeyOf(choices, value) ? value : this.#refuse(name, `one of ${Object.keys(choices).join(', ')}`)
  }

  choiceOrNull<T extends string>(name: string, choices: Readonly<Record<T, true>>): T | null {
    return this.isNothing(name) ? null : this.choice(name, choices)
  }

  choices<T extends string>(name: string, choices: Readonly<Record<T, true>>): readonly T[] {
    const list = this.list(name)
    const isChoice = (one: unknown): one is T => isKeyOf(choices, one)
    return list.every(isChoice) ? list : this.#refuse(name, `a list of ${Object.keys(choices).join(', ')}`)
  }

  object(name: string): Fields {
    return new Fields(this.#fields.get(name), `${this.where}: ${name}`)
  }

  objectOrNull(name: string): Fields | null {
    return this.isNothing(name) ? null : this.object(name)
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields.get(name)
    return isList(value) ? value : this.#refuse(name, 'a list')
  }

  /** A list of objects, each read by itself. */
  objects<T>(name: string, read: (fields: Fields) => T): readonly T[] {
    return this.list(name).map((one, i) => read(new Fields(one, `${this.where}: ${name}[${i}]`)))
  }

  /** An object whose names are data, each with a text. */
  textMap(name: string): ReadonlyMap<string, string> {
    const fields = this.object(name)
    return new Map(Array.from(fields.#fields.keys(), (key) => [key, fields.text(key)]))
  }

  texts(name: string): readonly string[] {
    const list = this.list(name)
    return list.every((one) => typeof one === 'string') ? list : this.#refuse(name, 'a list of texts')
  }

  /** Finite numbers. */
  numbers(name: string): readonly number[] {
    const list = this.list(name)
    return list.every(isFiniteNumber) ? list : this.#refuse(name, 'a list of numbers')
  }

  naturals(name: string): readonly number[] {
    const list = this.list(name)
    return list.every(isNatural) ? list : this.#refuse(name, 'a list of whole numbers from 0')
  }

  /** The same with gaps. */
  naturalsOrNull(name: string): readonly (number | null)[] {
    const list = this.list(name)
    const isKnown = (one: unknown): one is number | null => one === null || isNatural(one)
    return list.every(isKnown) ? list : this.#refuse(name, 'a list of whole numbers from 0 and null')
  }

  /** The names of the fields that are there. */
  names(): readonly string[] {
    return [...this.#fields.keys()]
  }

  floats(name: string): Float32Array {
    return floatsOf(this.list(name), `${this.where}: ${name}`)
  }

  /** Whether the field is null or missing. */
  isNothing(name: string): boolean {
    return this.#fields.get(name) == null
  }

  #refuse(name: string, wanted: string): never {
    throw new LabError('format', `${this.where}: ${name} should be ${wanted}, got ${kindOf(this.#fields.get(name))}`)
  }
}

/** Finite numbers of a parsed list. @throws LabError `format` */
export function floatsOf(value: unknown, where: string): Float32Array {
  if (!isList(value)) throw new LabError('format', `${where} should be a list of numbers, got ${kindOf(value)}`)
  const floats = new Float32Array(value.length)
  value.forEach((one, i) => {
    if (typeof one !== 'number' || !Number.isFinite(Math.fround(one))) {
      throw new LabError('format', `${where} should hold numbers, got ${kindOf(one)} at ${i}`)
    }
    floats[i] = one
  })
  return floats
}

/** @throws LabError `format` */
export function parseFields(text: string, where: string): Fields {
  return new Fields(parseJson(text, where), where)
}

/** @throws LabError `format` */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LabError('format', `${where} is not JSON: is the file whole?`, { cause })
  }
}

/** True for an object of JSON that is no list. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True where the first thing in a file that is no byte order mark or white space opens an object or a list. */
export function isJson(bytes: Uint8Array): boolean {
  const from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const first = bytes.subarray(from).find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)
  return first === 0x7b || first === 0x5b
}

/** UTF-8 text of a file. @throws LabError `format` */
export function utf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new LabError('format', `${where} is not UTF-8 text: is the file whole?`, { cause })
  }
}

/** A name out of a file, short enough for a line. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

function isKeyOf<T extends string>(choices: Readonly<Record<T, true>>, value: unknown): value is T {
  return typeof value === 'string' && Object.hasOwn(choices, value)
}

const isFiniteNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `an ${typeof value}`
}
