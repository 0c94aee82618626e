/** `npm run verdicts [STUDIES]`: how often the ladder is wrong, as the table of docs/verdicts.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { kindsIn, worlds } from '../test/study/analysis/power'

const kinds = ['direction-specific', 'non-specific', 'unresolved', 'no effect', 'undecidable'] as const
/** The table is the one whose head begins so. */
const begin = '| planted, '

/** Shares in percent; the column that must be small, or large, is bold. */
function rowOf(world: (typeof worlds)[number], studies: number): string {
  const shares = kindsIn(world, studies)
  const cells = kinds.map((kind, i) => {
    const text = (100 * shares[kind]).toFixed(1)
    return i === 0 ? `**${text}**` : text
  })
  console.error(`${world.name}: ${cells.join(', ')}`)
  return `| ${world.name} | ${world.isSpecific ? 'specific' : 'not'} | ${cells.join(' | ')} |`
}

const studies = Number(process.argv[2] ?? 500)
if (!(Number.isInteger(studies) && studies > 0)) throw new TypeError('npm run verdicts takes a whole number of studies')
const path = fileURLToPath(new URL('../docs/verdicts.md', import.meta.url))
const head = `| planted, ${studies} studies each, in % | truth | ${kinds.join(' | ')} |\n|${' --- |'.repeat(kinds.length + 2)}`
const table = [head, ...worlds.map((world) => rowOf(world, studies))].join('\n')
const before = await readFile(path, 'utf8')
const from = before.indexOf(begin)
if (from < 0) throw new TypeError('docs/verdicts.md has no place for the table')
const rest = before.slice(from)
await writeFile(path, `${before.slice(0, from)}${table}${rest.slice(rest.indexOf('\n\n'))}`)
