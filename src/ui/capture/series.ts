/** Several captures in one figure: a colour and a dash for each; the shape of points is `shapeOf`'s. */
const dashes = ['none', '6 3', '2 3', '8 3 2 3', '10 5', '1 4'] as const

/** A CSS colour. */
export function seriesColour(group: number): string {
  return `var(--series-${(group % dashes.length) + 1})`
}

/** A CSS `stroke-dasharray`. */
export function seriesDash(group: number): string {
  return dashes[group % dashes.length] ?? 'none'
}

/** Height of one name in a figure's legend, in pixels. */
export const legendLine = 18
