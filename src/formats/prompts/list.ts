/** A list of prompts out of the records of any format, and what all formats have in common. */
import { excerpt, LabError } from '../../errors'
import { refuseLfsPointer } from '../lfs'
import { jsonLines } from './json'
import { FileNotes } from './notes'
import { rowsOf, type PromptRecord, type PromptRow } from './records'

export interface PromptList {
  readonly prompts: readonly PromptRow[]
  /** What a reader should know of the file, one sentence each: rows left out, prompts that repeat. */
  readonly notes: readonly string[]
}

/** Larger files are refused. */
export const largestPromptFile = 64 * 2 ** 20
/** Longer lists are refused. */
export const mostPrompts = 200_000

/** The prompts of a file with one JSON a line, the form in which Azimuth's own sets are kept. @throws LabError `format`, with the line at fault */
export function readPromptLines(name: string, file: string | Uint8Array): PromptList {
  return promptList(jsonLines(textLines(name, textOf(name, file))), name, new FileNotes())
}

/** The text of a file, without its byte order mark. @throws LabError `format` for one that is too large, or not UTF-8 */
export function textOf(name: string, file: string | Uint8Array): string {
  if (file.length > largestPromptFile) {
    throw new LabError('format', `${name} has ${file.length} bytes, ${largestPromptFile} can be read: split the file`)
  }
  const text = typeof file === 'string' ? file.replace(/^\uFEFF/, '') : decode(name, file)
  if (!text.includes('\0')) return text
  throw new LabError('format', `${name} is not text in UTF-8 (it holds NUL, as UTF-16 does): save it as UTF-8`)
}

/** The prompts of parsed records. @throws LabError `format`, with the record at fault */
export function promptList(records: readonly PromptRecord[], name: string, fileNotes: FileNotes): PromptList {
  const notes: string[] = []
  const prompts = rowsOfAll(records, name, notes, fileNotes)
  if (prompts.length === 0) throw new LabError('format', `${name} holds no prompt: write one a line`)
  noteRepeats(prompts, notes)
  return { prompts, notes: [...fileNotes.sentences(), ...notes] }
}

function decode(name: string, bytes: Uint8Array): string {
  refuseLfsPointer(bytes, name)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new LabError('format', `${name} is not text in UTF-8: save it as UTF-8`, { cause })
  }
}

/** The lines with something in them. */
export function textLines(name: string, text: string): readonly PromptRecord[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const value = line.trim()
    return value === '' ? [] : [{ value, place: `line ${index + 1} of ${name}` }]
  })
}

function rowsOfAll(
  records: readonly PromptRecord[],
  name: string,
  notes: string[],
  fileNotes: FileNotes
): readonly PromptRow[] {
  const rows: PromptRow[] = []
  const empty: string[] = []
  const ids = new Map<string, number>()
  records.forEach((record, index) => {
    for (const row of rowsOf(record, index + 1, fileNotes)) {
      if ((row.messages.at(-1)?.content.trim() ?? '') === '') {
        empty.push(record.place)
        continue
      }
      const times = (ids.get(row.id) ?? 0) + 1
      ids.set(row.id, times)
      rows.push(times === 1 ? row : { ...row, id: `${row.id}#${times}` })
      if (rows.length > mostPrompts)
        throw new LabError('format', `${name} holds more than ${mostPrompts} prompts: split the file`)
    }
  })
  if (empty.length > 0) notes.push(`${empty.length} without a user's turn left out, first ${empty[0] ?? ''}.`)
  const repeated = [...ids].filter(([, times]) => times > 1).map(([id]) => id)
  if (repeated.length > 0)
    notes.push(`${repeated.length} ids occur more than once, first ${excerpt(repeated[0])}: numbered.`)
  return rows
}

function noteRepeats(prompts: readonly PromptRow[], notes: string[]): void {
  const first = new Map<string, string>()
  const repeats = prompts.flatMap(({ id, messages }) => {
    const key = JSON.stringify(messages)
    const earlier = first.get(key)
    if (earlier === undefined) first.set(key, id)
    return earlier === undefined ? [] : [`${id} as ${earlier}`]
  })
  if (repeats.length > 0)
    notes.push(`${repeats.length} prompts repeat another word for word, first ${excerpt(repeats[0])}.`)
}
