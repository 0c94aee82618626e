/** Stored contents, by key. A content counts as whole only once its checksum is written beside it. */
import { LabError } from '../../src/errors'
import { Checksum, SummedSink, type Expected } from '../sources/checksum'
import { isQuota, NotStorable, saveText, type Disk, type DiskWriter, type StoredFile } from './disk'
import { asObject, asText, parse } from '../sources/json'
import { pieces } from '../sources/read-blob'
import { inBytes, type Sink } from './sink'

/** A file to store, and what it must be. */
export interface Content extends Expected {
  /** Where it is stored: made of the content's own checksum where that is known, so that it is stored once. */
  readonly key: string
  /** Entity tag or date, where the source has told one. */
  readonly version?: string | undefined
}

/** What is known of stored bytes. With a checksum they are whole, without they are a part. */
interface Meta {
  readonly version?: string | undefined
  readonly sha256?: string | undefined
  /** Of the file when its checksum was taken. */
  readonly stamp?: string | undefined
}

const metaName = (key: string): string => `${key}.json`
/** Of what a key is made: a checksum of the content, or a hash of its place. Everything else was not written by us. */
export const isKey = (key: string): boolean => /^(sha256|url|at)-[\da-f]{64}$|^git-[\da-f]{40}$/.test(key)
/** The key that a file on the disk belongs to. */
export const keyOf = (name: string): string => name.replace(/\.json$/, '')

/** Contents of stored files, each once. */
export class Blobs {
  readonly disk: Disk

  constructor(disk: Disk) {
    this.disk = disk
  }

  /** The stored content when it is whole and of the version asked for. */
  async whole(content: Content): Promise<StoredFile | undefined> {
    const meta = await this.#meta(content.key)
    const { version, sha256 } = meta
    if (sha256 === undefined) return undefined
    if (content.sha256 !== undefined && content.sha256 !== sha256) return undefined
    if (content.version !== undefined && content.version !== version) return undefined
    const file = await this.disk.file(content.key)
    if (!file || (content.size !== 0 && content.size !== file.size)) return undefined
    return file.stamp === meta.stamp || (await this.#isUnchanged(content, file, { ...meta, sha256 })) ? file : undefined
  }

  /** Bytes stored of a content, whole or not. */
  async size(key: string): Promise<number> {
    return (await this.disk.file(key))?.size ?? 0
  }

  async remove(key: string): Promise<void> {
    // In this order a break leaves a part without a checksum, never a checksum without its content.
    await this.disk.remove(metaName(key))
    await this.disk.remove(key)
  }

  /**
   * The content from the disk, after `download` has filled in what is missing. Others wait for the same key.
   * @throws LabError `quota`, `checksum`, NotStorable, and what `download` throws
   */
  fill(
    content: Content,
    download: (sink: Sink) => Promise<void>,
    signal: AbortSignal | undefined
  ): Promise<StoredFile> {
    return this.disk.alone(content.key, signal, async () => {
      try {
        return (await this.whole(content)) ?? (await this.#fill(content, download, signal))
      } catch (error) {
        if (isQuota(error)) throw await this.#quota(content, error)
        throw error
      }
    })
  }

  async #fill(content: Content, download: (sink: Sink) => Promise<void>, signal?: AbortSignal): Promise<StoredFile> {
    const { part, meta } = await this.#part(content)
    const have = part?.size ?? 0
    if (content.size - have > (await this.disk.free())) throw await this.#quota(content)
    const checksum = await Checksum.of(content)
    if (part) for await (const bytes of pieces(part, content.path, signal)) checksum.update(bytes)
    const sink = await DiskSink.open(this.disk, content, have, meta.version)
    try {
      if (!sink.fits(content.size)) throw await this.#quota(content)
      await download(new SummedSink(sink, checksum))
    } finally {
      sink.close()
    }
    return this.#finish(content, checksum, sink.version)
  }

  async #meta(key: string): Promise<Meta> {
    const text = await (await this.disk.file(metaName(key)))?.text()
    const meta = asObject(parse(text ?? ''))
    return { version: asText(meta?.['version']), sha256: asText(meta?.['sha256']), stamp: asText(meta?.['stamp']) }
  }

  /** A file that someone touched is summed up again; where its bytes are the same, that is not done twice. */
  async #isUnchanged(
    { path, key, size }: Content,
    file: StoredFile,
    meta: Meta & { sha256: string }
  ): Promise<boolean> {
    const checksum = await Checksum.of({ path, size })
    for await (const bytes of pieces(file, path)) checksum.update(bytes)
    if (checksum.finish() !== meta.sha256) return false
    await saveText(this.disk, metaName(key), JSON.stringify({ ...meta, stamp: file.stamp }))
    return true
  }

  /** A part that can be gone on with: not one that was whole (of another version), nor longer than the file. */
  async #part(content: Content): Promise<{ part: StoredFile | undefined; meta: Meta }> {
    const meta = await this.#meta(content.key)
    const part = await this.disk.file(content.key)
    const checked = content.sha256 !== undefined || content.gitOid !== undefined
    const longest = content.size === 0 ? Infinity : checked ? content.size : content.size - 1
    const usable = part && meta.sha256 === undefined && part.size <= longest
    if (usable) return { part, meta }
    await this.remove(content.key)
    return { part: undefined, meta: {} }
  }

  async #quota(content: Content, cause?: unknown): Promise<LabError> {
    const need = content.size - (await this.size(content.key))
    const room = this.disk.noRoom(await this.disk.free(), need)
    return new LabError('quota', `${content.path} needs ${need > 0 ? `${inBytes(need)} more` : 'more room'}, ${room}`, {
      cause
    })
  }

  async #finish(content: Content, checksum: Checksum, version: string | undefined): Promise<StoredFile> {
    const sha256 = await this.#sum(content, checksum)
    const file = await this.disk.file(content.key)
    if (!file) throw new NotStorable(`${content.path} was removed while it was stored`)
    const meta: Meta = { sha256, version: content.version ?? version, stamp: file.stamp }
    await saveText(this.disk, metaName(content.key), JSON.stringify(meta))
    return file
  }

  async #sum(content: Content, checksum: Checksum): Promise<string> {
    try {
      return checksum.finish()
    } catch (error) {
      await this.remove(content.key)
      throw error
    }
  }
}

/** A part on the disk, with the version of its bytes beside it. */
class DiskSink implements Sink {
  readonly kept = true
  readonly #disk: Disk
  readonly #key: string
  readonly #writer: DiskWriter
  #version: string | undefined

  private constructor(disk: Disk, key: string, writer: DiskWriter, version: string | undefined) {
    this.#disk = disk
    this.#key = key
    this.#writer = writer
    this.#version = version
  }

  static async open(disk: Disk, { key }: Content, length: number, version: string | undefined): Promise<DiskSink> {
    const writer = await disk.writer(key)
    writer.truncate(length)
    return new DiskSink(disk, key, writer, version)
  }

  get length(): number {
    return this.#writer.length
  }

  get version(): string | undefined {
    return this.#version
  }

  write(bytes: Uint8Array): void {
    this.#writer.write(bytes)
  }

  async restart(version: string | undefined): Promise<void> {
    this.#writer.truncate(0)
    this.#version = version
    await saveText(this.#disk, metaName(this.#key), JSON.stringify({ version }))
  }

  fits(length: number): boolean {
    return length <= this.length || this.#writer.fits(length)
  }

  close(): void {
    this.#writer.close()
  }
}
