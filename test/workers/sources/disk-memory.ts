/** The disk of a browser as a map, with a size that can be set. */
import { NotStorable, type Disk, type DiskWriter } from '../../../workers/stored/disk'
import { noRoomInBrowser } from '../../../workers/stored/disk-opfs'

export class MemoryDisk implements Disk {
  readonly files = new Map<string, Uint8Array>()
  readonly noRoom = noRoomInBrowser
  /** Bytes that fit in all. */
  capacity = Infinity
  /** What `free` claims beyond what fits; real estimates are rough. */
  claims = 0
  /** True: a file does not know before that it will not fit. */
  blind = false
  /** True: nothing can be written, as outside a worker. */
  readOnly = false
  readonly #busy = new Map<string, Promise<unknown>>()

  get used(): number {
    return [...this.files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  }

  async free(): Promise<number> {
    return this.capacity - this.used + this.claims
  }

  async names(): Promise<readonly string[]> {
    return [...this.files.keys()]
  }

  async file(name: string): Promise<Blob | undefined> {
    const bytes = this.files.get(name)
    return bytes && new Blob([Uint8Array.from(bytes)])
  }

  async writer(name: string): Promise<DiskWriter> {
    if (this.readOnly) throw new NotStorable(name)
    return new MemoryWriter(this, name)
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name)
  }

  async alone<T>(name: string, _: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(name)
    const mine = (before ?? Promise.resolve()).catch(() => undefined).then(work)
    this.#busy.set(name, mine)
    return mine
  }
}

class MemoryWriter implements DiskWriter {
  readonly #disk: MemoryDisk
  readonly #name: string

  constructor(disk: MemoryDisk, name: string) {
    this.#disk = disk
    this.#name = name
    if (!disk.files.has(name)) disk.files.set(name, new Uint8Array())
  }

  get length(): number {
    return this.#bytes.length
  }

  write(bytes: Uint8Array): void {
    if (this.#disk.used + bytes.length > this.#disk.capacity) throw new DOMException('full', 'QuotaExceededError')
    this.#disk.files.set(this.#name, Buffer.concat([this.#bytes, bytes]))
  }

  truncate(length: number): void {
    this.#disk.files.set(this.#name, this.#bytes.slice(0, length))
  }

  fits(length: number): boolean {
    return this.#disk.blind || this.#disk.used - this.length + length <= this.#disk.capacity
  }

  close(): void {
    // Nothing is held.
  }

  get #bytes(): Uint8Array {
    return this.#disk.files.get(this.#name) ?? new Uint8Array()
  }
}
