/** Numbers as text, with a real minus sign. */

/** A number's text with real minus signs (U+2212) for its hyphens. */
export const minus = (text: string): string => text.replaceAll('-', '\u2212')

/** With its sign, "+1.50" or "\u22121.50"; what rounds to zero has none. */
export function signed(value: number, digits: number): string {
  const size = Math.abs(value).toFixed(digits)
  if (Number(size) === 0) return size
  return `${value < 0 ? '\u2212' : '+'}${size}`
}
