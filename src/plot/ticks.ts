/** The layers that get a number: every one where they fit, else every 2nd, 5th or 10th. `room` in pixels. */
export function tickLayers(count: number, room: number): readonly number[] {
  const places = Math.max(1, room / 28)
  const step = [1, 2, 5, 10, 20].find((every) => count / every <= places) ?? 50
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step)
}
