/**
 * Files out of a zip archive, by @zip.js/zip.js: it reads the central directory, zip64 and data descriptors, and checks
 * every CRC-32. What is ours are the limits, so that no archive takes more memory than it is allowed.
 */
import {
  BlobReader,
  ERR_EOCDR_NOT_FOUND,
  ERR_INVALID_COMPRESSED_DATA,
  ERR_INVALID_CRC32,
  ERR_INVALID_UNCOMPRESSED_SIZE,
  ERR_UNSUPPORTED_COMPRESSION,
  Uint8ArrayReader,
  ZipReader,
  type Entry,
  type FileEntry
} from '@zip.js/zip.js/lib/zip-core-native.js'
import { excerpt, isAbort, LabError } from '../errors'
import { quoted } from './text'

export interface ZipContents {
  /** Every path in the archive, in its order; with slashes, without folders and macOS's shadow files. */
  readonly paths: readonly string[]
  /** The entries that were wanted, by path. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
}

/** More entries than any adapter or run has: an archive of millions would take minutes to walk through. */
const mostEntries = 10_000
/** Bytes that may come out of one that goes in, beyond `freely`. Deflate allows 1,032; real numbers and texts stay below 20. */
const mostRatio = 100
/** Below this nothing is a bomb: a few megabytes of zeros do no harm. */
const freely = 64 * 2 ** 20
/** How an archive begins that holds at least one file. */
const signature = [0x50, 0x4b, 3, 4]

/**
 * @param archive the whole archive; of a Blob only the directory and what is wanted are read
 * @param limitOf the most bytes that an entry may have; undefined for one that is not wanted
 * @param most bytes of all wanted entries together
 * @throws LabError `format` for what is no zip, encrypted, or holds paths that lead out of it or occur twice, `checksum` for
 * one that ends early or an entry that is not what was packed, `memory` for an entry beyond its limit, by what it declares or
 * by what comes out; AbortError
 */
export async function readZip(
  archive: Uint8Array | Blob,
  limitOf: (path: string) => number | undefined,
  most = Infinity,
  signal?: AbortSignal
): Promise<ZipContents> {
  const reader = new ZipReader(archive instanceof Blob ? new BlobReader(archive) : new Uint8ArrayReader(archive), {
    useWebWorkers: false,
    checkCrc32: true,
    checkOverlappingEntry: true,
    // Unsafe names are refused below, in words that say so.
    filenameValidation: 'tolerant',
    ...(signal && { signal })
  })
  try {
    const entries = await listed(reader)
    const files = new Map<string, Uint8Array<ArrayBuffer>>()
    const size = archive instanceof Blob ? archive.size : archive.length
    let left = Math.min(most, Math.max(freely, size * mostRatio))
    for (const [path, entry] of entries) {
      const limit = limitOf(path)
      if (limit === undefined) continue
      const bytes = await unpacked(path, entry, Math.min(limit, left))
      left -= bytes.length
      files.set(path, bytes)
    }
    return { paths: [...entries.keys()], files }
  } catch (error) {
    throw await explained(error, archive)
  }
}

/** Its files by path. */
async function listed(reader: ZipReader<unknown>): Promise<ReadonlyMap<string, FileEntry>> {
  const entries = new Map<string, FileEntry>()
  for await (const entry of reader.getEntriesGenerator()) {
    const path = plainPath(entry.filename)
    if (!isFile(entry) || /(^|\/)(__MACOSX\/|\._)/.test(path)) continue
    if (entries.has(path))
      throw new LabError('format', `the zip has ${excerpt(path)} twice: make it again from the folder`)
    if (entries.size >= mostEntries) {
      throw new LabError('format', `the zip has more than ${mostEntries} files: make one of the folder that is meant`)
    }
    entries.set(path, entry)
  }
  return entries
}

const isFile = (entry: Entry): entry is FileEntry => !entry.directory

/** The bytes of one entry, which may be `limit` at most. */
async function unpacked(path: string, entry: FileEntry, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const { encrypted, uncompressedSize, compressedSize } = entry
  if (encrypted) {
    throw new LabError(
      'format',
      `${excerpt(path)} is encrypted, and is not opened here: make the zip again without a password`
    )
  }
  if (uncompressedSize > limit) throw tooLarge(path, limit)
  // No more than deflate could make of the data that is there, whatever is declared.
  const bytes = new Uint8Array(Math.min(uncompressedSize, compressedSize * 1032))
  let size = 0
  const write = (chunk: Uint8Array): void => {
    if (size + chunk.length > bytes.length) throw damaged(path, 'another size comes out')
    bytes.set(chunk, size)
    size += chunk.length
  }
  try {
    await entry.getData(new WritableStream({ write }))
  } catch (cause) {
    const reason = cause instanceof Error ? reasons.get(cause.message) : undefined
    if (reason !== undefined) throw damaged(path, reason, cause)
    if (!(cause instanceof Error) || cause.message !== ERR_UNSUPPORTED_COMPRESSION) throw cause
    const text = `${excerpt(path)} is packed by method ${entry.compressionMethod}, only deflated and stored files can be read: make the zip again`
    throw new LabError('format', text, { cause })
  }
  return bytes
}

/** What zip.js says of data that is not what was packed. */
const reasons: ReadonlyMap<string, string> = new Map([
  [ERR_INVALID_CRC32, 'Bad CRC-32'],
  [ERR_INVALID_UNCOMPRESSED_SIZE, 'another size comes out'],
  [ERR_INVALID_COMPRESSED_DATA, 'it cannot be unpacked']
])

const damaged = (path: string, reason: string, cause?: unknown): LabError =>
  new LabError('checksum', `${excerpt(path)} is not what was packed into the zip (${reason}): fetch it again`, {
    cause
  })

const tooLarge = (path: string, limit: number): LabError =>
  new LabError(
    'memory',
    `${excerpt(path)} unpacks to more than ${limit} bytes, which is allowed here: is it what it claims to be?`
  )

/** What zip.js throws, as an error that says what to do. */
async function explained(cause: unknown, archive: Uint8Array | Blob): Promise<unknown> {
  if (cause instanceof LabError || isAbort(cause)) return cause
  const text = cause instanceof Error ? cause.message : String(cause)
  if (archive instanceof Blob && cause instanceof DOMException) {
    const moved = `the zip could not be read (${excerpt(text)}), it was moved or changed since it was chosen: choose it again`
    return new LabError('format', moved, { cause })
  }
  const start = archive instanceof Blob ? new Uint8Array(await archive.slice(0, 4).arrayBuffer()) : archive
  if (!signature.every((byte, i) => start[i] === byte)) {
    const none = 'a zip file was expected, this is none: zip the folder, or choose the folder itself'
    return new LabError('format', none, { cause })
  }
  if (text === ERR_EOCDR_NOT_FOUND) {
    return new LabError('checksum', 'the zip ends early: fetch it again', { cause })
  }
  return new LabError('format', `the zip could not be unpacked (${excerpt(text)}): make it again`, { cause })
}

/** With slashes, as Windows writers do not have it, and without `./`. @throws LabError `format` for a path that would lie elsewhere */
function plainPath(name: string): string {
  const path = name.replaceAll('\\', '/').replace(/^(\.\/+)+/, '')
  const parts = path.split('/')
  if (!/^\/|^[a-z]:|\p{Cc}/iu.test(path) && path.length < 256 && !parts.includes('..') && !parts.includes('.'))
    return path
  throw new LabError(
    'format',
    `the zip has a file at ${quoted(name)}, which is no plain path or leads out of its folder: it is not opened`
  )
}
