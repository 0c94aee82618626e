/**
 * Parsed JSON whose shape nobody vouches for, read by valibot's schemas: what is wrong is named by its path. The message of
 * each schema says what was wanted; fields that no schema names are left out.
 */
import * as v from 'valibot'
import { excerpt, LabError } from '../errors'
import { quoted } from './text'

/** What turns a parsed value into one of a known type. */
export type Schema<T> = v.GenericSchema<unknown, T>
/** The type that a schema reads. */
export type Read<S extends Schema<unknown>> = v.InferOutput<S>

/** Text, also an empty one. */
export const text: Schema<string> = v.string('text')
/** A finite number. */
export const number: Schema<number> = v.pipe(v.number('a number'), v.finite('a number'))
/** True or false. */
export const flag: Schema<boolean> = v.boolean('true or false')
/** 0, 1, 2 ... */
export const natural: Schema<number> = v.custom<number>(isNatural, '0 or a positive whole number')
/** The same of a number that something is made of: a file may claim any. */
export const naturalUpTo = (most: number): Schema<number> =>
  v.custom<number>((value) => isNatural(value) && value <= most, `0 or a positive whole number up to ${most}`)
/** Finite numbers, as singles. */
export const floats: Schema<Float32Array> = v.pipe(
  v.custom<readonly unknown[]>(isList, 'a list of numbers'),
  v.rawTransform(({ dataset: { value: input }, addIssue, NEVER }) => {
    const read = new Float32Array(input.length)
    for (const [i, one] of input.entries()) {
      if (!isSingle(one)) {
        addIssue({ message: 'a number', input: one, path: [step(input, i, one)] })
        return NEVER
      }
      read[i] = one
    }
    return read
  })
)

/** Anything at all, or nothing. */
export const anything: Schema<unknown> = v.optional(v.unknown())
/** What passes a test besides. @param wanted what passes, in words */
export const checked = <T>(schema: Schema<T>, isRight: (value: T) => boolean, wanted: string): Schema<T> =>
  v.pipe(schema, v.check(isRight, wanted))
/** What was read, turned into something else. */
export const turned = <T, U>(schema: Schema<T>, turn: (value: T) => U): Schema<U> => v.pipe(schema, v.transform(turn))

/** Null where the field is null or missing. */
export const orNull = <T>(schema: Schema<T>): Schema<T | null> => v.nullish(schema, null)
/** A number, or the null that JSON makes of NaN. */
export const numberOrNaN: Schema<number> = turned(
  orNull(v.custom<number>((value) => typeof value === 'number' && Math.abs(value) !== Infinity, 'a number')),
  (value) => value ?? NaN
)
/** Undefined where the field is missing. */
export const optional = <T>(schema: Schema<T>): Schema<T | undefined> => v.optional(schema)
/** The value of a missing field. */
export const withDefault = <T>(schema: Schema<T>, value: T & {}): Schema<T> => v.optional(schema, () => value)
/** A field of `object` that is missing from what is read where it is missing from the file. */
export const ifThere = <T>(schema: Schema<T>): v.ExactOptionalSchema<Schema<T>, undefined> => v.exactOptional(schema)
/** A list, each element read by itself. */
export const list = <T>(schema: Schema<T>): Schema<T[]> => v.array(schema, 'a list')

/** An object whose names are data. */
export function map<T>(schema: Schema<T>): Schema<ReadonlyMap<string, T>> {
  return v.pipe(
    v.custom<object>(isObject, 'an object'),
    v.rawTransform(({ dataset: { value: input }, addIssue, NEVER }) => {
      const read = new Map<string, T>()
      for (const [key, value] of Object.entries(input)) {
        const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true })
        if (success) {
          read.set(key, output)
          continue
        }
        const [issue] = issues
        addIssue({ message: issue.message, input: issue.input, path: [step(input, key, value), ...(issue.path ?? [])] })
        return NEVER
      }
      return read
    })
  )
}

/** One of the names of a list, or of a record, which the compiler holds to be complete. */
export function choice<T extends string>(choices: Readonly<Record<T, true>> | readonly T[]): Schema<T> {
  const names: readonly string[] = isNames(choices) ? choices : Object.keys(choices)
  return v.custom<T>((value) => typeof value === 'string' && names.includes(value), `one of ${names.join(', ')}`)
}

/** An object with these fields; others are left out. What is read has the fields in this order. */
export function object<const E extends v.ObjectEntries>(
  entries: E
): Schema<v.InferOutput<v.ObjectSchema<E, undefined>>> {
  return v.pipe(v.custom<object>(isObject, 'an object'), shape(entries))
}

/** One of the shapes of `oneOf`, told apart from the others by its `kind`. */
export const ofKind = <const K extends string, const E extends v.ObjectEntries>(
  kind: K,
  entries: E
): v.ObjectSchema<{ readonly kind: v.LiteralSchema<K, undefined> } & E, v.ErrorMessage<v.ObjectIssue>> =>
  shape({ kind: v.literal(kind), ...entries })

/** An object of one of these shapes, which `ofKind` makes. */
export function oneOf<const O extends readonly KindShape[]>(
  shapes: O
): Schema<v.InferOutput<v.VariantSchema<'kind', O, undefined>>> {
  const names = shapes.map(({ entries }) => entries.kind.literal).join(', ')
  return v.pipe(v.custom<object>(isObject, 'an object'), v.variant('kind', shapes, `one of ${names}`))
}

type KindShape = v.ObjectSchema<
  v.ObjectEntries & { readonly kind: v.LiteralSchema<string, undefined> },
  v.ErrorMessage<v.ObjectIssue> | undefined
>

function shape<const E extends v.ObjectEntries>(entries: E): v.ObjectSchema<E, v.ErrorMessage<v.ObjectIssue>> {
  return v.object(entries, ({ path }) => wanted(entries[String(path?.at(-1)?.key)]))
}

const wanted = (schema: object | undefined): string =>
  schema && 'message' in schema && typeof schema.message === 'string' ? schema.message : 'there'

/** @param where the value stands, for errors: `directions.json`. @throws LabError `format` that names the field, what was wanted and what is there */
export function read<T>(schema: Schema<T>, value: unknown, where: string): T {
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true })
  if (success) return output
  const [{ path = [], message, input }] = issues
  const place = path.map(({ key }) => (typeof key === 'number' ? `[${key}]` : `: ${nameOf(key)}`)).join('')
  throw new LabError('format', `${where}${place} should be ${message}, got ${kindOf(input)}: ${wayOut}`)
}

const wayOut = 'correct it, or take the file as it was written'

/** The value where the schema fits, null where it does not: for what is made again rather than refused. */
export function readOrNull<T>(schema: Schema<T>, value: unknown): T | null {
  const { success, output } = v.safeParse(schema, value, { abortEarly: true })
  return success ? output : null
}

/** @throws LabError `format` */
export function readJson<T>(schema: Schema<T>, json: string, where: string): T {
  return read(schema, parseJson(json, where), where)
}

/** @throws LabError `format` */
export function parseJson(json: string, where: string): unknown {
  try {
    return JSON.parse(json)
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

const longestName = 40

/** A name on the way to what is wrong, which the file may have made as long as it likes. */
function nameOf(key: unknown): string {
  const name = excerpt(key)
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

const isNames = (value: object): value is readonly string[] => Array.isArray(value)

/** One step on the way to what is wrong. */
const step = (input: unknown, key: string | number, value: unknown): v.UnknownPathItem => ({
  ...{ type: 'unknown', origin: 'value' },
  ...{ input, key, value }
})

const isSingle = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(Math.fround(value))

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `an ${typeof value}`
}
