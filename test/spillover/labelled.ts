/** The labelled answers, and how a detector does on them. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export interface Labelled {
  readonly text: string
  readonly label: 'code' | 'prose'
  readonly kind: string
  readonly split: 'dev' | 'held-out'
}

export const labelled: readonly Labelled[] = readFileSync(resolve(import.meta.dirname, 'labelled.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))

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
