/** Bytes of a file as text, and names out of a file as a message quotes them. */
import { excerpt, LabError } from '../errors'

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

/** A file's own name, fit for a message beside what else it quotes: on one line, its ending kept. */
export function shortName(name: string): string {
  return excerpt(name.length > 80 ? `${name.slice(0, 60)}…${name.slice(-19)}` : name)
}
