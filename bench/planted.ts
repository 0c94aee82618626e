/** `npm run planted -- OUT.json RUN.zip ...`: what runs found of what was planted, as data and as the table of docs/organisms.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { findingsOf } from '../src/study/analysis/analyse'
import { readBundle } from '../src/study/files/bundle'
import { plantedRows, type PlantedRow } from '../src/study/planted'

const [out = '', ...paths] = process.argv.slice(2)
if (paths.length === 0) throw new Error('give the file to write and the bundles to read: OUT.json RUN.zip ...')
const rows: PlantedRow[] = []
for (const path of paths) {
  const { run } = await readBundle(new Uint8Array(await readFile(path)))
  rows.push(...plantedRows(run.settings, findingsOf(run)))
}
await writeFile(out, `${JSON.stringify(rows, null, 1)}\n`)

/** "yes 4 of 4", with every other answer by its subject. */
function told(some: readonly PlantedRow[]): string {
  const right = some.filter(({ reading }) => reading === 'right').length
  const rest = some.filter(({ reading }) => reading !== 'right').map(({ subject, found }) => `${subject}: ${found}`)
  return [`${right} of ${some.length} right`, ...rest].join('; ')
}

const groups = new Map<string, PlantedRow[]>()
for (const row of rows) {
  const place = row.subject.includes(' to ') ? 'carried along the axis' : row.planted
  const key = [place, row.rung, row.truth].join(' | ')
  groups.set(key, [...(groups.get(key) ?? []), row])
}
console.log('| planted | rung | truth | found |\n| --- | --- | --- | --- |')
for (const [key, some] of groups) console.log(`| ${key} | ${told(some)} |`)
