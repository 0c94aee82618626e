/** Rows as text. */
import { isMet, type Figure, type Row } from '../figure'
import type { Stats } from './stats'

const columns = ['', 'ours', 'theirs', 'ratio', 'n', 'target', 'met'] as const

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
const spread = (s: Stats): string => `${number(s.median)} (${number(s.q1)}..${number(s.q3)})`

export function heading({ name, what, unit }: Figure): string {
  return `\n${name}: ${what} [${unit}; median (quartiles)]`
}

export function columnTitles(): string {
  return line(columns)
}

export function rowText(row: Row): string {
  if (row.kind === 'not measured') return `  ${row.name}: not measured: ${row.reason}`
  const met = isMet(row)
  const target = row.target ? `${row.target.sense === 'at least' ? '>=' : '<='} ${row.target.value}` : ''
  return line([
    row.name,
    spread(row.ours),
    row.kind === 'ratio' ? spread(row.theirs) : '',
    row.kind === 'ratio' ? spread(row.ratio) : '',
    String(row.ours.n),
    target,
    met === null ? '' : met ? 'yes' : 'NO'
  ])
}

const widths = [46, 22, 22, 22, 4, 8, 4]

function line(cells: readonly string[]): string {
  return `  ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' ')}`.trimEnd()
}
