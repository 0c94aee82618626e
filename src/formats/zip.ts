/** Single files out of a zip archive, unpacked piece by piece so that no archive can take more memory than it is allowed. */
import { Unzip, UnzipInflate, type UnzipFile } from 'fflate'
import { LabError } from '../errors'
import { joined } from './bytes'
import { quoted } from './record'

export interface ZipContents {
  /** Every path in the archive, in its order; without folders and macOS's shadow files. */
  readonly paths: readonly string[]
  /** The entries that were wanted, by path. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
}

/** More entries than any adapter or run has: an archive of millions would take minutes to walk through. */
const mostEntries = 10_000
/** Bytes pushed at once. Deflate makes at most 1,032 out of one, so that little is in memory before it is counted. */
const piece = 1 << 14
/** How a local file header begins, and with it every archive that has a file. */
const signature = [0x50, 0x4b, 3, 4]

/**
 * @param chunks the archive, whole or in order
 * @param limitOf the most bytes that an entry may have; undefined for one that is not wanted
 * @param most bytes of all wanted entries together
 * @throws LabError `format` for what is no zip, encrypted, or holds paths that lead out of it or occur twice, `checksum` for
 * one that ends early, `memory` for an entry beyond its limit, by what it declares or by what comes out
 */
export async function readZip(
  chunks: Uint8Array | AsyncIterable<Uint8Array>,
  limitOf: (path: string) => number | undefined,
  most = Infinity
): Promise<ZipContents> {
  const reader = new ZipReader(limitOf, most)
  for await (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) {
    for (let at = 0; at < chunk.length; at += piece) reader.push(chunk.subarray(at, at + piece))
  }
  return reader.finish()
}

class ZipReader {
  readonly #unzip = new Unzip((file) => this.#open(file))
  readonly #limitOf: (path: string) => number | undefined
  readonly #paths = new Set<string>()
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly #unfinished = new Set<string>()
  /** The first four bytes, or as many as came. */
  #head: readonly number[] = []
  /** Bytes that may still come out. */
  #left: number

  constructor(limitOf: (path: string) => number | undefined, most: number) {
    this.#limitOf = limitOf
    this.#left = most
    this.#unzip.register(UnzipInflate)
  }

  push(bytes: Uint8Array): void {
    this.#head = [...this.#head, ...bytes.subarray(0, 4 - this.#head.length)]
    if (!this.#head.every((byte, i) => byte === signature[i])) throw notZip()
    this.#guard(() => this.#unzip.push(bytes))
  }

  finish(): ZipContents {
    if (this.#head.length < 4) throw notZip()
    this.#guard(() => this.#unzip.push(new Uint8Array(), true))
    const [unfinished] = this.#unfinished
    if (unfinished !== undefined) throw new LabError('checksum', `the zip ends inside ${unfinished}: fetch it again`)
    return { paths: [...this.#paths], files: this.#files }
  }

  #open(file: UnzipFile): void {
    const path = file.name
    if (path.endsWith('/') || /(^|\/)(__MACOSX\/|\._)/.test(path)) return
    requirePlainPath(path)
    if (this.#paths.has(path)) throw new LabError('format', `the zip has ${path} twice: make it again from the folder`)
    if (this.#paths.size >= mostEntries) {
      throw new LabError('format', `the zip has more than ${mostEntries} files: make one of the folder that is meant`)
    }
    this.#paths.add(path)
    const limit = this.#limitOf(path)
    if (limit !== undefined) this.#collect(file, path, Math.min(limit, this.#left))
  }

  #collect(file: UnzipFile, path: string, limit: number): void {
    if ((file.originalSize ?? 0) > limit) throw tooLarge(path, limit)
    const parts: Uint8Array[] = []
    let size = 0
    this.#unfinished.add(path)
    file.ondata = (error, data, final) => {
      if (error) throw error
      size += data.length
      if (size > limit) throw tooLarge(path, limit)
      parts.push(data)
      if (!final) return
      if (size !== (file.originalSize ?? size)) {
        throw new LabError(
          'checksum',
          `${path} should have ${file.originalSize} bytes, the zip has ${size}: fetch it again`
        )
      }
      this.#left -= size
      this.#files.set(path, joined(parts))
      this.#unfinished.delete(path)
    }
    file.start()
  }

  /** What the unpacker throws, as an error that says what to do. */
  #guard(work: () => void): void {
    try {
      work()
    } catch (cause) {
      if (cause instanceof LabError) throw cause
      const text = cause instanceof Error ? cause.message : String(cause)
      // fflate's words for the end of the data inside an entry, deflated or stored.
      if (/unexpected EOF|invalid zip data/i.test(text))
        throw new LabError('checksum', 'the zip ends early: fetch it again', { cause })
      throw new LabError('format', `the zip could not be unpacked (${text}): make it again, without a password`, {
        cause
      })
    }
  }
}

const notZip = (): LabError =>
  new LabError('format', 'a zip file was expected, this is none: zip the folder, or choose the folder itself')

const tooLarge = (path: string, limit: number): LabError =>
  new LabError(
    'memory',
    `${path} unpacks to more than ${limit} bytes, which is allowed here: is it what it claims to be?`
  )

/** @throws LabError `format` for a path that would lie elsewhere when it is unpacked */
function requirePlainPath(path: string): void {
  const parts = path.split('/')
  const isPlain =
    !/^\/|^[a-z]:|[\\\p{Cc}]/iu.test(path) && path.length < 256 && !parts.includes('..') && !parts.includes('.')
  if (!isPlain)
    throw new LabError(
      'format',
      `the zip has a file at ${quoted(path)}, which is no plain path or leads out of its folder: it is not opened`
    )
}
