/**
 * An unfinished study as one zip: `journal.jsonl` has a line a cell, `cells/` the numbers of those that have some. So a study
 * that was begun in the page goes on on the command line, and the other way round.
 */
import { LabError } from '../../errors'
import { fieldsOf } from '../../formats/fields'
import { Fields, utf8 } from '../../formats/record'
import { readZip } from '../../formats/zip'
import { writeZip, type ZipEntry } from '../../formats/zip-write'
import { bytesOf } from '../../math/vector'
import type { Entry, Journal } from '../journal'

const lines = 'journal.jsonl'
const floatsPath = /^cells\/[\w.-]+\.f32$/
const mega = 1 << 20

/** All cells of a journal. */
export async function packJournal(journal: Journal): Promise<Uint8Array<ArrayBuffer>> {
  const entries: ZipEntry[] = []
  const written: string[] = []
  for (const [i, key] of (await journal.keys()).entries()) {
    const entry = await journal.read(key)
    if (!entry) continue
    const floats = entry.floats && `${i}.f32`
    if (floats && entry.floats) entries.push({ path: `cells/${floats}`, bytes: new Uint8Array(bytesOf(entry.floats)) })
    const { json, seconds } = entry
    written.push(JSON.stringify({ key, json, ...(floats && { floats }), ...(seconds !== undefined && { seconds }) }))
  }
  const text = written.map((line) => `${line}\n`).join('')
  return writeZip([{ path: lines, bytes: new TextEncoder().encode(text) }, ...entries])
}

/** The cells of such a file, in its order. @throws LabError `format`, `checksum`, `memory` */
export async function unpackJournal(bytes: Uint8Array): Promise<ReadonlyMap<string, Entry>> {
  const { files } = await readZip(bytes, (path) => (path === lines || floatsPath.test(path) ? 1024 * mega : undefined))
  const text = files.get(lines)
  if (!text) throw new LabError('format', `the zip has no ${lines}: is it a study that the lab saved unfinished?`)
  const cells = new Map<string, Entry>()
  for (const [i, line] of utf8(text, lines).split('\n').entries()) {
    if (line === '') continue
    const where = `line ${i + 1} of ${lines}`
    const value = parse(line, where)
    const fields = new Fields(value, where)
    const json = fieldsOf(value).get('json')
    const name = fields.has('floats') ? fields.text('floats') : null
    const floats = name === null ? undefined : files.get(`cells/${name}`)
    if (name !== null && !floats) throw new LabError('format', `${where} names cells/${name}, which the zip lacks`)
    cells.set(fields.text('key'), {
      json,
      ...(floats && { floats: new Float32Array(floats.slice().buffer) }),
      ...(fields.has('seconds') && { seconds: fields.number('seconds') })
    })
  }
  return cells
}

function parse(line: string, where: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new LabError('format', `${where} is not JSON: is the file whole?`, { cause })
  }
}
