/** The disk of Node: one folder of files, shared by all threads and processes of this machine. */
import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { link, mkdir, open, readdir, readFile, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { excerpt, LabError } from '../../src/errors'
import { isFileName, isFilePath } from '../../src/formats/path'
import { quoted } from '../../src/formats/text'
import { NotStorable, plainName, type Disk, type DiskWriter, type StoredFile } from './disk'
import { codeOf, isFull } from './full-node'
import { FolderLocks } from './lock-node'
import { hashText } from './records'
import { inBytes } from './sink'

/** @throws LabError `quota` where the folder cannot be made */
export async function openFolderDisk(folder: string): Promise<Disk> {
  const root = resolve(folder)
  for (const inside of [locksName, laidName]) {
    await mkdir(join(root, inside), { recursive: true }).catch((cause: unknown) => {
      const text = `models are stored in ${root}, which cannot be made (${excerpt(cause)}): name another folder with AZIMUTH_CACHE or --cache`
      throw new LabError('quota', text, { cause })
    })
  }
  return new FolderDisk(root)
}

const locksName = 'locks'
/** Folders in which stored files have the names that graphs know them by. */
const laidName = 'files'

/** A link in the place of a stored file is never written through. Windows knows no such flag. */
const writing = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)

class FolderDisk implements Disk {
  readonly #root: string
  readonly #locks: FolderLocks

  constructor(root: string) {
    this.#root = root
    this.#locks = new FolderLocks(join(root, locksName))
  }

  /** Where a name lies. @throws LabError `format` for one that leads out of the folder */
  #at(name: string): string {
    return join(this.#root, plainName(name))
  }

  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#root)
    return bavail * bsize
  }

  noRoom(free: number): string {
    return `${this.#root} has ${inBytes(free)} left: free disk space, name another folder with AZIMUTH_CACHE or --cache, or choose a smaller dtype`
  }

  async names(): Promise<readonly string[]> {
    const entries = await readdir(this.#root, { withFileTypes: true })
    return entries.filter((entry) => entry.isFile() && isFileName(entry.name)).map(({ name }) => name)
  }

  async file(name: string): Promise<StoredFile | undefined> {
    const path = this.#at(name)
    const info = await stat(path, { bigint: true }).catch(missing)
    return info && new FileOnDisk(path, Number(info.size), `${info.mtimeNs}`)
  }

  async writer(name: string): Promise<DiskWriter> {
    const path = this.#at(name)
    try {
      return new FileWriter(openSync(path, writing, 0o644))
    } catch (cause) {
      if (isFull(cause)) throw quota(cause)
      throw new NotStorable(`${name} cannot be written`, { cause })
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#at(name), { force: true })
  }

  alone<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#locks.alone(plainName(name), signal, work)
  }

  /** Links and no copies; undefined on a file system without them. */
  async lay(id: string, files: ReadonlyMap<string, string>): Promise<string | undefined> {
    const folder = join(this.#root, laidName, (await hashText(id)).slice(0, 24))
    try {
      for (const [path, name] of files) await this.#link(name, inside(folder, path))
    } catch (error) {
      // Where there is no room for a link, the files are read from where they are.
      if (noLinks.includes(codeOf(error)) || isFull(error)) return undefined
      throw error
    }
    return folder
  }

  async #link(name: string, path: string): Promise<void> {
    const source = this.#at(name)
    const [wanted, there] = await Promise.all([
      stat(source, { bigint: true }),
      stat(path, { bigint: true }).catch(missing)
    ])
    if (there?.ino === wanted.ino && there.dev === wanted.dev) return
    await mkdir(dirname(path), { recursive: true })
    await rm(path, { force: true })
    // Another thread that opens the same model may have been faster.
    await link(source, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
  }
}

/** Read piece by piece, so that weights of gigabytes never lie in memory whole. */
class FileOnDisk implements StoredFile {
  readonly size: number
  readonly stamp: string
  readonly #path: string

  constructor(path: string, size: number, stamp: string) {
    this.#path = path
    this.size = size
    this.stamp = stamp
  }

  text(): Promise<string> {
    return readFile(this.#path, 'utf8')
  }

  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> } {
    const end = Math.min(to, this.size)
    return { arrayBuffer: () => read(this.#path, from, Math.max(0, end - from)) }
  }
}

async function read(path: string, from: number, length: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  const file = await open(path, 'r')
  try {
    for (let at = 0; at < length;) {
      const { bytesRead } = await file.read(bytes, at, length - at, from + at)
      if (bytesRead === 0) throw new Error(`it ends at byte ${from + at}`)
      at += bytesRead
    }
  } finally {
    await file.close()
  }
  return bytes.buffer
}

class FileWriter implements DiskWriter {
  readonly #file: number
  #length: number

  constructor(file: number) {
    this.#file = file
    this.#length = fstatSync(file).size
  }

  get length(): number {
    return this.#length
  }

  write(bytes: Uint8Array): void {
    whileRoom(() => {
      for (let at = 0; at < bytes.length;) {
        const written = writeSync(this.#file, bytes, at, bytes.length - at, this.#length)
        if (written === 0) throw quota(new Error('nothing was written'))
        at += written
        this.#length += written
      }
    })
  }

  truncate(length: number): void {
    whileRoom(() => ftruncateSync(this.#file, length))
    this.#length = length
  }

  /** File systems keep no promises about room; what is free was asked before. */
  fits(): boolean {
    return true
  }

  close(): void {
    // A checksum is only written beside bytes that outlive a crash.
    try {
      whileRoom(() => fsyncSync(this.#file))
    } finally {
      closeSync(this.#file)
    }
  }
}

/** @throws LabError `format` for a path that leads out of the folder */
function inside(folder: string, path: string): string {
  const full = resolve(folder, path)
  if (isFilePath(path) && full.startsWith(folder + sep)) return full
  throw new LabError(
    'format',
    `${quoted(path)} lies outside of its repository, or is no name for a file: choose another model`
  )
}

function missing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error
}

/** What a file system without links says. */
const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'UNKNOWN']
const quota = (cause: unknown): DOMException =>
  Object.assign(new DOMException('the disk is full', 'QuotaExceededError'), { cause })

/** Does it, and says of a full disk what a browser says. */
function whileRoom<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw isFull(error) ? quota(error) : error
  }
}
