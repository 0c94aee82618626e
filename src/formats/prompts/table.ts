/** Prompt files as tables: CSV and TSV with a header. */
import { csvParseRows, tsvParseRows } from 'd3'
import { LabError } from '../../errors'
import { shown } from './notes'
import { promptFields, type PromptRecord } from './records'

/** One record a row, by the header's names in lower case. @throws LabError `format` */
export function tableRecords(name: string, text: string, separator: ',' | '\t'): readonly PromptRecord[] {
  assertQuotesClose(name, text, separator)
  const [header = [], ...rows] = (separator === ',' ? csvParseRows : tsvParseRows)(text)
  const columns = header.map((column) => column.trim().toLowerCase())
  if (!promptFields.some((field) => columns.includes(field))) {
    throw new LabError(
      'format',
      `line 1 of ${name} names the columns ${shown(columns)}: a column ${promptFields.join(', ')} was expected`
    )
  }
  const twice = columns.find((column, index) => column !== '' && columns.indexOf(column) !== index)
  if (twice !== undefined) {
    throw new LabError('format', `line 1 of ${name} names the column ${shown([twice])} twice: rename one of them`)
  }
  let line = 1 + breaksIn(header)
  return rows.flatMap((cells) => {
    line += 1
    const place = `line ${line} of ${name}`
    line += breaksIn(cells)
    if (cells.every((cell) => cell.trim() === '')) return []
    if (cells.length > columns.length) {
      throw new LabError(
        'format',
        `${place} has ${cells.length} cells, the header ${columns.length}: put texts with a "${separator === ',' ? ',' : '\\t'}" in quotes`
      )
    }
    return [{ value: Object.fromEntries(columns.map((column, index) => [column, cells[index] || null])), place }]
  })
}

function breaksIn(cells: readonly string[]): number {
  return cells.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0)
}

/** d3 takes a quote that is never closed for one huge cell, and drops what follows a closed one. A quote opens a cell only as its first character. */
function assertQuotesClose(name: string, text: string, separator: string): void {
  const next = new RegExp(`[${separator}\\n\\r]`, 'g')
  for (let start = 0; start < text.length;) {
    let end = start
    if (text[start] === '"') {
      end = closingQuote(text, start)
      const line = (): string => `line ${text.slice(0, start).split('\n').length} of ${name}`
      if (end === -1) throw new LabError('format', `${line()} opens a quote that is never closed: close it`)
      end += 1
      if (end < text.length && !/[\n\r]/.test(text[end] ?? '') && text[end] !== separator) {
        const way = 'write quotes inside a cell twice, and the whole cell in quotes'
        throw new LabError('format', `${line()} has a cell that goes on after its closing quote: ${way}`)
      }
    }
    next.lastIndex = end
    if (!next.test(text)) return
    start = next.lastIndex
  }
}

/** A quote inside quotes is written twice. */
function closingQuote(text: string, start: number): number {
  for (let i = text.indexOf('"', start + 1); i !== -1; i = text.indexOf('"', i + 1)) {
    if (text[i + 1] !== '"') return i
    i++
  }
  return -1
}
