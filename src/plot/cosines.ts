/** Cosines of directions with each other as a table: names and vectors in, numbers and tints out. */
import { cosine } from '../direction/algebra'
import type { Direction } from '../direction/direction'
import { csvLine } from '../formats/csv'
import { el, serialize, type Element } from '../formats/markup'
import { tintOf } from './projection'
import { signed } from '../math/number-text'

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

const cell = { width: 56, height: 36 } as const
/** Of the first row. */
const top = 76
/** The page's colours on light paper: the ends of the scale, and the text. */
const paper = { toward: '#f6b575', away: '#8cc4f4', surface: '#fbfcfd', text: '#20212b' } as const
const style = { 'font-family': "'Inter Variable', Inter, system-ui, sans-serif", 'font-size': 12, fill: paper.text }

/** The table as an SVG file that needs no style sheet, under a title. */
export function cosinesSvg(directions: readonly NamedDirection[], title: string): string {
  const names = directions.map(({ name }, i) => `${letterOf(i)}  ${name}`)
  const left = 32 + 6.6 * Math.max(...names.map(({ length }) => length))
  const width = Math.max(left + directions.length * cell.width + 16, 8 * title.length)
  const height = top + directions.length * cell.height + 16
  const rows = cosineTable(directions).flatMap((cells, i) => {
    const y = top + i * cell.height
    return [text(16, y + 22, names[i] ?? ''), ...cells.flatMap((one, j) => square(left + j * cell.width, y, one))]
  })
  const letters = directions.map((_, i) => text(left + (i + 0.5) * cell.width - 1, top - 10, letterOf(i), 'middle'))
  const root = el(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}`, ...style },
    el('title', {}, title),
    el('rect', { width, height, fill: paper.surface }),
    el('text', { x: 16, y: 28, 'font-size': 15, 'font-weight': 600 }, title),
    ...letters,
    ...rows
  )
  return `${serialize(root)}\n`
}

function square(x: number, y: number, { label, tint }: CosineCell): readonly Element[] {
  const box = { x, y, width: cell.width - 2, height: cell.height - 2, rx: 2 }
  return [
    el('rect', { ...box, fill: paper[tint.side], 'fill-opacity': tint.share }),
    text(x + cell.width / 2 - 1, y + 21, label, 'middle')
  ]
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' = 'start'): Element {
  return el('text', { x, y, 'text-anchor': anchor }, words)
}

/** A, B, ... Z, AA: short names of columns. */
export function letterOf(place: number): string {
  const rest = Math.floor(place / 26)
  return `${rest > 0 ? letterOf(rest - 1) : ''}${String.fromCharCode(65 + (place % 26))}`
}

function cellOf(value: number): CosineCell {
  return { cosine: value, label: signed(value, 2), tint: tintOf(value, 1) }
}
