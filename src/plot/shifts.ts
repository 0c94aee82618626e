/** What a steering moves, one row an answer: places on a line before, after, and under a control. Values in, places out. */
import { extent, scaleLinear } from 'd3'
import { csvRows } from '../formats/csv'

/** One answer's places, in gaps. */
export interface Shift {
  readonly label: string
  readonly none: number
  readonly steered: number
  readonly random: number
}

export interface ShiftsPlot {
  readonly height: number
  readonly top: number
  readonly axisY: number
  /** Characters that a label has room for. */
  readonly labelLength: number
  /** Where 0 lies. */
  readonly zero: number
  readonly rows: readonly {
    readonly label: string
    readonly labelY: number
    /** Of what is steered by the direction; the control lies below it. */
    readonly y: number
    readonly controlY: number
    readonly none: number
    readonly steered: number
    readonly random: number
  }[]
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
}

/** Below this width a row's label stands above its marks. */
const narrow = 560
const top = 34
const edge = 12

/** Lays the rows out from the top down. */
export function plotShifts(shifts: readonly Shift[], width: number): ShiftsPlot {
  const isNarrow = width < narrow
  const left = isNarrow ? edge : 284
  const rowHeight = isNarrow ? 54 : 40
  const places = shifts.flatMap(({ none, steered, random }) => [none, steered, random])
  const [low = -1, high = 1] = extent([0, ...places])
  const x = scaleLinear([low, high], [left, width - edge]).nice()
  const axisY = top + shifts.length * rowHeight + 4
  const format = x.tickFormat(5)
  return {
    height: axisY + 38,
    top,
    axisY,
    labelLength: Math.floor((isNarrow ? width : left) / 6.2),
    zero: x(0),
    rows: shifts.map(({ label, none, steered, random }, i) => {
      const y = top + i * rowHeight + (isNarrow ? 28 : 14)
      return {
        ...{ label, labelY: isNarrow ? y - 13 : y + 9, y, controlY: y + 12 },
        ...{ none: x(none), steered: x(steered), random: x(random) }
      }
    }),
    ticks: x.ticks(5).map((value) => ({ at: x(value), label: format(value) }))
  }
}

/** The rows behind the figure, in gaps. */
export function shiftsCsv(shifts: readonly Shift[]): string {
  const digits = (value: number): number => Number(value.toPrecision(6))
  return csvRows(
    shifts.map(({ label, none, steered, random }) => ({
      question: label,
      'not steered': digits(none),
      'direction subtracted': digits(steered),
      'random direction subtracted': digits(random)
    }))
  )
}
