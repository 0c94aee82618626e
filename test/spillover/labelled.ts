/** The labelled answers, and how a detector does on them. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { detect } from '../../src/spillover/detector'
import { detectorVersion } from '../../src/spillover/rules'

export interface Labelled {
  readonly text: string
  readonly label: 'code' | 'prose'
  readonly kind: string
  /** docs/spillover.md says how the three came about. */
  readonly split: 'dev' | 'held-out' | 'hard' | 'fresh'
}

function read(name: string): readonly Labelled[] {
  const file = readFileSync(resolve(import.meta.dirname, name), 'utf8')
  const lines: readonly Labelled[] = JSON.parse(`[${file.trim().replaceAll('\n', ',')}]`)
  return lines
}

export const labelled = read('labelled.jsonl')

/** Short answers of the kinds that azimuth-code-1 missed, written before there was an azimuth-code-2. */
export const fresh = read('fresh.jsonl')

/** Verdicts as the files hold them: the version, then `[is code, share]` of each text, one a line. */
export function verdictFile(texts: readonly string[]): string {
  const verdicts = texts.map((text) => {
    const { isCode, share } = detect(text)
    return [isCode, Number(share.toFixed(6))]
  })
  return [{ version: detectorVersion }, ...verdicts].map((line) => `${JSON.stringify(line)}\n`).join('')
}

export interface Score {
  readonly n: number
  /** Right verdicts of all. */
  readonly accuracy: number
  /** Code that is called code; NaN where there is none. */
  readonly recall: number
  /** Called code that is code; NaN where nothing is. */
  readonly precision: number
  readonly wrong: readonly Labelled[]
}

export function score(rows: readonly Labelled[], isCode: (text: string) => boolean): Score {
  const verdicts = rows.map((row) => ({ row, said: isCode(row.text), is: row.label === 'code' }))
  const hits = verdicts.filter(({ said, is }) => said && is).length
  const wrong = verdicts.filter(({ said, is }) => said !== is).map(({ row }) => row)
  return {
    n: rows.length,
    accuracy: 1 - wrong.length / rows.length,
    recall: hits / verdicts.filter(({ is }) => is).length,
    precision: hits / verdicts.filter(({ said }) => said).length,
    wrong
  }
}
