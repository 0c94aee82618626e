/** The few marks that all figures of a study are made of. */
import { line } from 'd3'
import { el, type Element } from '../../formats/markup'
import { colour, type Colour } from './palette'
import { minus } from '../../math/number-text'

export interface Margin {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

interface Axis {
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
  readonly label: string
}

/** Gridlines, labels and the name of each axis: x below to the right, y above to the left. */
export function axes(size: { width: number; height: number }, margin: Margin, x: Axis, y: Axis): readonly Element[] {
  const [right, bottom] = [size.width - margin.right, size.height - margin.bottom]
  return [
    ...y.ticks.map(({ at }) => rule(margin.left, at, right, at)),
    ...y.ticks.map(({ at, label }) => legend(label, { x: margin.left - 8, y: at + 4 }, 'end')),
    ...x.ticks.map(({ at, label }) => legend(label, { x: at, y: bottom + 18 }, 'middle')),
    legend(x.label, { x: right, y: size.height - 2 }, 'end'),
    legend(y.label, { x: 0, y: 12 }, 'start')
  ]
}

export type Anchor = 'start' | 'middle' | 'end'

/** Muted text. */
export function legend(text: string, { x, y }: Point, anchor: Anchor = 'start', size?: number): Element {
  return el('text', { x, y, 'text-anchor': anchor === 'start' ? null : anchor, 'font-size': size }, text)
}

/** Text in a colour that means something, with a halo that keeps lines off it. */
export function note(text: string, { x, y }: Point, tone: Colour, anchor: Anchor = 'start'): Element {
  const halo = { 'paint-order': 'stroke', stroke: colour('surface'), 'stroke-width': 4, 'stroke-linejoin': 'round' }
  return el(
    'text',
    { x, y, 'text-anchor': anchor === 'start' ? null : anchor, fill: colour(tone), 'font-weight': 500, ...halo },
    text
  )
}

/** A hairline. */
export function rule(x1: number, y1: number, x2: number, y2: number, tone: Colour = 'line'): Element {
  return el('line', { x1, y1, x2, y2, stroke: colour(tone) })
}

/** A line that says what is measured with: dashed for what is not the thing itself. */
export function curve(points: readonly Point[], tone: Colour, { width = 2, dash = '' } = {}): Element {
  const d = line<Point>(
    ({ x }) => x,
    ({ y }) => y
  ).digits(1)(points)
  const stroke = {
    stroke: colour(tone),
    'stroke-width': width,
    'stroke-linejoin': 'round',
    'stroke-dasharray': dash || null
  }
  return el('path', { d, fill: 'none', ...stroke })
}

/** The area between two lines that share their x. */
export function band(from: readonly Point[], to: readonly Point[], tone: Colour, opacity = 0.16): Element {
  const points = [...from, ...to.toReversed()].map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`)
  return el('path', {
    d: points.length === 0 ? '' : `M${points.join('L')}Z`,
    fill: colour(tone),
    'fill-opacity': opacity
  })
}

export type Shape = 'circle' | 'square' | 'triangle' | 'diamond'

/** A point; hollow ones are filled with the paper. */
export function dot(
  { x, y }: Point,
  tone: Colour,
  { shape = 'circle', size = 4, hollow = false, title = '' }: DotOptions = {}
): Element {
  const paint = {
    fill: colour(hollow ? 'surface' : tone),
    stroke: colour(hollow ? tone : 'surface'),
    'stroke-width': hollow ? 1.75 : 1
  }
  const tip = title === '' ? null : el('title', {}, title)
  if (shape === 'circle') return el('circle', { cx: x, cy: y, r: size, ...paint }, tip)
  const corners = {
    square: [-0.9, -0.9, 0.9, -0.9, 0.9, 0.9, -0.9, 0.9],
    triangle: [0, -1.2, 1.1, 0.8, -1.1, 0.8],
    diamond: [0, -1.3, 1.3, 0, 0, 1.3, -1.3, 0]
  }[shape]
  const points = corners.map((corner, i) => ((i % 2 === 0 ? x : y) + corner * size).toFixed(1))
  return el('polygon', { points: points.join(' '), ...paint }, tip)
}

export interface DotOptions {
  readonly shape?: Shape
  readonly size?: number
  readonly hollow?: boolean
  /** Read on hover and aloud. */
  readonly title?: string
}

/** A short stroke that marks a value on its own, such as a mean. */
export function tick(x1: number, y1: number, x2: number, y2: number, tone: Colour): Element {
  return el('line', { x1, y1, x2, y2, stroke: colour(tone), 'stroke-width': 2.5, 'stroke-linecap': 'round' })
}

/** An interval, with short ends. */
export function whisker(from: Point, to: Point, tone: Colour, width = 1.5): Element {
  const flat = from.y === to.y
  const end = ({ x, y }: Point): string =>
    flat ? `M${x.toFixed(1)},${(y - 3).toFixed(1)}v6` : `M${(x - 3).toFixed(1)},${y.toFixed(1)}h6`
  const d = `M${from.x.toFixed(1)},${from.y.toFixed(1)}L${to.x.toFixed(1)},${to.y.toFixed(1)}${end(from)}${end(to)}`
  return el('path', { d, fill: 'none', stroke: colour(tone), 'stroke-width': width })
}

/** Labels at these heights moved apart, each near its own, none closer than `gap`, all between top and bottom. */
export function spread(
  heights: readonly number[],
  gap: number,
  [top, bottom]: readonly [number, number]
): readonly number[] {
  const order = [...heights.keys()].sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0))
  const out = new Array<number>(heights.length).fill(0)
  let last = top - gap
  for (const i of order) last = out[i] = Math.max(heights[i] ?? 0, last + gap)
  let next = bottom + gap
  for (const i of order.toReversed()) next = out[i] = Math.min(out[i] ?? 0, next - gap)
  return out
}

/** 71 % */
export const percent = (rate: number): string => `${Math.round(100 * rate)}\u00a0%`

/** -3.2 with a real minus. */
export function points(value: number, digits = 0): string {
  if (!Number.isFinite(value)) return '\u2013'
  const text = value.toFixed(digits)
  return Number(text) === 0 ? text.replace('-', '') : minus(text)
}
