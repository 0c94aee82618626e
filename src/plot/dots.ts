/** Values on a line as dots that are stacked where they meet: values in, places out. */
import { extent, scaleLinear, type ScaleLinear } from 'd3'
import { csvRows } from '../formats/csv'
import { minus } from '../math/number-text'
import { mean } from '../math/statistics'

export interface DotsPlot {
  readonly height: number
  readonly radius: number
  readonly axisY: number
  readonly groups: readonly {
    readonly dots: readonly { readonly x: number; readonly y: number }[]
    readonly mean: number
  }[]
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
  readonly zero: number
}

const margin = { x: 12, top: 24, bottom: 36 } as const

/** Each group has a strip of its own, from the top down. `zero` is where 0 lies. */
export function plotDots(groups: readonly (readonly number[])[], width: number): DotsPlot {
  const [low = -1, high = 1] = extent(groups.flat())
  const x = scaleLinear([Math.min(low, 0), Math.max(high, 0)], [margin.x, width - margin.x]).nice()
  const radius = width < 480 ? 2.5 : 3.25
  const strips = groups.map((values) => stack(values, x, radius))
  let y = margin.top
  const placed = strips.map(({ dots, levels }, i) => {
    y += levels * 2 * radius + (i === 0 ? 0 : 28)
    const floor = y
    return {
      mean: x(mean(groups[i] ?? [])),
      dots: dots.map((dot) => ({ x: dot.x, y: floor - radius - dot.level * 2 * radius }))
    }
  })
  const axisY = y + 10
  return {
    height: axisY + margin.bottom,
    radius,
    axisY,
    groups: placed,
    ticks: x.ticks(width < 480 ? 5 : 9).map((value) => ({ at: x(value), label: minus(`${value}`) })),
    zero: x(0)
  }
}

function stack(
  values: readonly number[],
  x: ScaleLinear<number, number>,
  radius: number
): { readonly dots: readonly { readonly x: number; readonly level: number }[]; readonly levels: number } {
  const counts = new Map<number, number>()
  const dots = values.map((value) => {
    const column = Math.round(x(value) / (2 * radius))
    const level = counts.get(column) ?? 0
    counts.set(column, level + 1)
    return { x: column * 2 * radius, level }
  })
  return { dots, levels: Math.max(1, ...counts.values()) }
}

/** Every value with the group that it is of. */
export function dotsCsv(groups: Readonly<Record<string, readonly number[]>>): string {
  return csvRows(
    Object.entries(groups).flatMap(([side, values]) =>
      values.map((value) => ({ side, projection: Number(value.toPrecision(6)) }))
    )
  )
}
