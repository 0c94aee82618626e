/** How good a map is: its R2 against lambda, and the cosine of what it carries beside that of random directions. */
import { line, scaleLinear, scaleLog } from 'd3'
import type { RidgeMap } from '../math/ridge'
import { minus } from '../math/number-text'

export interface CurvePlot {
  readonly height: number
  readonly path: string
  readonly points: readonly {
    readonly x: number
    readonly y: number
    readonly label: string
    readonly isBest: boolean
  }[]
  readonly xTicks: readonly { readonly at: number; readonly power: number }[]
  readonly yTicks: readonly { readonly at: number; readonly label: string }[]
  readonly left: number
  readonly bottom: number
}

const margin = { top: 24, right: 16, bottom: 40, left: 40 } as const

/** The curve of held-out R2. The y axis ends at 1 and begins at 0, or at -1 where the curve falls below. */
export function plotCurve({ curve, lambda0 }: RidgeMap, width: number, height = 200): CurvePlot {
  const x = scaleLog(
    [Math.min(...curve.map((point) => point.lambda0)), Math.max(...curve.map((point) => point.lambda0))],
    [margin.left + 8, width - margin.right]
  )
  const lowest = Math.max(-1, Math.min(0, ...curve.map(({ r2 }) => Math.floor(2 * r2) / 2)))
  const y = scaleLinear([lowest, 1], [height - margin.bottom, margin.top]).clamp(true)
  const path = line<RidgeMap['curve'][number]>(
    (point) => x(point.lambda0),
    (point) => y(point.r2)
  )
  return {
    height,
    path: path(curve) ?? '',
    points: curve.map((point) => ({
      x: x(point.lambda0),
      y: y(point.r2),
      label: point.r2.toFixed(2),
      isBest: point.lambda0 === lambda0
    })),
    xTicks: curve.map((point) => ({ at: x(point.lambda0), power: Math.round(Math.log10(point.lambda0)) })),
    yTicks: y.ticks(4).map((value) => ({ at: y(value), label: minus(value.toFixed(1)) })),
    left: margin.left,
    bottom: height - margin.bottom
  }
}
