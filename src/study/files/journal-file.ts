/** An unfinished study as one zip, so that one that was begun in the page goes on on the command line, and the other way round. */
import { LabError } from '../../errors'
import { writeZip, type ZipEntry } from '../../formats/zip-write'
import { sealLine } from '../../lab/journal/lines'
import { linesName, mostOfJournal, readJournalZip } from '../../lab/journal/zip'
import { bytesOf } from '../../math/vector'
import type { Entry, Journal } from '../journal'

/** All cells of a journal, without the secrets of its settings. @throws LabError `memory` for more than can be read again */
export async function packJournal(journal: Journal): Promise<Uint8Array<ArrayBuffer>> {
  const entries: ZipEntry[] = []
  const texts: string[] = []
  let size = 0
  for (const [i, key] of (await journal.keys()).entries()) {
    const entry = await journal.read(key)
    if (!entry) continue
    const name = `${i}.f32`
    const { text } = await sealLine(key, entry, name)
    texts.push(text)
    if (entry.floats) entries.push({ path: `cells/${name}`, bytes: new Uint8Array(bytesOf(entry.floats)) })
    size += text.length + (entry.floats?.byteLength ?? 0)
  }
  if (size > mostOfJournal.all) {
    const text = `the cells of the study have ${size} bytes, at most ${mostOfJournal.all} go into one file`
    throw new LabError('memory', `${text}: go on with the study where it is`)
  }
  const lines = texts.map((text) => `${text}\n`).join('')
  return writeZip([{ path: linesName, bytes: new TextEncoder().encode(lines) }, ...entries])
}

/** The cells of such a file, in its order. @throws LabError `format`, `checksum`, `memory` */
export async function unpackJournal(file: Uint8Array | Blob): Promise<ReadonlyMap<string, Entry>> {
  const cells = await readJournalZip(file)
  if (cells) return cells
  throw new LabError('format', `the zip has no ${linesName}: is it a study that the lab saved unfinished?`)
}
