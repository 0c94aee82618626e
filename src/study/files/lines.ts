/** Lines of a large file, written and read some thousand at a time: all of them as one string may be longer than a string can be. */
import { joined } from '../../formats/bytes'
import { utf8 } from '../../formats/text'

/** Lines encoded at a time. */
const chunk = 4096

/** Collects lines as UTF-8; each line brings its own end. */
export class Lines {
  #waiting: string[] = []
  readonly #parts: Uint8Array[] = []

  add(line: string): void {
    this.#waiting.push(line)
    if (this.#waiting.length >= chunk) this.#encode()
  }

  bytes(): Uint8Array<ArrayBuffer> {
    this.#encode()
    return joined(this.#parts)
  }

  #encode(): void {
    this.#parts.push(new TextEncoder().encode(this.#waiting.join('')))
    this.#waiting = []
  }
}

/** Lines of rows.jsonl, decoded a few megabytes at a time; empty ones left out. */
export function linesOf(bytes: Uint8Array): readonly string[] {
  const lines: string[] = []
  const size = 1 << 22
  for (let from = 0; from < bytes.length;) {
    const end = from + size >= bytes.length ? bytes.length : bytes.lastIndexOf(0x0a, from + size) + 1
    const to = end > from ? end : bytes.length
    for (const line of utf8(bytes.subarray(from, to), 'rows.jsonl').split('\n')) if (line !== '') lines.push(line)
    from = to
  }
  return lines
}
