/** Cosines of directions with each other as a table: names and vectors in, numbers and tints out. */
import { cosine } from '../direction/algebra'
import type { Direction } from '../direction/direction'
import { csvLine } from '../formats/csv'
import { el, serialize, type Element } from '../formats/markup'
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

const cell = { width: 56, height: 36 } as const
/** Of light paper: the ends of the scale, and the text. */
const paper = { toward: '#f6b575', away: '#8cc4f4', surface: '#fbfcfd', text: '#20212b', muted: '#595a65' } as const
const fonts = "'Inter Variable', Inter, system-ui, sans-serif"

/** The table as an SVG file, with a title and the scale. */
export function cosinesSvg(directions: readonly NamedDirection[], title: string): string {
  const names = directions.map(({ name }, i) => `${letterOf(i)}  ${name}`)
  const left = 32 + 6.6 * Math.max(...names.map(({ length }) => length))
  const top = 76
  const bottom = top + directions.length * cell.height
  const size = { width: Math.max(left + directions.length * cell.width + 16, 8 * title.length), height: bottom + 16 }
  const column = (i: number): number => left + (i + 0.5) * cell.width
  const row = (i: number): number => top + (i + 0.5) * cell.height + 4
  const text = (x: number, y: number, words: string, anchor = 'start', fill: string = paper.text): Element =>
    el('text', { x, y, 'text-anchor': anchor, fill }, words)
  const cells = cosineTable(directions).flatMap((cosines, i) =>
    cosines.flatMap(({ label, tint }, j) => [
      el('rect', {
        ...{
          x: left + j * cell.width,
          y: top + i * cell.height,
          width: cell.width - 2,
          height: cell.height - 2,
          rx: 2
        },
        ...{ fill: paper[tint.side], 'fill-opacity': tint.share }
      }),
      text(column(j) - 1, row(i) - 1, label, 'middle')
    ])
  )
  const root = el(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      ...size,
      viewBox: `0 0 ${size.width} ${size.height}`,
      'font-family': fonts,
      'font-size': 12
    },
    el('title', {}, title),
    el('rect', { ...size, fill: paper.surface }),
    el('text', { x: 16, y: 28, 'font-size': 15, 'font-weight': 600, fill: paper.text }, title),
    ...directions.flatMap((_, i) => [
      text(column(i) - 1, top - 10, letterOf(i), 'middle', paper.muted),
      text(16, row(i) - 1, names[i] ?? '')
    ]),
    ...cells
  )
  return `${serialize(root)}\n`
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
