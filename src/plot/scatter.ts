/** Captures on two components as geometry: points in, places and paths out. A component draws it. */
import {
  extent,
  scaleLinear,
  symbol,
  symbolCircle,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
  type SymbolType
} from 'd3'
import type { Scatter } from '../direction/scatter'
import { csvRows } from '../formats/csv'
import type { Size } from './separation'

/** Points that are drawn at most: more cannot be told apart. */
export const mostPoints = 2000

export interface PlottedPoint {
  /** Place in `Scatter.points`. */
  readonly index: number
  readonly group: number
  readonly x: number
  readonly y: number
}

interface Tick {
  readonly at: number
  readonly label: string
}

export interface ScatterPlot {
  readonly size: Size
  readonly margin: typeof margin
  /** From left to right, as the arrow keys go. */
  readonly points: readonly PlottedPoint[]
  readonly xTicks: readonly Tick[]
  readonly yTicks: readonly Tick[]
  readonly xLabel: string
  readonly yLabel: string
}

const margin = { top: 28, right: 12, bottom: 44, left: 46 } as const

const symbols: readonly SymbolType[] = [
  symbolCircle,
  symbolTriangle,
  symbolSquare,
  symbolDiamond,
  symbolWye,
  symbolStar
]

/** The shape of a capture's points around 0, as an SVG path; it tells them apart where colour does not. */
export function shapeOf(group: number, area = 44): string {
  return symbol(symbols[group % symbols.length] ?? symbolCircle, area)() ?? ''
}

/** Lays the points out. One unit is as long on both axes, so that distances can be compared. */
export function plotScatter(scatter: Scatter, size: Size): ScatterPlot {
  const inner = {
    width: Math.max(1, size.width - margin.left - margin.right),
    height: Math.max(1, size.height - margin.top - margin.bottom)
  }
  const [xLow = 0, xHigh = 0] = extent(scatter.points, ({ x }) => x)
  const [yLow = 0, yHigh = 0] = extent(scatter.points, ({ y }) => y)
  const unit = 1.08 * Math.max((xHigh - xLow) / inner.width, (yHigh - yLow) / inner.height, 1e-9)
  const around = (low: number, high: number, pixels: number): [number, number] => {
    const middle = (low + high) / 2
    return [middle - (unit * pixels) / 2, middle + (unit * pixels) / 2]
  }
  const x = scaleLinear()
    .domain(around(xLow, xHigh, inner.width))
    .range([margin.left, size.width - margin.right])
  const y = scaleLinear()
    .domain(around(yLow, yHigh, inner.height))
    .range([size.height - margin.bottom, margin.top])
  const step = Math.max(1, scatter.points.length / mostPoints)
  const drawn = Array.from({ length: Math.ceil(scatter.points.length / step) }, (_, i) => Math.floor(i * step))
  const points = drawn.flatMap((index) => {
    const point = scatter.points[index]
    return point ? [{ index, group: point.group, x: x(point.x), y: y(point.y) }] : []
  })
  const [first, second] = scatter.explained
  return {
    size,
    margin,
    points: points.toSorted((a, b) => a.x - b.x),
    xTicks: x.ticks(Math.max(2, inner.width / 90)).map((value) => ({ at: x(value), label: x.tickFormat()(value) })),
    yTicks: y.ticks(Math.max(2, inner.height / 60)).map((value) => ({ at: y(value), label: y.tickFormat()(value) })),
    xLabel: `first component, ${percent(first)} of the variance`,
    yLabel: `second component, ${percent(second)} of the variance`
  }
}

/** The point nearest to a place, within `reach` pixels; null where there is none. */
export function pointAt({ points }: ScatterPlot, x: number, y: number, reach = 16): PlottedPoint | null {
  const away = (point: PlottedPoint): number => Math.hypot(point.x - x, point.y - y)
  const near = points.reduce<PlottedPoint | null>(
    (best, point) => (best === null || away(point) < away(best) ? point : best),
    null
  )
  return near && away(near) <= reach ? near : null
}

/** What the CSV says of a row beside its numbers. */
export interface ScatterLabel {
  readonly capture: string
  readonly prompt: number
  readonly text: string
}

/** All points as CSV, six significant digits. */
export function scatterCsv({ layer, points }: Scatter, label: (group: number, row: number) => ScatterLabel): string {
  return csvRows(
    points.map(({ group, row, x, y, norm }) => {
      const { capture, prompt, text } = label(group, row)
      const [component1, component2, length] = [x, y, norm].map((value) => Number(value.toPrecision(6)))
      return { layer, capture, prompt, row, component1, component2, norm: length, text }
    })
  )
}

function percent(share: number): string {
  return `${Math.round(100 * share)}\u00a0%`
}
