/** Tables for spreadsheets: no text of a model, a prompt or a name is run as a formula. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { csvParseRows } from 'd3'
import { describe, expect, it } from 'vitest'
import { csvRows } from '../../src/formats/csv'
import { dotsCsv } from '../../src/plot/dots'
import { normsCsv } from '../../src/plot/norms'
import { ratesCsv } from '../../src/plot/rates'
import { scatterCsv } from '../../src/plot/scatter'
import { shiftsCsv } from '../../src/plot/shifts'

const evil = [
  '=HYPERLINK("http://x.example")',
  '+1+1',
  '-2+3',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '＝1',
  '＋1',
  '－1',
  '＠1'
]
const share = { share: 0.5, low: 0.4, high: 0.6, n: 10 }
const point = { group: 0, row: 0, x: 1, y: -2, norm: 3 }

/** Every table in which text of others stands, by what writes it. */
const tables: Readonly<Record<string, (text: string) => string>> = {
  rows: (text) => csvRows([{ [text]: text, other: -1 }]),
  scatter: (text) =>
    scatterCsv({ layer: 1, points: [point], explained: [0.5, 0.5], fitted: 1 }, () => ({
      capture: text,
      prompt: 0,
      text
    })),
  norms: (text) => normsCsv([{ name: text, norms: [{ layer: 0, mean: 1, low: 1, median: 1, high: 1, largest: [] }] }]),
  dots: (text) => dotsCsv({ [text]: [-1] }),
  rates: (text) => ratesCsv([{ tone: 'base', label: text, left: share, right: share }], [text, 'right']),
  shifts: (text) => shiftsCsv([{ label: text, none: -1, steered: 0, random: 1 }])
}

describe.each(Object.entries(tables))('%s', (_, table) => {
  it.each(evil)('defuses %j', (text) => {
    const cells = csvParseRows(table(text)).flat()
    expect(cells).toContain(`'${text}`)
    // A negative number is no formula, and stays one.
    for (const cell of cells) expect(cell).toMatch(/^(?![=+\-@\t\r\n＝＋－＠])|^-[\d.]+$/)
  })
})

it('what is empty, a truth or no formula stays as it is', () => {
  expect(
    csvRows([
      { a: null, b: true },
      { b: 'a-b', c: -1.5 }
    ])
  ).toBe('"a","b","c"\r\n,true,\r\n,"a-b",-1.5\r\n')
})

it('no table is written in another way', () => {
  const src = resolve(import.meta.dirname, '../../src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(ts|svelte)$/.test(path))
  expect(files.filter((path) => /csvFormat|tsvFormat/.test(readFileSync(join(src, path), 'utf8')))).toEqual([])
})
