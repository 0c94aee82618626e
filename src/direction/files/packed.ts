/** Directions as one text, for an address: docs/formats.md has the layout. */
import { LabError } from '../../errors'
import { joined } from '../../formats/bytes'
import { packBytes, unpackBytes } from '../../formats/packed'
import { choice, list, natural, number, object, parseJson, read, text as anyText } from '../../formats/schema'
import { quoted, utf8 } from '../../formats/text'
import { crc32 } from '../../formats/zip-write'
import { fromHalf, toHalf } from '../../math/half'
import { bytesOf, cosine, unit } from '../../math/vector'
import type { Direction } from '../direction'
import { factsOf, factsSchema, modelDocument, modelSchema } from './metadata'

/** What a reader calls the directions. */
export interface PackedNames {
  readonly name: string
  readonly modelName: string
  readonly positiveName: string
  readonly negativeName: string
}

/** Directions of one model, with their names, as they come out of a text. */
export interface UnpackedDirections extends PackedNames {
  /** In ascending order of layers. */
  readonly directions: readonly Direction[]
  /** The smallest cosine to what was packed: 1 where every bit is the same, else the rounding of half precision. */
  readonly cosine: number
}

const version = '1'
/** A text of more is none of ours: the numbers of a model of width 16,384 at 30 layers. */
const mostBytes = 4 * 2 ** 20

/**
 * One text of all numbers as float32, or as float16 where that one would be too long.
 * @param most characters
 * @returns null where both are longer
 */
export function packDirections(directions: readonly Direction[], names: PackedNames, most: number): string | null {
  const whole = joined(directions.map(({ vector }) => bytesOf(vector)))
  const halves = directions.map(({ vector }) => toHalf(vector))
  const rounded = halves.map((half) => unit(fromHalf(half)))
  const off = Math.min(...directions.map(({ vector }, i) => cosine(vector, rounded[i] ?? vector)))
  const forms = [
    { precision: 'f32', cosine: 1, numbers: whole },
    { precision: 'f16', cosine: off, numbers: joined(halves.map((half) => new Uint8Array(half.buffer))) }
  ]
  for (const { numbers, ...form } of forms) {
    const text = packBytes(joined([head(directions, names, { ...form, crc32: crc32(numbers) }), numbers]))
    if (text.length <= most) return text
  }
  return null
}

/** @throws LabError `format` for a text that was cut or changed, or is of another version */
export function unpackDirections(text: string): UnpackedDirections {
  const bytes = unpackBytes(text, mostBytes)
  const size = bytes.length < 4 ? 0 : new DataView(bytes.buffer).getUint32(0, true)
  const where = 'the direction in the link'
  const value = parseJson(utf8(bytes.subarray(4, 4 + size), where), where)
  const found = read(object({ version: anyText }), value, where)
  if (found.version !== version) {
    const versions = `${where} has version ${quoted(found.version)}, this Azimuth reads ${version}`
    throw new LabError('format', `${versions}: use the Azimuth that wrote it`)
  }
  const { crc32: sum, precision, width, model, directions: facts, ...names } = read(headSchema, value, where)
  const numbers = bytes.slice(4 + size)
  if (crc32(numbers) !== sum) {
    throw new LabError('format', `${where} was changed on its way: copy the link whole`)
  }
  const isHalf = precision === 'f16'
  const bytesEach = width * (isHalf ? 2 : 4)
  if (facts.length === 0 || bytesEach * facts.length !== numbers.length) {
    throw new LabError('format', `${where} should hold ${facts.length} x ${width} numbers: copy the link whole`)
  }
  const vectorAt = (i: number): Float32Array => {
    const buffer = numbers.buffer.slice(i * bytesEach, (i + 1) * bytesEach)
    const vector = isHalf ? unit(fromHalf(new Uint16Array(buffer))) : new Float32Array(buffer)
    if (vector.every(Number.isFinite)) return vector
    throw new LabError('format', `${where} holds NaN or infinity: ask for the session file`)
  }
  return {
    ...names,
    directions: facts.map((one, i) => ({ ...one, model, vector: vectorAt(i) })).toSorted((a, b) => a.layer - b.layer)
  }
}

const headSchema = object({
  name: anyText,
  modelName: anyText,
  positiveName: anyText,
  negativeName: anyText,
  cosine: number,
  crc32: natural,
  precision: choice({ f32: true, f16: true }),
  width: natural,
  model: modelSchema,
  directions: list(factsSchema)
})

/** The length of the document, then the document. */
function head(
  directions: readonly Direction[],
  { name, modelName, positiveName, negativeName }: PackedNames,
  form: { readonly precision: string; readonly cosine: number; readonly crc32: number }
): Uint8Array {
  const [first] = directions
  if (!first) throw new LabError('shape', 'there is no direction to pack: fit one first')
  const document = {
    ...{ version, ...form, width: first.vector.length, name, modelName, positiveName, negativeName },
    model: modelDocument(first.model),
    // In the order of their names, so that the same direction gives the same text wherever it came from.
    directions: directions.map((one) => Object.fromEntries(Object.entries(factsOf(one)).sort(byName)))
  }
  const json = new TextEncoder().encode(JSON.stringify(document))
  const size = new Uint8Array(4)
  new DataView(size.buffer).setUint32(0, json.length, true)
  return joined([size, json])
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1)
