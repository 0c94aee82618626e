/** Two rates a line (code, and what became of the answers) as bars with whiskers: rows in, places out. */
import { scaleLinear } from 'd3'
import { csvRows } from '../formats/csv'
import type { RateLine } from '../lab/arms'

export interface RatesPlot {
  readonly height: number
  readonly columns: readonly {
    readonly x: number
    readonly title: readonly string[]
    readonly ticks: readonly { readonly at: number; readonly label: string; readonly anchor: 'start' | 'middle' }[]
  }[]
  readonly rows: readonly {
    readonly label: string
    readonly tone: RateLine['tone']
    readonly labelY: number
    readonly bars: readonly RateBar[]
  }[]
  /** Top and bottom of the bars' part. */
  readonly top: number
  readonly bottom: number
}

export interface RateBar {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Ends of the whisker. */
  readonly low: number
  readonly high: number
  readonly value: string
  readonly valueX: number
}

/** Below this width a line's label stands above its bars. */
const narrow = 560
const bar = 12
const gap = 24
/** Room for a value right of a whole bar. */
const valueRoom = 42

/** Lays the lines out; `titles` are those of the left and of the right column. */
export function plotRates(lines: readonly RateLine[], titles: readonly [string, string], width: number): RatesPlot {
  const isNarrow = width < narrow
  const labelWidth = isNarrow ? 0 : 196
  const rowHeight = isNarrow ? 42 : 30
  const top = isNarrow ? 44 : 30
  const columnWidth = (width - labelWidth - gap) / 2
  const x = scaleLinear()
    .domain([0, 1])
    .range([0, Math.max(24, columnWidth - valueRoom)])
  const starts = [labelWidth, labelWidth + columnWidth + gap]
  const bottom = top + lines.length * rowHeight
  const barAt = (start: number, y: number, { share, low, high }: RateLine['left']): RateBar => ({
    x: start,
    y,
    width: Math.max(1.5, x(share)),
    height: bar,
    low: start + x(low),
    high: start + x(high),
    value: `${Math.round(100 * share)}\u00a0%`,
    valueX: start + x(high) + 6
  })
  return {
    height: bottom + 22,
    top,
    bottom,
    columns: starts.map((start, i) => ({
      x: start,
      title: isNarrow ? wrap(titles[i] ?? '') : [titles[i] ?? ''],
      // The first label of a narrow figure would stick out on the left.
      ticks: [0, 0.5, 1].map((value) => ({
        at: start + x(value),
        label: `${100 * value}`,
        anchor: start + x(value) === 0 ? ('start' as const) : ('middle' as const)
      }))
    })),
    rows: lines.map(({ label, tone, left, right }, i) => {
      const y = top + i * rowHeight
      const barY = isNarrow ? y + 20 : y + (rowHeight - bar) / 2
      const bars = [left, right].map((share, column) => barAt(starts[column] ?? 0, barY, share))
      return { label, tone, labelY: isNarrow ? y + 13 : barY + bar - 2, bars }
    })
  }
}

/** At most two lines. */
function wrap(title: string): readonly string[] {
  const words = title.split(' ')
  const half = Math.ceil(words.length / 2)
  return title.length < 18 ? [title] : [words.slice(0, half).join(' '), words.slice(half).join(' ')]
}

/** The rows behind the figure, shares between 0 and 1. */
export function ratesCsv(lines: readonly RateLine[], titles: readonly [string, string]): string {
  return csvRows(
    lines.map(({ label, left, right }) => ({
      label,
      n: left.n,
      [titles[0]]: digits(left.share),
      [`${titles[0]}, low`]: digits(left.low),
      [`${titles[0]}, high`]: digits(left.high),
      [titles[1]]: digits(right.share),
      [`${titles[1]}, low`]: digits(right.low),
      [`${titles[1]}, high`]: digits(right.high)
    }))
  )
}

function digits(value: number): number {
  return Number(value.toPrecision(6))
}
