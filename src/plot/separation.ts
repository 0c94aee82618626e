/** Held-out separation per layer as geometry: rows in, paths and places out. A component draws it. */
import { area, line, min, scaleLinear, scalePoint } from 'd3'
import type { Separation } from '../direction/separation'
import { tickLayers } from './ticks'

export interface Size {
  readonly width: number
  readonly height: number
}

export interface SeparationPlot {
  readonly size: Size
  readonly margin: typeof margin
  /** SVG path of the accuracy, of its Wilson band, of the shuffled labels' mean and their band up to 95 %; empty without shuffles. */
  readonly paths: {
    readonly accuracy: string
    readonly band: string
    readonly nullMean: string
    readonly nullBand: string
  }
  readonly xTicks: readonly Tick[]
  readonly yTicks: readonly Tick[]
  /** Place of each layer's accuracy. */
  readonly points: readonly { readonly layer: number; readonly x: number; readonly y: number }[]
  /** Where the null's direct label ends, baseline of the text. */
  readonly nullLabel: { readonly x: number; readonly y: number } | null
}

interface Tick {
  readonly at: number
  readonly label: string
}

const margin = { top: 28, right: 12, bottom: 40, left: 46 } as const

/** Lays the curve out. The y axis begins at or below chance, never above 40 %. */
export function plotSeparation({ layers, swaps }: Separation, size: Size): SeparationPlot {
  const hasNull = swaps > 0
  const x = scalePoint<number>()
    .domain(layers.map(({ layer }) => layer))
    .range([margin.left, size.width - margin.right])
    .padding(0.5)
  const lowest = min(layers, ({ low, nullMean }) => (hasNull ? Math.min(low, nullMean) : low)) ?? 0
  const y = scaleLinear()
    .domain([Math.max(0, Math.min(0.4, Math.floor(lowest * 10) / 10)), 1])
    .range([size.height - margin.bottom, margin.top])
  const at = (layer: number): number => x(layer) ?? 0
  type Row = (typeof layers)[number]
  const curve = (value: (row: Row) => number): string =>
    line<Row>(
      (row) => at(row.layer),
      (row) => y(value(row))
    )(layers) ?? ''
  const band = (from: (row: Row) => number, to: (row: Row) => number): string =>
    area<Row>(
      (row) => at(row.layer),
      (row) => y(from(row)),
      (row) => y(to(row))
    )(layers) ?? ''
  return {
    size,
    margin,
    paths: {
      accuracy: curve((row) => row.accuracy),
      band: band(
        (row) => row.low,
        (row) => row.high
      ),
      nullMean: hasNull ? curve((row) => row.nullMean) : '',
      nullBand: hasNull
        ? band(
            (row) => row.nullMean,
            (row) => row.null95
          )
        : ''
    },
    xTicks: tickLayers(layers.length, size.width - margin.left - margin.right).map((layer) => ({
      at: at(layer),
      label: String(layer)
    })),
    yTicks: y.ticks(5).map((value) => ({ at: y(value), label: `${Math.round(value * 100)} %` })),
    points: layers.map(({ layer, accuracy }) => ({ layer, x: at(layer), y: y(accuracy) })),
    nullLabel: hasNull
      ? { x: size.width - margin.right - 8, y: y(min(layers, (row) => row.nullMean) ?? 0.5) + 16 }
      : null
  }
}

/** The layer whose point is nearest to a horizontal position. */
export function layerAt({ points }: SeparationPlot, x: number): number {
  const near = points.reduce((best, point) => (Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best), {
    layer: 0,
    x: Number.POSITIVE_INFINITY
  })
  return near.layer
}
