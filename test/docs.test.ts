/** Pages of docs/ as the site shows them. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { docTargets, docTree, type Doc } from '../scripts/doc-tree.mjs'
import { docs, readPage } from '../scripts/docs-plugin.mjs'
import { serialize, type Element, type Markup } from '../src/formats/markup'

const own = resolve(import.meta.dirname, '../docs')
const names = readdirSync(own).filter((file) => file.endsWith('.md'))
const folder = mkdtempSync(join(tmpdir(), 'azimuth-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

const html = (text: string): string => serialize(docTree(`# Title\n\n${text}`, 'page').body)
const elements = (markup: Markup): readonly Element[] =>
  typeof markup === 'string' ? [] : [markup, ...markup.children.flatMap(elements)]

/** A page of a folder with another one beside it. */
function pageOf(text: string): Promise<{ doc: Doc; images: string[] }> {
  writeFileSync(join(folder, 'one.md'), `# One\n\n${text}`)
  writeFileSync(join(folder, 'other.md'), '# Other\n\n## A heading\n')
  return readPage(join(folder, 'one.md'))
}

describe('a page', () => {
  it('has its title apart, and its sections by ids that links name', () => {
    const doc = docTree('# The *title*\n\n## One `word`: more\n\n### Below\n\n## One word more\n', 'page')
    expect(doc.title).toBe('The title')
    expect(doc.sections).toEqual([
      { id: 'one-word-more', title: 'One word: more' },
      { id: 'one-word-more-1', title: 'One word more' }
    ])
    expect(serialize(doc.body)).toContain('<h2 id="doc-one-word-more" tabindex="-1">One <code>word</code>: more <a')
    expect(serialize(doc.body)).toContain('<h3 id="doc-below"')
    expect(docTargets('# T\n\n## A & b\n', 'page')).toEqual({ title: 'T', ids: ['t', 'a--b'] })
  })

  it('is made of its words and their marks', () => {
    expect(html('one **two** *three* `a < b` \\*four & <https://a.example/>')).toBe(
      '<div class="doc"><p>one <strong>two</strong> <em>three</em> <code>a &lt; b</code> *four &amp; ' +
        '<a href="https://a.example/" target="_blank" rel="noreferrer">https://a.example/</a></p></div>'
    )
    expect(html('- one\n- two\n\n1. three')).toBe(
      '<div class="doc"><ul><li>one</li><li>two</li></ul><ol><li>three</li></ol></div>'
    )
    expect(html('```\n<b>&\n```')).toBe('<div class="doc"><pre tabindex="0"><code>&lt;b&gt;&amp;</code></pre></div>')
  })

  it('shows a table in a frame that scrolls, without a head that says nothing', () => {
    expect(html('| a | |\n|--:|---|\n| 1 | `x` |')).toContain(
      '<thead><tr><th class="right" scope="col">a</th><td></td></tr></thead><tbody><tr><td class="right">1</td>'
    )
    const bare = html('| | |\n|---|---|\n| 1 | 2 |')
    expect(bare).toContain('<div class="scroll" tabindex="0"')
    expect(bare).not.toContain('thead')
  })

  it.each([
    ['markup', '<div>x</div>'],
    ['a script', 'a <script>alert(1)</script>'],
    ['a picture in markup', 'a <img src=x onerror=alert(1)>']
  ])('refuses raw HTML: %s', (_, text) => {
    expect(() => html(text)).toThrow('docs/page.md holds html (<')
  })

  it('refuses links that run or leave in the open, drawings without words, and a page without a title', () => {
    expect(() => html('[x](javascript:alert(1))')).toThrow('only https')
    expect(() => html('[x](http://a.example/)')).toThrow('only https')
    expect(() => html('![](x.png)')).toThrow('without words')
    expect(() => docTree('no title', 'page')).toThrow('title')
  })
})

describe('links between pages', () => {
  const hrefs = async (text: string): Promise<readonly unknown[]> =>
    elements((await pageOf(text)).doc.body).flatMap(({ tag, attributes }) => (tag === 'a' ? [attributes['href']] : []))

  it('lead to the site, and into the repository nowhere', async () => {
    expect(await hrefs('[a](other.md) [b](other.md#a-heading) [c](#one)')).toEqual([
      '#/docs/other',
      '#/docs/other/a-heading',
      '#/docs/one/one'
    ])
    expect(await hrefs('[the readme](../README.md)')).toEqual([])
  })

  it('say the title of the page where their words are its file', async () => {
    const texts = elements((await pageOf('[other.md](other.md), [more](other.md)')).doc.body).filter(
      ({ tag }) => tag === 'a'
    )
    expect(texts.map(({ children }) => children)).toEqual([['Other'], ['more']])
  })

  it('that lead nowhere stop the build', async () => {
    await expect(pageOf('[a](nothing.md)')).rejects.toThrow('docs/one.md links nothing.md: there is no docs/nothing.md')
    await expect(pageOf('[a](other.md#no)')).rejects.toThrow('docs/other.md has no such heading')
  })

  it('and drawings become files of the build', async () => {
    await pageOf('![a figure](figures/one.png)')
    const load = docs().load
    if (typeof load !== 'function') throw new Error('the plugin loads nothing')
    const loaded = await load.call({} as ThisParameterType<typeof load>, join(folder, 'one.md'))
    expect(loaded).toMatchObject({ code: expect.stringContaining('import image0 from "./figures/one.png?url"') })
    expect(loaded).toMatchObject({ code: expect.stringContaining('"src":image0,"alt":"a figure"') })
  })
})

it.each(names)('%s is shown whole, and nothing in it can run', async (name) => {
  const { doc } = await readPage(join(own, name))
  const all = elements(doc.body)
  const ids = all.flatMap(({ attributes }) => attributes['id'] ?? [])
  expect(new Set(ids).size).toBe(ids.length)
  for (const { tag, attributes } of all) {
    expect(['script', 'style', 'iframe', 'object', 'form']).not.toContain(tag)
    expect(Object.keys(attributes).filter((attribute) => /^on|^style$/.test(attribute))).toEqual([])
    if (tag === 'a') expect(attributes['href']).toMatch(/^(https:\/\/|#\/docs\/)/)
  }
})
