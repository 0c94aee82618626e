/** Named files that outlive the page: OPFS in a browser, a folder in Node, a map in tests. */
import { LabError } from '../../src/errors'
import { isFileName } from '../../src/formats/path'
import { quoted } from '../../src/formats/text'

/** A stored file that is read where it lies: a Blob, or less. */
export interface StoredFile {
  readonly size: number
  /** Differs after any change to the file, where the disk tells. */
  readonly stamp?: string
  text(): Promise<string>
  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

/** Every name is one of `isFileName`; a disk refuses any other with LabError `format`. */
export interface Disk {
  /** Bytes that this site may still store, as far as the browser tells; Infinity where it does not. */
  free(): Promise<number>
  /** Why there is no room where so many bytes are free, and the way out. */
  noRoom(free: number, need: number): string
  names(): Promise<readonly string[]>
  file(name: string): Promise<StoredFile | undefined>
  /** @throws NotStorable where this thread or this window may not write */
  writer(name: string): Promise<DiskWriter>
  remove(name: string): Promise<void>
  /** Runs `work` while nobody else, in this tab or another, works under the same name. */
  alone<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>
  /**
   * A folder in which stored files have these paths, where a runtime can map them from it; undefined where it cannot.
   * @param files path -> name
   */
  lay?(id: string, files: ReadonlyMap<string, string>): Promise<string | undefined>
}

/** Writes at the end of one file. Has the file for itself until it is closed. */
export interface DiskWriter {
  readonly length: number
  /** @throws DOMException `QuotaExceededError` */
  write(bytes: Uint8Array): void
  truncate(length: number): void
  /** Whether it may grow to so many bytes. Chromium's estimate of what is free says nothing of that. */
  fits(length: number): boolean
  close(): void
}

/** Nothing can be stored here; files can still be read without storing them. */
export class NotStorable extends Error {
  override readonly name = 'NotStorable'
}

/** The name itself. @throws LabError `format` for a name that could mean a place outside of the disk's own folder */
export function plainName(name: string): string {
  if (isFileName(name)) return name
  throw new LabError(
    'format',
    `${quoted(name)} cannot be the name of a stored file, since it may lead elsewhere: nothing was read or written`
  )
}

/** Replaces a small text file. */
export async function saveText(disk: Disk, name: string, text: string): Promise<void> {
  const writer = await disk.writer(name)
  try {
    writer.truncate(0)
    writer.write(new TextEncoder().encode(text))
  } finally {
    writer.close()
  }
}

/** True for the browser's word that a site may store no more. */
export function isQuota(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError'
}
