/** A Python script as a contestant: one JSON line in, one JSON line out, so that it can take turns with us. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { fieldsOf } from '../../src/formats/fields'

/** Why there is nothing to compare with; becomes a row. */
export class NotMeasured extends Error {}

export class Python {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.#reader = createInterface({ input: child.stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /**
   * Starts `bench/contestants/<script>` with the Python of AZIMUTH_PYTHON and waits until it is ready.
   * @throws NotMeasured where there is no such Python, or it lacks a package
   */
  static async start(script: string, args: readonly string[]): Promise<{ python: Python; ready: unknown }> {
    const command = process.env['AZIMUTH_PYTHON']
    if (!command) throw new NotMeasured('AZIMUTH_PYTHON is not set: name a python that has the package')
    const child = spawn(command, [fileURLToPath(new URL(`../contestants/${script}`, import.meta.url)), ...args])
    let complaint = ''
    child.stderr.on('data', (data: Buffer) => (complaint = (complaint + data.toString()).slice(-2000)))
    child.on('error', (error) => (complaint = error.message))
    // A child that died is noticed by the missing line.
    child.stdin.on('error', () => undefined)
    const python = new Python(child)
    try {
      return { python, ready: await python.#next() }
    } catch (cause) {
      throw new NotMeasured(complaint.trim().split('\n').at(-1) ?? String(cause), { cause })
    }
  }

  async ask(question: unknown): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`)
    return this.#next()
  }

  close(): Promise<void> {
    this.#reader.close()
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    this.#child.stdin.end()
    return this.#child.exitCode === null ? ended : Promise.resolve()
  }

  async #next(): Promise<unknown> {
    const line = await this.#lines.next()
    if (line.done === true) throw new Error('the script ended')
    return JSON.parse(line.value)
  }
}

/** Numbers of a field of an answer. */
export function numbers(answer: unknown, name: string): number[] {
  const value = fieldsOf(answer).get(name)
  return Array.isArray(value) ? value.map(Number) : [Number(value)]
}

/** Text of a field of an answer. */
export function text(answer: unknown, name: string): string {
  return String(fieldsOf(answer).get(name))
}
