/** Which parts of the code are mutated when not all of it is: whole functions and constants, drawn with a seed. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { randomLcg, shuffler } from 'd3'

/**
 * The statements at the left margin of a source, as ranges of lines, both ends with them.
 * @param {string} source
 * @returns {{ from: number, to: number }[]}
 */
export function chunks(source) {
  const lines = source.split('\n')
  const starts = lines.flatMap((line, i) =>
    /^(export |async |function |const |let |class |abstract )/.test(line) ? [i + 1] : []
  )
  return starts.map((from, i) => ({ from, to: (starts[i + 1] ?? lines.length + 1) - 1 }))
}

/**
 * The TypeScript files of files and folders, by their paths from `root`, in order.
 * @param {string} root
 * @param {string[]} paths
 * @returns {string[]}
 */
export function sourcesOf(root, paths) {
  return paths
    .flatMap((path) => {
      if (statSync(join(root, path)).isFile()) return [path]
      const inside = readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
      return inside.filter((file) => file.endsWith('.ts')).map((file) => `${path}/${file.replaceAll('\\', '/')}`)
    })
    .sort()
}

/**
 * What Stryker is to mutate: the files, or a share of their functions and constants as `file:from-to`.
 * @param {string} root
 * @param {string[]} paths
 * @param {{ share: number, seed: number }} sample share: 0 to 1
 * @returns {string[]}
 */
export function targets(root, paths, { share, seed }) {
  const files = sourcesOf(root, paths)
  if (share === 1) return files
  const all = files.flatMap((file) =>
    chunks(readFileSync(join(root, file), 'utf8')).map(({ from, to }) => `${file}:${from}-${to}`)
  )
  const random = randomLcg(seed / 2 ** 16)
  return shuffler(random)(all)
    .slice(0, Math.max(1, Math.round(all.length * share)))
    .sort()
}
