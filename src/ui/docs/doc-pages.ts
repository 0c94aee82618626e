/** The documentation: docs/*.md, made into trees when the site is built (scripts/docs-plugin.mjs). */
import type { Element } from '../../formats/markup'

/** A page of docs/, and its sections by the ids that links name. */
export interface Doc {
  readonly title: string
  readonly sections: readonly { readonly id: string; readonly title: string }[]
  readonly body: Element
}

/** A page before it is read. */
export interface DocEntry {
  /** Its file's name without the ending. */
  readonly name: string
  readonly title: string
  readonly load: () => Promise<Doc>
}

const pages = import.meta.glob<Doc>('../../docs/*.md', { import: 'default' })
const titles = import.meta.glob<string>('../../docs/*.md', { import: 'default', query: '?title', eager: true })

/** As they are read; what is not named here follows. */
const order = [
  ...['concepts', 'study', 'verdicts'],
  ...['import', 'prompts-and-captures', 'formats', 'companion'],
  ...['directions', 'spillover', 'organisms', 'instrumented-graph'],
  ...['webgpu', 'speed', 'troubleshooting']
]

const place = ({ name }: DocEntry): number => (order.includes(name) ? order.indexOf(name) : order.length)

/** Every page, in the order of reading. */
export const docEntries: readonly DocEntry[] = Object.entries(pages)
  .map(([path, load]) => ({ name: /([\w-]+)\.md$/.exec(path)?.[1] ?? path, title: titles[path] ?? path, load }))
  .sort((a, b) => place(a) - place(b))
