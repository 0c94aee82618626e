/** Cosines of directions with each other as a table: names and vectors in, numbers and tints out. */
import { cosine } from '../direction/algebra'
import type { Direction } from '../direction/direction'
import { csvLine } from '../formats/csv'
import { tintOf } from './projection'

export interface NamedDirection {
  readonly name: string
  readonly direction: Direction
}

export interface CosineCell {
  readonly cosine: number
  /** With its sign, two digits, and a real minus. */
  readonly label: string
  /** On a diverging scale that is full at 1 and -1. */
  readonly tint: ReturnType<typeof tintOf>
}

/** [row][column], in the order given. @throws LabError `shape` for directions of different layers, widths or models */
export function cosineTable(directions: readonly NamedDirection[]): readonly (readonly CosineCell[])[] {
  return directions.map((row) => directions.map((column) => cellOf(cosine(row.direction, column.direction))))
}

/** A square table, its first column the names; six significant digits. */
export function cosinesCsv(directions: readonly NamedDirection[]): string {
  const rows = cosineTable(directions).map((cells, i) => [
    directions[i]?.name ?? '',
    ...cells.map((cell) => Number(cell.cosine.toPrecision(6)))
  ])
  return [['direction', ...directions.map(({ name }) => name)], ...rows].map((row) => csvLine(row)).join('')
}

/** A, B, ... Z, AA: short names of columns. */
export function letterOf(place: number): string {
  const rest = Math.floor(place / 26)
  return `${rest > 0 ? letterOf(rest - 1) : ''}${String.fromCharCode(65 + (place % 26))}`
}

function cellOf(value: number): CosineCell {
  const digits = Math.abs(value).toFixed(2)
  const sign = Number(digits) === 0 ? '' : value < 0 ? '\u2212' : '+'
  return { cosine: value, label: `${sign}${digits}`, tint: tintOf(value, 1) }
}
