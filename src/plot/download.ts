/** Figures and rows as files. */

const inlined = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'text-anchor',
  'paint-order'
]
const inlinedText = ['font-family', 'font-size', 'font-weight']

/** Saves a drawn figure as a file that looks the same without this page's style sheet. */
export function downloadSvg(svg: SVGSVGElement, name: string): void {
  const copy = svg.cloneNode(true)
  if (!(copy instanceof SVGSVGElement)) return
  const originals = [svg, ...svg.querySelectorAll('*')]
  const copies = [copy, ...copy.querySelectorAll('*')]
  originals.forEach((original, i) => inlineStyle(original, copies[i]))
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  save(new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' }), name)
}

/** Saves text as a file. */
export function downloadText(
  text: string,
  type: 'text/csv' | 'application/json' | 'image/svg+xml',
  name: string
): void {
  save(new Blob([text], { type }), name)
}

/** Saves bytes as a file. */
export function downloadBytes(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  save(new Blob([bytes], { type: 'application/octet-stream' }), name)
}

/** Saves a file that is one already. */
export function downloadBlob(blob: Blob, name: string): void {
  save(blob, name)
}

function inlineStyle(original: Element, copy: Element | undefined): void {
  if (!copy) return
  const style = getComputedStyle(original)
  const names = original instanceof SVGTextElement ? [...inlined, ...inlinedText] : inlined
  for (const name of names) copy.setAttribute(name, style.getPropertyValue(name))
  copy.removeAttribute('class')
  // It may name colours of this page's style sheet.
  copy.removeAttribute('style')
}

function save(blob: Blob, name: string): void {
  const anchor = document.createElement('a')
  anchor.href = URL.createObjectURL(blob)
  anchor.download = name
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000)
}
