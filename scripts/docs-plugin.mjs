/** Pages of docs/ as modules: `docs/x.md` is a {@link Doc}, `docs/x.md?title` its title alone. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { docTargets, docTree } from './doc-tree.mjs'

/** @typedef {import('./doc-tree.mjs').Doc} Doc */

/** @returns {import('vite').Plugin} */
export function docs() {
  return {
    name: 'azimuth-docs',
    enforce: 'pre',
    async load(id) {
      const [path = '', query] = id.split('?', 2)
      if (!path.endsWith('.md')) return null
      const page = await readPage(path)
      return {
        code: query === 'title' ? `export default ${JSON.stringify(page.doc.title)}` : moduleOf(page),
        map: null
      }
    }
  }
}

/**
 * A page with its links led to the site's own pages; a link that leads into the repository is left as text.
 * @param {string} path of the Markdown file
 * @returns {Promise<{ doc: Doc, images: string[] }>} images: the drawings that it shows, as written
 * @throws Error for a link to a page or a heading that is not there
 */
export async function readPage(path) {
  const name = basename(path, '.md')
  const pages = await pagesOf(dirname(path))
  /** @type {string[]} */
  const images = []
  const doc = docTree(await readFile(path, 'utf8'), name, {
    linkOf: (href) => siteLink(href, name, pages),
    imageOf: (href) => placeOf(images.push(href) - 1)
  })
  return { doc, images }
}

/** @param {string} folder */
async function pagesOf(folder) {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.md'))
  const read = files.map(async (file) => {
    const name = basename(file, '.md')
    return /** @type {const} */ ([name, docTargets(await readFile(join(folder, file), 'utf8'), name)])
  })
  return new Map(await Promise.all(read))
}

/** @param {string} href @param {string} from @param {Awaited<ReturnType<typeof pagesOf>>} pages */
function siteLink(href, from, pages) {
  if (/^[a-z]+:/.test(href)) return { href }
  const own = /^(?:([\w-]+)\.md)?(?:#(.+))?$/.exec(href)
  if (!own) return null
  const [, page = from, heading] = own
  const known = pages.get(page)
  if (!known) throw new Error(`docs/${from}.md links ${href}: there is no docs/${page}.md`)
  if (heading === undefined) return { href: `#/docs/${page}`, title: known.title }
  if (!known.ids.includes(heading))
    throw new Error(`docs/${from}.md links ${href}: docs/${page}.md has no such heading`)
  return { href: `#/docs/${page}/${heading}` }
}

/** A drawing is a file of the build, whose address is known there. @param {{ doc: Doc, images: string[] }} page */
function moduleOf({ doc, images }) {
  const imports = images.map((href, i) => `import image${i} from ${JSON.stringify(`./${href}?url`)}\n`)
  const tree = images.reduce((text, _, i) => text.replace(JSON.stringify(placeOf(i)), `image${i}`), JSON.stringify(doc))
  return `${imports.join('')}export default ${tree}`
}

/** @param {number} index */
function placeOf(index) {
  return `\u0001image ${index}`
}
