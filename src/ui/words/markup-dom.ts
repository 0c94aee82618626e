/** A tree of markup as nodes of the page. Text stays text: nothing is parsed. */
import type { Element as Tree, Markup } from '../../formats/markup'

const svg = 'http://www.w3.org/2000/svg'
const html = 'http://www.w3.org/1999/xhtml'

/** Makes the nodes. Drawings get their own namespace by themselves. */
export function toNode(markup: Markup, namespace = html): Node {
  if (typeof markup === 'string') return document.createTextNode(markup)
  const own = markup.tag === 'svg' ? svg : namespace
  const node = document.createElementNS(own, markup.tag)
  for (const [name, value] of Object.entries(markup.attributes)) node.setAttribute(name, String(value))
  node.append(...markup.children.map((child) => toNode(child, own)))
  return node
}

/** Puts a tree into an element, in the place of what is there. */
export function fill(tree: Tree): (parent: Element) => void {
  return (parent) => parent.replaceChildren(toNode(tree))
}
