/** CSV by RFC 4180: commas, CRLF, quotes doubled. */

/** Text, a number or a truth; null is an empty cell. */
export type CsvCell = string | number | boolean | null

/** What a spreadsheet would take for a formula at the start of a cell, wide forms among them. */
const formula = /^[=+\-@\t\r\n＝＋－＠]/

/**
 * A cell of text, always quoted. One that a spreadsheet would run as a formula gets an apostrophe before it: such a cell
 * is not the text itself any more, which JSONL keeps.
 */
export function csvText(text: string): string {
  return `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
}

/** One line, with its end. Numbers and truths go in as they are, null as nothing. */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map((cell) => (typeof cell === 'string' ? csvText(cell) : String(cell ?? ''))).join(',')}\r\n`
}

/** Rows below the names of their fields. A row without a field has an empty cell there. */
export function csvRows(rows: readonly Readonly<Record<string, CsvCell | undefined>>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return [names, ...rows.map((row) => names.map((name) => row[name] ?? null))].map(csvLine).join('')
}
