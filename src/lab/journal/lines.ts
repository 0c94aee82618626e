/**
 * One line of a study's journal: a cell as JSON, sealed with a hash of its own, and with the length and the hash of the cell's
 * numbers, which lie in a file beside it. So a cell that was cut or changed is never used.
 */
import { LabError } from '../../errors'
import { fieldsOf } from '../../formats/fields'
import { natural, number, object, optional, read, text, type Schema } from '../../formats/schema'
import { quoted } from '../../formats/text'
import { sha256 } from '../../math/sha256'
import { bytesOf } from '../../math/vector'
import { cleanStudy } from '../privacy/secrets'

/** A finished cell: JSON, and numbers that JSON would blow up. */
export interface StudyCell {
  readonly json: unknown
  readonly floats?: Float32Array
  readonly seconds?: number
}

/** A cell without its numbers. */
export interface JournalLine {
  readonly key: string
  readonly json: unknown
  readonly seconds?: number
  readonly floats?: FloatsFile
}

/** The file of a cell's numbers, and what they are. */
export interface FloatsFile {
  readonly name: string
  /** Bytes, and SHA-256 in hex; undefined in a line that was written before there were seals. */
  readonly whole?: { readonly bytes: number; readonly sha256: string }
}

/** The end of a sealed line: the hash of all that stands before it. */
const seal = /,"sum":"([\da-f]{64})"\}$/

const hashOf = (text: string): Promise<string> => sha256(new TextEncoder().encode(text))

/** The line of a cell, and its text without the line break. @param name of the file that its numbers are in */
export async function sealLine(
  key: string,
  { json, floats, seconds }: StudyCell,
  name: string
): Promise<{ readonly line: JournalLine; readonly text: string }> {
  const bytes = floats && bytesOf(floats)
  const whole = bytes && { bytes: bytes.length, sha256: await sha256(bytes) }
  const timed = seconds !== undefined && { seconds }
  const line: JournalLine = { key, json: cleanStudy(key, json), ...timed, ...(whole && { floats: { name, whole } }) }
  const open = JSON.stringify({ key, json: line.json, ...(whole && { floats: name, ...whole }), ...timed }).slice(0, -1)
  return { line, text: `${open},"sum":"${await hashOf(open)}"}` }
}

/**
 * The cell of a line, without the secrets of its settings. Lines of earlier versions, which have no seal, are read as they are.
 * @throws LabError `format` for what is no line of a journal, `checksum` for one that is not what was written
 */
export async function readLine(json: string, where: string): Promise<JournalLine> {
  const value = parse(json, where)
  const sum = seal.exec(json)
  const isSealed = sum !== null || fieldsOf(value).has('sum')
  if (isSealed && sum?.[1] !== (await hashOf(json.slice(0, sum?.index)))) {
    throw new LabError(
      'checksum',
      `${where} is not what was written: take the line out, and its cell is measured again`
    )
  }
  const { key, seconds, floats } = read(lineSchema, value, where)
  return {
    key,
    json: cleanStudy(key, fieldsOf(value).get('json')),
    ...(seconds !== undefined && { seconds }),
    ...(floats !== undefined && {
      floats: { name: floats, ...(isSealed && { whole: read(wholeSchema, value, where) }) }
    })
  }
}

const lineSchema = object({ key: text, seconds: optional(number), floats: optional(text) })
const wholeSchema: Schema<NonNullable<FloatsFile['whole']>> = object({ bytes: natural, sha256: text })

/** The numbers of a cell out of the bytes of its file, or in a few words why they are not what was written. */
export async function readFloats(
  { name, whole }: FloatsFile,
  bytes: Uint8Array | undefined
): Promise<Float32Array | string> {
  const file = quoted(name)
  if (!bytes) return `${file} is missing`
  if (whole && bytes.length !== whole.bytes) return `${file} has ${bytes.length} of ${whole.bytes} bytes`
  if (bytes.length % 4 !== 0) return `${file} has ${bytes.length} bytes, and no number has less than 4`
  if (whole && (await sha256(bytes)) !== whole.sha256) return `${file} has other numbers than were written`
  return new Float32Array(Uint8Array.from(bytes).buffer)
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const way = 'is the file whole? Take the line out, and its cell is measured again'
    throw new LabError('format', `${where} is not JSON: ${way}`, { cause })
  }
}
