/** Projections as colour and as a line: a diverging scale about the midpoint, and a token's way through the layers. */
import { extent, line, quantileSorted, scaleLinear } from 'd3'
import type { Direction } from '../direction/direction'
import type { Projections } from '../direction/project'

/** A projection from halfway between the two sides, in gaps: positive toward the positive side. A gap without length counts as 1. */
export function inGaps(value: number, { midpoint, norm }: Pick<Direction, 'midpoint' | 'norm'>): number {
  return (value - (Number.isFinite(midpoint) ? midpoint : 0)) / (norm > 0 ? norm : 1)
}

/** Each token at one layer in gaps; empty where that layer was not read. */
export function gapsAt({ layers, values }: Projections, directions: readonly Direction[], layer: number): number[] {
  const direction = directions.find((one) => one.layer === layer)
  const row = values[layers.indexOf(layer)]
  return direction && row ? Array.from(row, (value) => inGaps(value, direction)) : []
}

/** Where the colour is full, the same on both sides and in all columns: 19 of 20 tokens lie within; at least half a gap. */
export function colourLimit(gaps: readonly number[]): number {
  const sizes = gaps.map(Math.abs).sort((a, b) => a - b)
  return Math.max(0.5, quantileSorted(sizes, 0.95) ?? 0)
}

/** Share of the full colour, 0 to 1, and whose side it is. */
export function tintOf(gaps: number, limit: number): { readonly side: 'toward' | 'away'; readonly share: number } {
  return { side: gaps < 0 ? 'away' : 'toward', share: Math.min(1, Math.abs(gaps) / limit) }
}

/** One token's gaps at each layer as an SVG path, with the place of 0 and of one layer. */
export interface Sparkline {
  readonly path: string
  readonly zero: number
  readonly at: { readonly x: number; readonly y: number } | null
}

/** Lays a sparkline out; 0, the midpoint, is always within. */
export function plotSparkline(
  points: readonly { readonly layer: number; readonly gaps: number }[],
  layer: number,
  { width, height }: { readonly width: number; readonly height: number }
): Sparkline {
  const pad = 4
  const [first = 0, last = 1] = extent(points, (point) => point.layer)
  const [low = 0, high = 0] = extent([0, ...points.map(({ gaps }) => gaps)])
  const x = scaleLinear()
    .domain(first === last ? [first - 1, last + 1] : [first, last])
    .range([pad, width - pad])
  const y = scaleLinear()
    .domain(low === high ? [-1, 1] : [low, high])
    .range([height - pad, pad])
  const chosen = points.find((point) => point.layer === layer)
  const path = line<(typeof points)[number]>(
    (point) => x(point.layer),
    (point) => y(point.gaps)
  ).digits(1)(points)
  return { path: path ?? '', zero: y(0), at: chosen ? { x: x(chosen.layer), y: y(chosen.gaps) } : null }
}
