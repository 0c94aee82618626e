/** Where the bytes of a download go. */
import { LabError } from '../../src/errors'

/** Where the bytes of a file go as they arrive. */
export interface Sink {
  /** Bytes so far: where a broken download goes on. */
  readonly length: number
  /** The version that these bytes are of, as the server told it. */
  readonly version: string | undefined
  /** True where the bytes outlive a failure. */
  readonly kept: boolean
  write(bytes: Uint8Array): void
  /** Forgets all bytes; those that follow are of `version`. */
  restart(version: string | undefined): Promise<void>
}

/** A sink in memory. One allocation where the size is known before, doubling where it is not. */
export class MemorySink implements Sink {
  readonly kept = false
  length = 0
  version: string | undefined
  #bytes: Uint8Array<ArrayBuffer>

  /** @throws LabError `memory` */
  constructor(size: number) {
    this.#bytes = allocate(size)
  }

  write(bytes: Uint8Array): void {
    const end = this.length + bytes.length
    if (end > this.#bytes.length) {
      const larger = allocate(Math.max(end, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, this.length))
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.length)
    this.length = end
  }

  async restart(version: string | undefined): Promise<void> {
    this.length = 0
    this.version = version
  }

  /** What was written: a view, whose buffer can be longer where the size was unknown. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length)
  }
}

/** @throws LabError `memory` that says how much was asked for */
export function allocate(size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size)
  } catch (cause) {
    throw new LabError(
      'memory',
      `a file needs ${inBytes(size)} of memory in one piece and this browser has no such piece left: close other models and tabs, or choose a smaller file`,
      { cause }
    )
  }
}

/** A size as people read it: 1.2 GB. */
export function inBytes(size: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, size)) / 3)))
  const value = size / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}
