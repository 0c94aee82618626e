/** A zip archive of some files: the same bytes for the same files, on every machine and in every time zone. */
import { Deflate } from 'fflate'
import { LabError } from '../errors'
import { joined } from './bytes'

export interface ZipEntry {
  readonly path: string
  readonly bytes: Uint8Array
  /** Kept as they are, for what deflating does not make smaller. */
  readonly stored?: boolean
}

/** Bytes deflated between two rests, so that a page goes on painting. */
const piece = 1 << 20
/** 1 January 1980, where the format's clock begins. */
const time = 0x00210000
/** Names are UTF-8. */
const utf8Names = 0x0800
/** Without the extensions of zip64 no place in an archive can be beyond this. */
const largest = 0xffffffff

/** The archive. Files keep their order. @throws LabError `memory` beyond 4 GB */
export async function writeZip(entries: readonly ZipEntry[]): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let at = 0
  for (const entry of entries) {
    const name = new TextEncoder().encode(entry.path)
    const body = entry.stored ? entry.bytes : await deflated(entry.bytes)
    const facts = factsOf(entry, body.length, name.length)
    const local = joined([Uint8Array.of(0x50, 0x4b, 3, 4), facts, name])
    directory.push(Uint8Array.of(0x50, 0x4b, 1, 2, 20, 0), facts, placeOf(at), name)
    parts.push(local, body)
    at += local.length + body.length
  }
  const central = joined(directory)
  if (at + central.length > largest) {
    throw new LabError('memory', `a zip of ${at} bytes was asked for, 4 GB is the most: leave out hidden states`)
  }
  return joined([...parts, central, endOf(entries.length, central.length, at)])
}

/** What the header of a file and its line in the directory both say: from the version needed to the name's length. */
function factsOf({ bytes, stored }: ZipEntry, size: number, name: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(26))
  view.setUint16(0, 20, true)
  view.setUint16(2, utf8Names, true)
  view.setUint16(4, stored ? 0 : 8, true)
  view.setUint32(6, time, true)
  view.setUint32(10, crc32(bytes), true)
  view.setUint32(14, size, true)
  view.setUint32(18, bytes.length, true)
  view.setUint16(22, name, true)
  return new Uint8Array(view.buffer)
}

/** The rest of a file's line in the directory: no comment, first disk, no attributes, and where its header is. */
function placeOf(at: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(14))
  view.setUint32(10, at, true)
  return new Uint8Array(view.buffer)
}

function endOf(count: number, size: number, at: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(22))
  view.setUint32(0, 0x06054b50, true)
  view.setUint16(8, count, true)
  view.setUint16(10, count, true)
  view.setUint32(12, size, true)
  view.setUint32(16, at, true)
  return new Uint8Array(view.buffer)
}

async function deflated(bytes: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const deflate = new Deflate({ level: 6 }, (part) => void parts.push(part))
  for (let from = 0; from + piece < bytes.length; from += piece) {
    deflate.push(bytes.subarray(from, from + piece))
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  deflate.push(bytes.subarray(Math.floor(Math.max(0, bytes.length - 1) / piece) * piece), true)
  return joined(parts)
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** CRC-32 as zip has it: tells a changed byte, and is no proof against anyone. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] ?? 0)) & 255] ?? 0)
  return ~crc >>> 0
}
