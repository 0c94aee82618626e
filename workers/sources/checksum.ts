/** Is this file the one that was listed? SHA-256 while the bytes stream by, which crypto.subtle cannot. */
import { createSHA1, createSHA256, type IHasher } from 'hash-wasm'
import { LabError } from '../../src/errors'
import type { Sink } from '../stored/sink'

/** What a listing says of a file's content, as far as it does. */
export interface Expected {
  readonly path: string
  /** Bytes; 0 while unknown. */
  readonly size: number
  /** Hex. The hub tells it for large files. */
  readonly sha256?: string | undefined
  /** Git's own name for the content, hex: SHA-1 of `blob <size>\0` and the bytes. The hub tells it for small files. */
  readonly gitOid?: string | undefined
}

/** The hash of a file that arrives in pieces. */
export class Checksum {
  readonly #expected: Expected
  readonly #sha256: IHasher
  readonly #git: IHasher | undefined

  private constructor(expected: Expected, sha256: IHasher, git: IHasher | undefined) {
    this.#expected = expected
    this.#sha256 = sha256
    this.#git = git
    this.restart()
  }

  static async of(expected: Expected): Promise<Checksum> {
    const git = expected.gitOid !== undefined && expected.sha256 === undefined
    return new Checksum(expected, await createSHA256(), git ? await createSHA1() : undefined)
  }

  restart(): void {
    this.#sha256.init()
    this.#git?.init().update(`blob ${this.#expected.size}\0`)
  }

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes)
    this.#git?.update(bytes)
  }

  /**
   * SHA-256, hex. Ends the sum: `restart` before the next.
   * @throws LabError `checksum`
   */
  finish(): string {
    const { path, sha256, gitOid } = this.#expected
    const sum = this.#sha256.digest()
    if (sha256 !== undefined && sha256 !== sum) throw mismatch(path, 'SHA-256', sha256, sum)
    const git = this.#git?.digest()
    if (git !== undefined && git !== gitOid) throw mismatch(path, 'git id', gitOid ?? '', git)
    return sum
  }
}

/** A sink that sums up what goes into another one. */
export class SummedSink implements Sink {
  readonly #inner: Sink
  readonly #checksum: Checksum

  constructor(inner: Sink, checksum: Checksum) {
    this.#inner = inner
    this.#checksum = checksum
  }

  get length(): number {
    return this.#inner.length
  }

  get version(): string | undefined {
    return this.#inner.version
  }

  get kept(): boolean {
    return this.#inner.kept
  }

  write(bytes: Uint8Array): void {
    this.#inner.write(bytes)
    this.#checksum.update(bytes)
  }

  async restart(version: string | undefined): Promise<void> {
    await this.#inner.restart(version)
    this.#checksum.restart()
  }
}

function mismatch(path: string, kind: string, expected: string, got: string): LabError {
  return new LabError(
    'checksum',
    `${path} should have ${kind} ${expected.slice(0, 12)}…, what came has ${got.slice(0, 12)}…: it was damaged on its way and was deleted, open the model again to fetch it anew`
  )
}
