/**
 * A study's journal in a folder: `journal.jsonl` has one line a cell, and `cells/` the numbers of those that have some. Lines
 * are only ever added, after what they name is on the disk, so that a process may die at any moment.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { LabError } from '../../src/errors'
import type { Entry, Journal } from '../../src/study/journal'

interface Line {
  readonly key: string
  readonly json: unknown
  /** Name of a file of float32 in `cells/`. */
  readonly floats?: string
  readonly seconds?: number
}

/** Opens the journal of a folder, or begins one. `close` when done. */
export async function openFileJournal(folder: string): Promise<Journal & { close(): Promise<void> }> {
  await mkdir(join(folder, 'cells'), { recursive: true })
  const path = join(folder, 'journal.jsonl')
  const lines = new Map((await readLines(path)).map((line) => [line.key, line]))
  const file = await open(path, 'a')
  return {
    keys: () => Promise.resolve([...lines.keys()]),
    async read(key) {
      const line = lines.get(key)
      return line ? entryOf(folder, line) : null
    },
    async write(key, { json, floats, seconds }) {
      const name = floats && `${createHash('sha256').update(key).digest('hex').slice(0, 24)}.f32`
      if (name && floats) await writeDurably(join(folder, 'cells', name), floats)
      const line: Line = { key, json, ...(name && { floats: name }), ...(seconds !== undefined && { seconds }) }
      await append(file, `${JSON.stringify(line)}\n`)
      lines.set(key, line)
    },
    close: () => file.close()
  }
}

/** Whole lines only: a process that died while it wrote leaves a broken last one, which counts as not written. */
async function readLines(path: string): Promise<readonly Line[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole))
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line, i) => {
      try {
        return JSON.parse(line) as Line
      } catch (cause) {
        throw new LabError('format', `line ${i + 1} of ${path} is not JSON; take it out to do that cell again`, {
          cause
        })
      }
    })
}

async function truncate(path: string, length: number): Promise<void> {
  const file = await open(path, 'r+')
  await file.truncate(length)
  await file.close()
}

async function entryOf(folder: string, { key, json, floats, seconds }: Line): Promise<Entry | null> {
  const entry: Entry = { json, ...(seconds !== undefined && { seconds }) }
  if (floats === undefined) return entry
  const bytes = await readFile(join(folder, 'cells', floats)).catch((cause: unknown) => {
    throw new LabError('format', `${floats} of the journal's cell ${key} is missing; bring it back, or begin again`, {
      cause
    })
  })
  return { ...entry, floats: new Float32Array(new Uint8Array(bytes).buffer) }
}

async function writeDurably(path: string, floats: Float32Array): Promise<void> {
  const file = await open(path, 'w')
  await file.write(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength))
  await file.sync()
  await file.close()
}

async function append(file: FileHandle, line: string): Promise<void> {
  await file.appendFile(line)
  await file.datasync()
}
