/** The cells of an unfinished study that was saved as a zip: `journal.jsonl` has a line a cell, `cells/` their numbers. */
import { LabError } from '../../errors'
import { utf8 } from '../../formats/text'
import { readZip } from '../../formats/zip'
import { readFloats, readLine, type StudyCell } from './lines'

/** The file of the lines in such a zip. */
export const linesName = 'journal.jsonl'

const floatsPath = /^cells\/[\w.-]+\.f32$/
const mega = 1 << 20

/** The most bytes of the lines, of one cell's numbers, and of everything together that is read. */
export const mostOfJournal = { lines: 512 * mega, cell: 512 * mega, all: 1536 * mega } as const

/**
 * The cells by key, in the order of the file, without the secrets of its settings; null for a zip that is no unfinished study.
 * @throws LabError `format`, `checksum` for a cell that is not what was written, `memory` for one that unpacks beyond the limits
 */
export async function readJournalZip(file: Uint8Array | Blob): Promise<ReadonlyMap<string, StudyCell> | null> {
  const { files } = await readZip(file, limitOf, mostOfJournal.all)
  const text = files.get(linesName)
  if (!text) return null
  const cells = new Map<string, StudyCell>()
  for (const [i, line] of utf8(text, linesName).split('\n').entries()) {
    if (line === '') continue
    const where = `line ${i + 1} of ${linesName}`
    const { key, json, seconds, floats: beside } = await readLine(line, where)
    const floats = beside && (await readFloats(beside, files.get(`cells/${beside.name}`)))
    if (typeof floats === 'string') {
      throw new LabError('checksum', `${where}: ${floats}; save the study again, or take the line out`)
    }
    cells.set(key, { json, ...(floats && { floats }), ...(seconds !== undefined && { seconds }) })
  }
  return cells
}

function limitOf(path: string): number | undefined {
  if (path === linesName) return mostOfJournal.lines
  return floatsPath.test(path) ? mostOfJournal.cell : undefined
}
