/** Prompt files in JSON: a list of records, a list under a name, or a table by columns as pandas and datasets write it. */
import { LabError } from '../../errors'
import { fieldsOf } from '../fields'
import { isNothing } from './messages'
import type { FileNotes } from './notes'
import { promptFields, type PromptRecord } from './records'
import { isObject } from '../schema'
import { shortName } from '../text'

/** Names under which a list of records may stand: ours, and those of pandas' and the hub's tables. */
const lists = ['prompts', 'questions', 'data', 'rows'] as const

/** @param lines texts and where they stand. @throws LabError `format` */
export function jsonLines(lines: readonly PromptRecord[]): readonly PromptRecord[] {
  return lines.map(({ value, place }) => ({ value: parsed(String(value), place), place }))
}

/** @throws LabError `format` for what is not JSON, and for columns of several lengths */
export function jsonRecords(name: string, text: string, notes: FileNotes): readonly PromptRecord[] {
  return recordsIn(parsed(text, name), name, notes).map((value, index) => ({
    value,
    place: `entry ${index + 1} of ${name}`
  }))
}

function recordsIn(value: unknown, name: string, notes: FileNotes): readonly unknown[] {
  if (isList(value)) return value
  const fields = fieldsOf(value)
  const columns = fields.get('columns')
  const under = lists.find((field) => isList(fields.get(field)))
  const list = under === undefined ? undefined : fields.get(under)
  if (isList(list)) {
    for (const [field, one] of fields) {
      if (field !== under && !tableFacts.has(field) && !isNothing(one)) notes.unused(`${field} beside ${under}`)
    }
    return list.map((row) => rowIn(row, columns))
  }
  return byColumns(fields, name) ?? [value]
}

/** What tables say of themselves, which is no part of a prompt. */
const tableFacts: ReadonlySet<string> = new Set([
  'columns',
  'index',
  'schema',
  'features',
  'num_rows_total',
  'num_rows_per_page',
  'partial'
])

/** A row by its columns' names, as pandas splits a table; or the row inside what the hub's server says of it. */
function rowIn(row: unknown, columns: unknown): unknown {
  if (isList(columns) && isList(row)) return Object.fromEntries(columns.map((column, i) => [String(column), row[i]]))
  const inside = fieldsOf(row).get('row')
  return isObject(inside) ? inside : row
}

/** The rows of a table that is written column by column, as lists or by an index; undefined for one record. */
function byColumns(fields: ReadonlyMap<string, unknown>, name: string): readonly unknown[] | undefined {
  const main = promptFields.find((field) => !isNothing(fields.get(field)))
  const column = main === undefined || main === 'paraphrases' ? undefined : cellsOf(fields.get(main))
  // A list of messages is one chat, not a column of prompts.
  if (column === undefined || !column.every((cell) => typeof cell === 'string' || isList(cell))) return undefined
  return column.map((_, row) =>
    Object.fromEntries(
      Array.from(fields, ([field, value]) => {
        const cells = cellsOf(value)
        if (cells === undefined) return [field, value]
        if (cells.length === column.length) return [field, cells[row]]
        const text = `the columns ${main} of ${column.length} and ${shortName(field)} of ${cells.length}: write rows of all columns`
        throw new LabError('format', `${name} has ${text}`)
      })
    )
  )
}

/** A column's cells: a list, or an object whose names are 0, 1, 2 ... */
function cellsOf(value: unknown): readonly unknown[] | undefined {
  if (isList(value)) return value
  const keys = isObject(value) ? Object.keys(value) : []
  return isObject(value) && keys.length > 0 && keys.every((key) => /^\d+$/.test(key)) ? Object.values(value) : undefined
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

/** @throws LabError `format` */
function parsed(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LabError('format', `${place} is not JSON (${reasonOf(cause)}): correct it, or name the file .txt`, {
      cause
    })
  }
}

/** The engine's reason without the text it quotes, which may be long. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : ''
  return message.split(/[,\n]|\.\.\./)[0]?.slice(0, 80) ?? ''
}
