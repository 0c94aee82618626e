/** A page of docs/ as a tree of elements (src/formats/markup.ts): what the site shows is made when it is built, and parsed nowhere else. */
import { marked } from 'marked'

/**
 * @typedef {import('../src/formats/markup').Element} Element
 * @typedef {import('../src/formats/markup').Markup} Markup
 * @typedef {import('marked').MarkedToken} Token
 * @typedef {{ id: string, title: string }} Section
 * @typedef {{ title: string, sections: Section[], body: Element }} Doc body: what follows the title
 * @typedef {{ href: string, title?: string }} Target title: of the page, for a link whose words are the file's name
 * @typedef {{ name: string, linkOf: (href: string) => Target | null, imageOf: (href: string) => string }} Place
 */

/**
 * @param {string} text Markdown; begins with its title
 * @param {string} name the page's, for anchors and complaints
 * @param {Partial<Pick<Place, 'linkOf' | 'imageOf'>>} outside where a link of the text leads in the site (null: nowhere, its
 *   text stays), and where a drawing lies. Default: as written
 * @returns {Doc}
 * @throws Error for raw HTML and for what has no place in a page of docs/
 */
export function docTree(text, name, { linkOf = (href) => ({ href }), imageOf = (href) => href } = {}) {
  const tokens = /** @type {Token[]} */ (marked.lexer(text))
  const place = { name, linkOf, imageOf }
  const ids = headingIds(tokens)
  /** @type {Section[]} */
  const sections = []
  const children = tokens.slice(1).flatMap((token) => {
    if (token.type !== 'heading') return block(token, place)
    const id = ids.get(token) ?? ''
    if (token.depth === 2) sections.push({ id, title: textOf(token, place) })
    return [heading(token, id, place)]
  })
  return { title: titleOf(tokens, place), sections, body: element('div', { class: 'doc' }, children) }
}

/** What other pages link: a page's title, and the ids of its headings. @param {string} text @param {string} name */
export function docTargets(text, name) {
  const tokens = /** @type {Token[]} */ (marked.lexer(text))
  const title = titleOf(tokens, { name, linkOf: () => null, imageOf: (href) => href })
  return { title, ids: [...headingIds(tokens).values()] }
}

/** @param {Token[]} tokens @param {Place} place */
function titleOf([first], place) {
  if (first?.type === 'heading' && first.depth === 1) return textOf(first, place)
  throw new Error(`docs/${place.name}.md does not begin with its title, # ...`)
}

/** As code hosts make them, so that a link works there and here. @param {Token[]} tokens @returns {Map<Token, string>} */
function headingIds(tokens) {
  /** @type {Map<string, number>} */
  const seen = new Map()
  const headings = tokens.flatMap((token) => (token.type === 'heading' ? [token] : []))
  return new Map(
    headings.map((token) => {
      const id = token.text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-')
      const before = seen.get(id) ?? 0
      seen.set(id, before + 1)
      return [token, before === 0 ? id : `${id}-${before}`]
    })
  )
}

/** @param {import('marked').Tokens.Heading} token @param {string} id @param {Place} place */
function heading(token, id, place) {
  const words = inline(token.tokens, place)
  const label = `Link to: ${textOf(token, place)}`
  const anchor = element('a', { class: 'anchor', href: `#/docs/${place.name}/${id}`, 'aria-label': label }, ['#'])
  return element(`h${token.depth}`, { id: `doc-${id}`, tabindex: -1 }, [...words, ' ', anchor])
}

/** @param {Token} token @param {Place} place @returns {Markup[]} */
function block(token, place) {
  switch (token.type) {
    case 'space':
      return []
    case 'paragraph':
      return [element('p', {}, inline(token.tokens, place))]
    case 'text':
      return inline(token.tokens ?? [token], place)
    case 'code':
      // Wide code and tables scroll by themselves, also by the keyboard.
      return [element('pre', { tabindex: 0 }, [element('code', {}, [token.text])])]
    case 'blockquote':
      return [element('blockquote', {}, blocks(token.tokens, place))]
    case 'list': {
      const items = token.items.map((item) => element('li', {}, blocks(item.tokens, place)))
      return [element(token.ordered ? 'ol' : 'ul', {}, items)]
    }
    case 'hr':
      return [element('hr')]
    case 'table':
      return [table(token, place)]
    default:
      throw refused(token, place)
  }
}

/** @param {import('marked').Token[]} tokens @param {Place} place */
function blocks(tokens, place) {
  return /** @type {Token[]} */ (tokens).flatMap((token) => block(token, place))
}

/** @param {import('marked').Token[]} tokens @param {Place} place @returns {Markup[]} */
function inline(tokens, place) {
  return /** @type {Token[]} */ (tokens).flatMap((token) => {
    switch (token.type) {
      case 'text':
        return token.tokens ? inline(token.tokens, place) : [token.text]
      case 'escape':
        return [token.text]
      case 'strong':
      case 'em':
      case 'del':
        return [element(token.type, {}, inline(token.tokens, place))]
      case 'codespan':
        return [element('code', {}, [token.text])]
      case 'br':
        return [element('br')]
      case 'link':
        return link(token, place)
      case 'image':
        if (!token.text)
          throw new Error(`docs/${place.name}.md shows ${token.href} without words for those who do not see it`)
        return [element('img', { src: place.imageOf(token.href), alt: token.text, loading: 'lazy' })]
      default:
        throw refused(token, place)
    }
  })
}

/** @param {import('marked').Tokens.Link} token @param {Place} place */
function link(token, place) {
  const target = place.linkOf(token.href)
  const words = inline(token.tokens, place)
  if (target === null) return words
  const { href, title } = target
  if (!/^(https:\/\/|#)/.test(href))
    throw new Error(`docs/${place.name}.md links ${token.href}: only https and other pages can be linked`)
  const shown = title !== undefined && token.text === token.href ? [title] : words
  return [element('a', href.startsWith('#') ? { href } : { href, target: '_blank', rel: 'noreferrer' }, shown)]
}

/** Without its head where that is empty. @param {import('marked').Tokens.Table} token @param {Place} place */
function table({ header, rows }, place) {
  /** @param {import('marked').Tokens.TableCell} cell @param {'td' | 'th'} tag */
  const cell = ({ align, text, tokens }, tag) => {
    const kind = align && align !== 'left' ? { class: align } : {}
    // A head that says nothing is none for those who hear it.
    return tag === 'th' && text !== ''
      ? element(tag, { ...kind, scope: 'col' }, inline(tokens, place))
      : element('td', kind, inline(tokens, place))
  }
  const head = header.some(({ text }) => text !== '')
    ? [
        element('thead', {}, [
          element(
            'tr',
            {},
            header.map((each) => cell(each, 'th'))
          )
        ])
      ]
    : []
  const body = element(
    'tbody',
    {},
    rows.map((row) =>
      element(
        'tr',
        {},
        row.map((each) => cell(each, 'td'))
      )
    )
  )
  return element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Table' }, [
    element('table', {}, [...head, body])
  ])
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {Markup[]} children @returns {Element} */
function element(tag, attributes = {}, children = []) {
  return { tag, attributes, children }
}

/** @param {import('marked').Tokens.Heading} token @param {Place} place */
function textOf(token, place) {
  /** @param {Markup} markup @returns {string} */
  const read = (markup) => (typeof markup === 'string' ? markup : markup.children.map(read).join(''))
  return inline(token.tokens, place).map(read).join('')
}

/** @param {Token} token @param {Place} place */
function refused(token, place) {
  return new Error(
    `docs/${place.name}.md holds ${token.type} (${token.raw.trim().slice(0, 60)}), which the site does not show`
  )
}
