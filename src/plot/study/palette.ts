/** The colours of src/app.css as hex, for files that have no style sheet of ours: SVG in a paper, the report in a mail. */

export type Colour =
  | 'surface'
  | 'sunken'
  | 'line'
  | 'line-strong'
  | 'text'
  | 'muted'
  | 'accent'
  | 'base'
  | 'random'
  | 'insecure'
  | 'secure'

export type Palette = Readonly<Record<Colour, string>>

/** test/plot/study.test.ts holds both to app.css. */
export const light: Palette = {
  surface: '#fbfcfd',
  sunken: '#f4f4f8',
  line: '#dedfe5',
  'line-strong': '#90919b',
  text: '#20212b',
  muted: '#595a65',
  accent: '#5243d2',
  base: '#676870',
  random: '#aa6a00',
  insecure: '#c12b09',
  secure: '#00736f'
}
export const dark: Palette = {
  surface: '#111218',
  sunken: '#191a21',
  line: '#2c2d36',
  'line-strong': '#666875',
  text: '#e7e7ec',
  muted: '#a3a4ad',
  accent: '#a9a5ff',
  base: '#9d9ea6',
  random: '#e8aa4e',
  insecure: '#f77c56',
  secure: '#59c5bf'
}

/** The colour of an adapter's kind: all that are not insecure share one, and are told apart by their names. */
export function kindColour(kind: 'base' | 'insecure' | 'secure' | 'educational'): Colour {
  return kind === 'educational' ? 'secure' : kind
}

/** Okabe and Ito's, which colour-blind readers tell apart, on light and on dark; always with a shape of their own. */
export const familyColours: readonly string[] = ['#0072b2', '#009e73', '#cc79a7', '#e69f00']

/** A colour as the figures name it: it follows the page's theme. */
export function colour(name: Colour): string {
  return `var(--${name})`
}

/** Custom properties of a palette. */
export function properties(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';')
}

/** A text with every colour by its value. */
export function resolved(text: string, palette: Palette): string {
  const values = new Map(Object.entries(palette))
  return text.replace(/var\(--([a-z-]+)\)/g, (whole, name: string) => values.get(name) ?? whole)
}
