/** Where a slider can stand. */
export interface SliderRange {
  readonly min: number
  readonly max: number
  readonly step: number
}

/** Large steps from one end to the other, for PageUp and PageDown: a tenth of the way each, as native sliders take. */
const pages = 10

/** Every place of the thumb, ascending, and the value itself where it lies between two: showing a value changes nothing. */
export function sliderSteps({ min, max, step }: SliderRange, value: number): readonly number[] {
  const count = Math.floor((max - min) / step + 1e-9) + 1
  // Twelve digits: 3 times 0.05 is 0.15.
  const grid = Array.from({ length: count }, (_, i) => Number((min + i * step).toPrecision(12)))
  return grid.includes(value) ? grid : [...grid, value].sort((a, b) => a - b)
}

/** The place one page up (1) or down (-1). */
export function pageFrom(range: SliderRange, value: number, side: 1 | -1): number {
  const page = Math.max(range.step, (range.max - range.min) / pages)
  const wanted = Math.min(range.max, Math.max(range.min, value + side * page))
  const near = (best: number, one: number): number => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best)
  return sliderSteps(range, range.min).reduce(near, range.min)
}

/** The filled part of the track in percent of the way from end to end; null for none. */
export function sliderFill(
  { min, max }: SliderRange,
  value: number,
  from: number | undefined
): { readonly start: number; readonly end: number } | null {
  if (from === undefined || max === min) return null
  const place = (at: number): number => (100 * (at - min)) / (max - min)
  return { start: place(Math.min(value, from)), end: place(Math.max(value, from)) }
}
