/** One value among many of the same kind on an axis from -1 to 1: the carried cosine beside those of chance. */
import { scaleLinear } from 'd3'
import { quantile } from '../math/statistics'
import { minus } from '../math/number-text'

export interface StripPlot {
  readonly height: number
  readonly axisY: number
  readonly value: { readonly x: number; readonly label: string; readonly anchor: 'start' | 'end' }
  readonly dots: readonly { readonly x: number; readonly y: number }[]
  /** Where 95 of 100 of the others lie. */
  readonly band: { readonly from: number; readonly to: number; readonly low: number; readonly high: number }
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
}

const margin = 16

/** Lays out a cosine and the cosines of its null. */
export function plotStrip(value: number, others: readonly number[], width: number, height = 200): StripPlot {
  const x = scaleLinear([-1, 1], [margin, width - margin])
  const axisY = height - 40
  const radius = 3
  const counts = new Map<number, number>()
  const dots = others.map((other) => {
    const column = Math.round(x(other) / (2 * radius))
    const level = counts.get(column) ?? 0
    counts.set(column, level + 1)
    return { x: column * 2 * radius, y: axisY - 6 - radius - level * 2 * radius }
  })
  const [low, high] = [quantile(others, 0.025), quantile(others, 0.975)]
  return {
    height,
    axisY,
    value: { x: x(value), label: minus(value.toFixed(2)), anchor: value > 0 ? 'end' : 'start' },
    dots,
    band: { from: x(low), to: x(high), low, high },
    ticks: [-1, -0.5, 0, 0.5, 1].map((tick) => ({ at: x(tick), label: minus(`${tick}`) }))
  }
}
