import type { Direction } from '../direction/direction'
import type { LayerSeparation, Separation } from '../direction/separation'
import { csvRows, type CsvCell } from '../formats/csv'

/** One line of the table behind the separation figure. Shares between 0 and 1. */
export interface LayerRow extends LayerSeparation {
  /** Length of the mean difference. */
  readonly gap: number
  /** The same over the mean length of a hidden state. */
  readonly relativeGap: number
}

/** The rows behind the figure. */
export function layerRows(separation: Separation, directions: readonly Direction[]): readonly LayerRow[] {
  return separation.layers.map((row) => {
    const direction = directions[row.layer]
    const gap = direction?.norm ?? Number.NaN
    return { ...row, gap, relativeGap: gap / (direction?.meanNorm ?? Number.NaN) }
  })
}

/** Rows as CSV, six significant digits, the column names of the type. */
export function toCsv(rows: readonly LayerRow[]): string {
  return csvRows(
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, digits(value)])))
  )
}

function digits(value: unknown): CsvCell {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : String(value)
}
