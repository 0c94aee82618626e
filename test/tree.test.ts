/** The rooms of the repository: README's tree is the disk's, and no folder is crowded. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const made = new Set(['node_modules', 'dist', '__pycache__', '.venv', 'results', 'fixtures'])
const isCode = (name: string): boolean => /\.(ts|svelte|mjs|py)$/.test(name)

/** Every folder below `folder` that holds code, with how many files of it; by its path from the root. */
function roomsOf(folder: string): readonly (readonly [string, number])[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  const below = entries.filter((entry) => entry.isDirectory() && !made.has(entry.name) && !entry.name.startsWith('.'))
  const code = entries.filter((entry) => entry.isFile() && isCode(entry.name)).length
  return [...(code > 0 ? [[folder, code] as const] : []), ...below.flatMap(({ name }) => roomsOf(`${folder}/${name}`))]
}

const rooms = ['src', 'workers', 'scripts', 'companion', 'bench', 'test'].flatMap(roomsOf)
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const tree = /## The tree[\s\S]*?```\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
/** The paths that begin each line, before its words. */
const named = tree.split('\n').flatMap((line) =>
  (line.split(/ {3,}/)[0] ?? '')
    .split(/ +/)
    .filter(Boolean)
    .map((path) => path.replace(/\/$/, ''))
)

describe("README's tree", () => {
  it('names only what is there', () => {
    expect(named.length).toBeGreaterThan(40)
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('names every folder of code; those of test mirror the others', () => {
    const inside = rooms.map(([path]) => path).filter((path) => path !== 'src' && !path.startsWith('test/'))
    const parts = ['bench/contestants', 'bench/tools', 'bench/browser']
    expect(inside.filter((path) => !named.includes(path) && !parts.includes(path))).toEqual([])
  })
})

it('no folder holds more than 20 files of code', () => {
  expect(rooms.filter(([, count]) => count > 20)).toEqual([])
})
