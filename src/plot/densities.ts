/** Where the prompts of two sides lie along a direction, as two densities: projections in, paths and places out. */
import { area, extent, line, scaleLinear } from 'd3'
import type { HeldOutProjections } from '../direction/separation'
import { csvLine } from '../formats/csv'
import { density, type DensityPoint } from '../math/density'
import { mean } from '../math/statistics'
import { minus } from '../math/number-text'

export interface DensityHill {
  /** SVG paths of the curve and of the area below it; empty for a side without prompts. */
  readonly curve: string
  readonly area: string
  /** SVG path of one short line a prompt, below the axis. */
  readonly rug: string
  /** Where the side's mean lies. */
  readonly mean: number
}

export interface DensitiesPlot {
  readonly height: number
  readonly axisY: number
  readonly margin: typeof margin
  readonly positive: DensityHill
  readonly negative: DensityHill
  /** Where 0 lies: the midpoint. */
  readonly midpoint: number
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
}

const margin = { top: 52, right: 12, bottom: 56, left: 12 } as const
/** Of the rug's lines, and how far one side's lies below the other's. */
const rugStep = 7

/** Lays both sides out on one axis, the midpoint at 0; both curves have the same scale, so their areas are equal. */
export function plotDensities(sides: HeldOutProjections, width: number, height = 240): DensitiesPlot {
  const hills = { positive: density(sides.positive), negative: density(sides.negative) }
  const points = [...hills.positive, ...hills.negative]
  const [low = -1, high = 1] = extent([0, ...points.map(({ at }) => at)])
  const x = scaleLinear([low, high], [margin.left, width - margin.right])
  const axisY = height - margin.bottom
  const [, top = 1] = extent(points, (point) => point.height)
  const y = scaleLinear([0, top], [axisY, margin.top])
  const hill = (values: readonly number[], curve: readonly DensityPoint[], row: number): DensityHill => {
    const from = axisY + 2 + row * rugStep
    return {
      curve:
        line<DensityPoint>(
          ({ at }) => x(at),
          (point) => y(point.height)
        ).digits(1)(curve) ?? '',
      area:
        area<DensityPoint>(
          ({ at }) => x(at),
          axisY,
          (point) => y(point.height)
        ).digits(1)(curve) ?? '',
      rug: values.map((value) => `M${x(value).toFixed(1)},${from}v${rugStep - 2}`).join(''),
      mean: x(mean(values))
    }
  }
  return {
    height,
    axisY,
    margin,
    positive: hill(sides.positive, hills.positive, 0),
    negative: hill(sides.negative, hills.negative, 1),
    midpoint: x(0),
    ticks: x.ticks(width < 480 ? 4 : 8).map((tick) => ({ at: x(tick), label: minus(`${tick}`) }))
  }
}

/** Both sides divided by a number: projections in gaps. */
export function dividedBy({ positive, negative }: HeldOutProjections, by: number): HeldOutProjections {
  const divide = (value: number): number => value / by
  return { positive: positive.map(divide), negative: negative.map(divide) }
}

/** One line a prompt, six significant digits. */
export function densitiesCsv(
  sides: HeldOutProjections,
  named: Readonly<Record<keyof HeldOutProjections, { readonly name: string; readonly prompts: readonly string[] }>>
): string {
  const rows = (['positive', 'negative'] as const).flatMap((side) =>
    sides[side].map((value, i) => {
      const { name, prompts } = named[side]
      return [name, i + 1, Number(value.toPrecision(6)), prompts[i] ?? '']
    })
  )
  return [['side', 'prompt', 'projection', 'text'], ...rows].map(csvLine).join('')
}
