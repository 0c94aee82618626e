/** Lengths of hidden states per layer as geometry: a line a capture, with its quartile band. */
import { area, line, max, min, scaleLinear, scaleLog, scalePoint } from 'd3'
import type { LayerNorms } from '../direction/norms'
import { csvRows } from '../formats/csv'
import type { Size } from './separation'
import { tickLayers } from './ticks'

export interface NormsPlot {
  readonly size: Size
  readonly margin: typeof margin
  /** For each capture the SVG path of its mean, of the band between its quartiles, and where the mean's line ends. */
  readonly series: readonly { readonly mean: string; readonly band: string }[]
  readonly xTicks: readonly { readonly at: number; readonly label: string }[]
  readonly yTicks: readonly { readonly at: number; readonly label: string }[]
  /** Horizontal place of each layer. */
  readonly layers: readonly number[]
  /** Whether the y axis is logarithmic, as it is where the lengths differ more than twentyfold. */
  readonly isLog: boolean
}

const margin = { top: 28, right: 12, bottom: 40, left: 46 } as const

/** Lays the lines out. All captures have as many layers. */
export function plotNorms(captures: readonly (readonly LayerNorms[])[], size: Size): NormsPlot {
  const rows = captures.flat()
  const count = max(captures, (each) => each.length) ?? 0
  const lowest = min(rows, ({ low, mean }) => Math.min(low, mean)) ?? 0
  const highest = max(rows, ({ high, mean }) => Math.max(high, mean)) ?? 1
  const isLog = lowest > 0 && highest / lowest > 20
  const x = scalePoint<number>()
    .domain(Array.from({ length: count }, (_, layer) => layer))
    .range([margin.left, size.width - margin.right])
    .padding(0.5)
  const range = [size.height - margin.bottom, margin.top] as const
  const y = isLog
    ? scaleLog().domain([lowest, highest]).range(range).nice()
    : scaleLinear().domain([0, highest]).range(range).nice()
  const at = ({ layer }: LayerNorms): number => x(layer) ?? 0
  const series = captures.map((each) => ({
    mean: line<LayerNorms>(at, (row) => y(row.mean))(each) ?? '',
    band:
      area<LayerNorms>(
        at,
        (row) => y(row.low),
        (row) => y(row.high)
      )(each) ?? ''
  }))
  const values = isLog ? y.ticks(4).filter((value) => /^1/.test(value.toExponential())) : y.ticks(4)
  const shown = values.length > 1 ? values : y.ticks(4)
  return {
    size,
    margin,
    series,
    xTicks: tickLayers(count, size.width - margin.left - margin.right).map((layer) => ({
      at: x(layer) ?? 0,
      label: String(layer)
    })),
    yTicks: shown.map((value) => ({ at: y(value), label: value.toLocaleString('en') })),
    layers: Array.from({ length: count }, (_, layer) => x(layer) ?? 0),
    isLog
  }
}

/** The rows behind the figure as CSV, six significant digits: one a capture and layer. The largest dimensions have their means in brackets. */
export function normsCsv(
  captures: readonly { readonly name: string; readonly norms: readonly LayerNorms[] }[]
): string {
  const digits = (value: number): number => Number(value.toPrecision(6))
  return csvRows(
    captures.flatMap(({ name, norms }) =>
      norms.map(({ layer, mean, low, median, high, largest }) => ({
        capture: name,
        layer,
        mean: digits(mean),
        quartile1: digits(low),
        median: digits(median),
        quartile3: digits(high),
        largestDimensions: largest.map(({ dimension, mean }) => `${dimension} (${digits(mean)})`).join(' ')
      }))
    )
  )
}
