/** The disk of a browser: one folder of the site's private file system. */
import { isFileName } from '../../src/formats/path'
import { isQuota, NotStorable, plainName, type Disk, type DiskWriter } from './disk'
import { inBytes } from './sink'

const folderName = 'models'

/** Undefined where the browser has no such file system or refuses it, as some private windows do. */
export async function openOpfs(): Promise<Disk | undefined> {
  try {
    const root = await navigator.storage.getDirectory()
    return new Opfs(await root.getDirectoryHandle(folderName, { create: true }))
  } catch {
    // Not a failure: models are read without being stored.
    return undefined
  }
}

/** What this site may store and stores, in bytes; nothing where the browser does not say, as some builds of WebKit do not. */
export function roomHere(): Promise<StorageEstimate> {
  return 'estimate' in navigator.storage ? navigator.storage.estimate() : Promise.resolve({})
}

/** What a reader is told of a browser that has no room. Chromium claims 10 GiB whatever there is. */
export function noRoomInBrowser(free: number, need: number): string {
  const room = free < need ? `this site may store ${inBytes(free)}` : 'the browser lets this site store less'
  return `${room}: delete a stored model, free disk space, or choose a smaller dtype`
}

class Opfs implements Disk {
  readonly noRoom = noRoomInBrowser
  readonly #folder: FileSystemDirectoryHandle

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder
  }

  async free(): Promise<number> {
    const { quota, usage } = await roomHere()
    return quota === undefined ? Infinity : Math.max(0, quota - (usage ?? 0))
  }

  async names(): Promise<readonly string[]> {
    const names: string[] = []
    for await (const name of this.#folder.keys()) if (isFileName(name)) names.push(name)
    return names
  }

  async file(name: string): Promise<Blob | undefined> {
    try {
      return await (await this.#folder.getFileHandle(plainName(name))).getFile()
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async writer(name: string): Promise<DiskWriter> {
    const plain = plainName(name)
    try {
      const handle = await this.#folder.getFileHandle(plain, { create: true })
      return new OpfsWriter(await handle.createSyncAccessHandle())
    } catch (cause) {
      if (isQuota(cause)) throw cause
      throw new NotStorable(`${name} cannot be written`, { cause })
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await this.#folder.removeEntry(plainName(name))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  alone<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return navigator.locks.request(`azimuth ${name}`, signal ? { signal } : {}, work)
  }
}

/** Writes in place: `createWritable` would copy a part of gigabytes to go on with it, and lose all in a crash. */
class OpfsWriter implements DiskWriter {
  readonly #handle: FileSystemSyncAccessHandle
  #length: number

  constructor(handle: FileSystemSyncAccessHandle) {
    this.#handle = handle
    this.#length = handle.getSize()
  }

  get length(): number {
    return this.#length
  }

  write(bytes: Uint8Array): void {
    const written = this.#handle.write(bytes, { at: this.#length })
    // Firefox writes less when the disk is full; Chromium returns 4294967288 (crbug.com/541725401). Neither throws.
    if (written !== bytes.length) {
      this.#handle.truncate(this.#length)
      throw new DOMException('the disk did not take all bytes', 'QuotaExceededError')
    }
    this.#length += written
  }

  truncate(length: number): void {
    this.#handle.truncate(length)
    this.#length = length
  }

  fits(length: number): boolean {
    try {
      this.#handle.truncate(length)
      // Chromium does not throw here either.
      return this.#handle.getSize() === length
    } catch (error) {
      if (isQuota(error)) return false
      throw error
    } finally {
      this.#handle.truncate(this.#length)
    }
  }

  close(): void {
    this.#handle.flush()
    this.#handle.close()
  }
}

const isMissing = (error: unknown): boolean => error instanceof DOMException && error.name === 'NotFoundError'
