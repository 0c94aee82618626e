/** What a figure is, and what it measures into: one row for each thing it compares. */
import type { Dtype } from '../src/lab/api'
import type { Stats } from './tools/stats'

export interface Context {
  /** Folder of the model, in the hub's layout. */
  readonly model: string
  /** Repetitions of each contestant. */
  readonly n: number
  readonly dtypes: readonly Dtype[]
}

export type Row =
  | {
      readonly kind: 'ratio'
      readonly name: string
      /** Milliseconds. */
      readonly ours: Stats
      readonly theirs: Stats
      /** Of each repetition: larger is better for us, except where `target` is `at most`. */
      readonly ratio: Stats
      readonly target: Target | null
    }
  | { readonly kind: 'value'; readonly name: string; readonly ours: Stats; readonly target: Target | null }
  | { readonly kind: 'not measured'; readonly name: string; readonly reason: string }

export interface Target {
  readonly sense: 'at least' | 'at most'
  readonly value: number
}

export interface Figure {
  readonly name: string
  /** What is compared with what, in one sentence. */
  readonly what: string
  readonly unit: string
  /** False where it measures without a model. Default true. */
  readonly needsModel?: boolean
  /** Rows as they come. */
  run(context: Context): AsyncIterable<Row>
}

export const atLeast = (value: number): Target => ({ sense: 'at least', value })
export const atMost = (value: number): Target => ({ sense: 'at most', value })

/** Whether the median meets the target; null where there is none, or no measurement. */
export function isMet(row: Row): boolean | null {
  if (row.kind === 'not measured' || !row.target) return null
  const { median } = row.kind === 'ratio' ? row.ratio : row.ours
  return row.target.sense === 'at least' ? median >= row.target.value : median <= row.target.value
}
