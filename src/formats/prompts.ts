/** Prompt files that people bring: JSONL, JSON, CSV, TSV, YAML (the public evaluation files as they are), or one prompt a line. */
import { LabError } from '../errors'
import { fieldsOf } from './fields'
import { rowsOf, type PromptRecord, type PromptRow } from './prompts-records'
import { tableRecords } from './prompts-table'
import { yamlRecords } from './prompts-yaml'

export type { PromptMessage, PromptRow } from './prompts-records'

export interface PromptList {
  readonly prompts: readonly PromptRow[]
  /** What a reader should know of the file, one sentence each: rows left out, prompts that repeat. */
  readonly notes: readonly string[]
}

/** Larger files are refused. */
export const largestPromptFile = 64 * 2 ** 20
/** Longer lists are refused. */
export const mostPrompts = 200_000

/** The prompts of a file; its name's ending tells the format. @throws LabError `format`, with the line at fault */
export function readPrompts(name: string, file: string | Uint8Array): PromptList {
  if (file.length > largestPromptFile) {
    throw new LabError('format', `${name} has ${file.length} bytes, ${largestPromptFile} can be read: split the file`)
  }
  const text = typeof file === 'string' ? file.replace(/^\uFEFF/, '') : decode(name, file)
  const notes: string[] = []
  const prompts = rowsOfAll(recordsOf(name, text), name, notes)
  if (prompts.length === 0) throw new LabError('format', `${name} holds no prompt: write one a line`)
  noteRepeats(prompts, notes)
  return { prompts, notes }
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new LabError('format', `${name} is not text in UTF-8: save it as UTF-8`, { cause })
  }
}

function recordsOf(name: string, text: string): readonly PromptRecord[] {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase()
  if (ending === 'jsonl' || ending === 'ndjson') return jsonLines(name, text)
  if (ending === 'json') return jsonList(name, text)
  if (ending === 'csv') return tableRecords(name, text, ',')
  if (ending === 'tsv') return tableRecords(name, text, '\t')
  if (ending === 'yaml' || ending === 'yml') return yamlRecords(name, text)
  return textLines(name, text)
}

function textLines(name: string, text: string): readonly PromptRecord[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const value = line.trim()
    return value === '' ? [] : [{ value, place: `line ${index + 1} of ${name}` }]
  })
}

function jsonLines(name: string, text: string): readonly PromptRecord[] {
  return textLines(name, text).map(({ value, place }) => ({ value: parseJson(String(value), place), place }))
}

function jsonList(name: string, text: string): readonly PromptRecord[] {
  const value = parseJson(text, name)
  const fields = fieldsOf(value)
  const list = Array.isArray(value) ? value : (fields.get('prompts') ?? fields.get('questions') ?? value)
  const items: readonly unknown[] = Array.isArray(list) ? list : [list]
  return items.map((item, index) => ({ value: item, place: `entry ${index + 1} of ${name}` }))
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LabError('format', `${place} is not JSON (${jsonReason(cause)}): correct it, or name the file .txt`, {
      cause
    })
  }
}

/** The engine's reason without the text it quotes, which may be long. */
function jsonReason(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : ''
  return message.split(/[,\n]|\.\.\./)[0]?.slice(0, 80) ?? ''
}

function rowsOfAll(records: readonly PromptRecord[], name: string, notes: string[]): readonly PromptRow[] {
  const rows: PromptRow[] = []
  const empty: string[] = []
  const ids = new Map<string, number>()
  records.forEach((record, index) => {
    for (const row of rowsOf(record, index + 1)) {
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
    notes.push(`${repeated.length} ids occur more than once, first ${repeated[0] ?? ''}: numbered.`)
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
    notes.push(`${repeats.length} prompts repeat another word for word, first ${repeats[0] ?? ''}.`)
}
