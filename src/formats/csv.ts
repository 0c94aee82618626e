/** CSV by RFC 4180: commas, CRLF, quotes doubled. */

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
export function csvLine(cells: readonly (string | number | boolean | null)[]): string {
  return `${cells.map((cell) => (typeof cell === 'string' ? csvText(cell) : String(cell ?? ''))).join(',')}\r\n`
}
