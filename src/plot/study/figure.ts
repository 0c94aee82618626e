/** A figure of a study: small multiples, each a drawing of its own that fits a phone, side by side where there is room. */
import { csvRows } from '../../formats/csv'
import { el, serialize, type Element } from '../../formats/markup'
import { colour, light, resolved } from './palette'

export interface Panel {
  /** What tells it from its neighbours: a model, a condition. */
  readonly title: string
  readonly width: number
  readonly height: number
  /** What it shows, for those who do not see it. */
  readonly label: string
  readonly marks: readonly Element[]
}

export type Row = Readonly<Record<string, string | number | boolean | null>>

export interface Figure {
  /** Of its files and its anchor: `dose`. */
  readonly id: string
  readonly title: string
  /** How to read it, with n and what the bands are. */
  readonly caption: string
  readonly panels: readonly Panel[]
  /** The numbers that are drawn. */
  readonly rows: readonly Row[]
}

/** Width of a panel in pixels: on a phone one, on a wide page four of them. */
export const panelWidth = 340
const fonts = "'Inter Variable', Inter, system-ui, sans-serif"
const gap = 24

/** One panel as an element of a page. Its title is a line of its own above it. */
export function drawPanel({ title, width, height, label, marks }: Panel): Element {
  const size = { width, height, viewBox: `0 0 ${width} ${height}` }
  return el('svg', { ...size, role: 'img', 'aria-label': `${title}: ${label}`, ...text }, ...marks)
}

const text = { 'font-family': fonts, 'font-size': 12, fill: colour('muted') }

/** All panels as one SVG file, in the colours of light paper. */
export function figureFile({ title, caption, panels }: Figure): string {
  const columns = panels.length > 4 ? 3 : Math.min(panels.length, 2)
  const cell = Math.max(0, ...panels.map(({ width }) => width))
  const row = Math.max(0, ...panels.map(({ height }) => height)) + 24
  const width = columns * (cell + gap) + gap
  const lines = wrapped(caption, width / 6.2)
  const top = 52
  const height = top + Math.ceil(panels.length / columns) * row + 16 * lines.length + 16
  const placed = panels.map((panel, i) => {
    const [x, y] = [gap + (i % columns) * (cell + gap), top + Math.floor(i / columns) * row]
    const heading = el('text', { x, y: y + 4, 'font-weight': 600, fill: colour('text') }, panel.title)
    const drawn = drawPanel(panel)
    return el('g', {}, heading, el('svg', { ...drawn.attributes, x, y: y + 12 }, ...drawn.children))
  })
  const size = { width, height, viewBox: `0 0 ${width} ${height}` }
  const root = el(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', ...size, ...text },
    el('title', {}, title),
    el('desc', {}, caption),
    el('rect', { width, height, fill: colour('surface') }),
    el('text', { x: gap, y: 30, 'font-size': 15, 'font-weight': 600, fill: colour('text') }, title),
    ...placed,
    ...lines.map((line, i) => el('text', { x: gap, y: height - 16 * (lines.length - i) }, line))
  )
  return `${resolved(serialize(root), light)}\n`
}

/** The numbers behind a figure as CSV. */
export function figureTable({ rows }: Figure): string {
  const digits = (value: Row[string]): Row[string] =>
    typeof value === 'number' ? (Number.isFinite(value) ? Number(value.toPrecision(6)) : null) : value
  return csvRows(
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, digits(value)])))
  )
}

function wrapped(sentence: string, most: number): readonly string[] {
  const lines: string[] = []
  for (const word of sentence.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + word.length < most) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}
