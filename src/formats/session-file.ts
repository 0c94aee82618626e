/** A session as one zip: `session.json` says what was open, `tensors/` has its numbers. docs/formats.md has the layout. */
import { LabError } from '../errors'
import { choice, object, parseJson, read, text as anyText } from './schema'
import { quoted, utf8 } from './text'
import { readZip } from './zip'
import { writeZip, type ZipEntry } from './zip-write'

export const sessionFormat = 'azimuth.session'
export const sessionVersion = '1'
/** The document's place in the zip: what tells a session from any other. */
export const sessionPath = 'session.json'

/** Numbers by their names, each a safetensors file. */
export type SessionTensors = ReadonlyMap<string, Uint8Array<ArrayBuffer>>

export interface SessionFile {
  /** Parsed, of this format and version; the rest is as the file has it. */
  readonly document: unknown
  readonly tensors: SessionTensors
}

const mega = 2 ** 20
const longestDocument = 64 * mega
const largestTensors = 512 * mega
const mostBytes = 1536 * mega
const tensorsPath = /^tensors\/([\w.-]{1,80})\.safetensors$/

/** The zip: the same session gives the same bytes. @throws LabError `shape` for a name that cannot be a file's */
export async function writeSessionFile(
  document: Readonly<Record<string, unknown>>,
  tensors: ReadonlyMap<string, Uint8Array>
): Promise<Uint8Array<ArrayBuffer>> {
  const text = `${JSON.stringify({ format: sessionFormat, version: sessionVersion, ...document }, null, 1)}\n`
  const files = Array.from(tensors, ([name, bytes]): ZipEntry => {
    const path = `tensors/${name}.safetensors`
    if (tensorsPath.test(path)) return { path, bytes, stored: true }
    throw new LabError('shape', `${quoted(name)} cannot be the name of a file: use letters, digits, dots and dashes`)
  })
  return writeZip([{ path: sessionPath, bytes: new TextEncoder().encode(text) }, ...files])
}

/**
 * What such a file holds; files of other names are left alone.
 * @throws LabError `format` for another kind of file or another version, `checksum` for one that ends early, `memory` for one
 * that unpacks beyond its limits
 */
export async function readSessionFile(file: Uint8Array | Blob): Promise<SessionFile> {
  const limitOf = (path: string): number | undefined =>
    path === sessionPath ? longestDocument : tensorsPath.test(path) ? largestTensors : undefined
  const { files } = await readZip(file, limitOf, mostBytes)
  const text = files.get(sessionPath)
  if (!text) throw new LabError('format', `the zip has no ${sessionPath}: is it a session that the page saved?`)
  const document = parseJson(utf8(text, sessionPath), sessionPath)
  assertSession(document, sessionPath)
  const tensors = [...files].flatMap(([path, one]) => {
    const [, name] = tensorsPath.exec(path) ?? []
    return name === undefined ? [] : [[name, one] as const]
  })
  return { document, tensors: new Map(tensors) }
}

/** @param where the document stands, for errors. @throws LabError `format` that names the version, for another one than this */
export function assertSession(document: unknown, where: string): void {
  const { version } = read(object({ format: choice([sessionFormat]), version: anyText }), document, where)
  if (version === sessionVersion) return
  throw new LabError(
    'format',
    `${where} has version ${quoted(version)}, this Azimuth reads ${sessionVersion}: use the Azimuth that wrote it`
  )
}

/** The numbers of that name. @throws LabError `format` where the file lacks them */
export function tensorsOf(tensors: SessionTensors, name: string): Uint8Array<ArrayBuffer> {
  const bytes = tensors.get(name)
  if (bytes) return bytes
  throw new LabError('format', `the session lacks tensors/${quoted(name)}: is the file whole?`)
}
