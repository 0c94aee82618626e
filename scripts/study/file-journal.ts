/**
 * A study's journal in a folder: `journal.jsonl` has one line a cell, and `cells/` the numbers of those that have some. Lines
 * are only ever added, after what they name is on the disk, so that a process may die at any moment. Each line knows the length
 * and the hash of what it names: a cell that was cut is measured again.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { isFileName } from '../../src/formats/path'
import { quoted } from '../../src/formats/text'
import { bytesOf } from '../../src/math/vector'
import type { Entry, Journal } from '../../src/study/journal'
import { readFloats, readLine, sealLine, type JournalLine } from '../../src/lab/journal/lines'
import { whileRoom } from './room'

/** A journal that has to be closed. */
export type FileJournal = Journal & { close(): Promise<void> }

/**
 * Opens the journal of a folder, or begins one.
 * @param onDamage called with a sentence for each cell that is there and is not used
 * @throws LabError `format`, `checksum` for a journal that cannot be read, `quota` where there is no room
 */
export async function openFileJournal(
  folder: string,
  onDamage: (sentence: string) => void = () => undefined
): Promise<FileJournal> {
  await whileRoom(folder, () => mkdir(join(folder, 'cells'), { recursive: true }))
  const path = join(folder, 'journal.jsonl')
  const lines = await readLines(path)
  const added = await Appended.open(path)
  return {
    keys: () => Promise.resolve([...lines.keys()]),
    async read(key) {
      const line = lines.get(key)
      const entry = line ? await entryOf(folder, line) : null
      if (typeof entry !== 'string') return entry
      onDamage(`The cell ${quoted(key)} is measured again: ${entry}.`)
      return null
    },
    write: (key, entry) =>
      whileRoom(folder, async () => {
        const name = `${createHash('sha256').update(key).digest('hex').slice(0, 24)}.f32`
        if (entry.floats) await writeDurably(join(folder, 'cells', name), bytesOf(entry.floats))
        const { line, text } = await sealLine(key, entry, name)
        await added.append(`${text}\n`)
        lines.set(key, line)
      }),
    close: () => added.close()
  }
}

/** By key. Whole lines only: a process that died while it wrote leaves a broken last one, which counts as not written. */
async function readLines(path: string): Promise<Map<string, JournalLine>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  })
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole))
  const texts = whole.split('\n').filter(Boolean)
  const lines = new Map<string, JournalLine>()
  for (const [i, text] of texts.entries()) {
    const line = await readLine(text, `line ${i + 1} of ${path}`)
    lines.set(line.key, line)
    // A version before this one took over what another had kept of a hub's token.
    if (line.key === 'study' && !text.includes(JSON.stringify(line.json))) {
      texts[i] = (await sealLine(line.key, { json: line.json }, '')).text
      await writeDurably(path, new TextEncoder().encode(texts.map((each) => `${each}\n`).join('')))
    }
  }
  return lines
}

async function truncate(path: string, length: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.truncate(length)
  } finally {
    await file.close()
  }
}

/** The cell of a line, or why it cannot be used. */
async function entryOf(folder: string, { json, floats: beside, seconds }: JournalLine): Promise<Entry | string> {
  const entry: Entry = { json, ...(seconds !== undefined && { seconds }) }
  if (!beside) return entry
  if (!isFileName(beside.name)) return `${quoted(beside.name)} is no name of a file of numbers`
  const bytes = await readFile(join(folder, 'cells', beside.name)).catch(() => undefined)
  const floats = await readFloats(beside, bytes)
  return typeof floats === 'string' ? floats : { ...entry, floats }
}

/** Under another name until all of it is there, so that no one reads a part. */
async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.part`
  const file = await open(part, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, path)
}

/** A file that grows by whole lines, one after the other: what a full disk left of a line is taken back. */
class Appended {
  readonly #file: FileHandle
  #length: number
  #last: Promise<void> = Promise.resolve()

  private constructor(file: FileHandle, length: number) {
    this.#file = file
    this.#length = length
  }

  static async open(path: string): Promise<Appended> {
    const file = await open(path, 'a')
    return new Appended(file, (await file.stat()).size)
  }

  /** Resolves when the line is on the disk. */
  append(line: string): Promise<void> {
    const next = this.#last.then(() => this.#append(line))
    this.#last = next.catch(() => undefined)
    return next
  }

  async #append(line: string): Promise<void> {
    try {
      await this.#file.appendFile(line)
      await this.#file.datasync()
    } catch (error) {
      await this.#file.truncate(this.#length)
      throw error
    }
    this.#length += Buffer.byteLength(line)
  }

  async close(): Promise<void> {
    await this.#last
    await this.#file.close()
  }
}
