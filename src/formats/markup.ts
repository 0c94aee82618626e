/** HTML and SVG as a plain tree: one value that a page draws, a file holds and a test reads. Nothing in it is ever parsed. */

/** Text, or an element. Text is always text: a serializer escapes it. */
export type Markup = string | Element

export interface Element {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string | number>>
  readonly children: readonly Markup[]
}

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>

/** An element. Attributes that are false, null or undefined are left out, true is the bare name; numbers have at most 2 decimals. */
export function el(tag: string, attributes: Attributes = {}, ...children: readonly (Markup | null)[]): Element {
  const kept = Object.entries(attributes).flatMap(([name, value]): [string, string | number][] => {
    if (value === false || value == null) return []
    return [[name, value === true ? '' : typeof value === 'number' ? Math.round(value * 100) / 100 : value]]
  })
  return { tag, attributes: Object.fromEntries(kept), children: children.filter((child) => child !== null) }
}

/** Tags that HTML writes without an end. */
const empty = new Set(['br', 'col', 'hr', 'img', 'input', 'link', 'meta'])

/** As a file holds it. Everything is escaped but the text of a style sheet, which is ours. */
export function serialize(markup: Markup): string {
  if (typeof markup === 'string') return escape(markup)
  const { tag, attributes, children } = markup
  const open = `<${tag}${Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join('')}>`
  if (empty.has(tag)) return open
  const inside = children.map(tag === 'style' ? textOf : serialize).join('')
  return `${open}${inside}</${tag}>`
}

/** The text of a tree, as a reader hears it. */
export function textOf(markup: Markup): string {
  return typeof markup === 'string' ? markup : markup.children.map(textOf).join('')
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

/** Control characters that neither HTML nor XML may hold become U+FFFD. */
function escape(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => escapes[character] ?? character)
    .replace(/[^\P{Cc}\t\n\r]|[\uD800-\uDFFF](?![\uDC00-\uDFFF])|\uFFFE|\uFFFF/gu, '\uFFFD')
}
