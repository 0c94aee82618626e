/** A contrast as a learning task: one row a prompt and side, its label, and which rows belong to one prompt. */
import { group } from 'd3'
import { LabError } from '../errors'
import { permutation, shuffled } from '../math/random'
import type { Contrast } from './contrast'

/** A row's side: 1 positive, -1 negative. */
export type Labels = Int8Array

/** Rows of both sides, the positive ones first. */
export interface Task {
  readonly labels: Labels
  /** Rows of the same prompt: positive row, negative row. */
  readonly pairs: readonly (readonly [number, number])[]
  /** Rows whose prompt is on one side only. */
  readonly singles: readonly number[]
  /** Length of a row's vector. */
  readonly width: number
}

/** The task of a contrast with one row a prompt on each side (see `byPrompt`). */
export function makeTask({ positive, negative, samePrompts }: Contrast): Task {
  const labels = Int8Array.from({ length: positive.rows + negative.rows }, (_, row) => (row < positive.rows ? 1 : -1))
  const other = new Map(samePrompts ? negative.prompt.map((prompt, row) => [prompt, positive.rows + row]) : [])
  const pairs = positive.prompt.flatMap((prompt, row) => {
    const partner = other.get(prompt)
    return partner === undefined ? [] : [[row, partner] as const]
  })
  const paired = new Set(pairs.flat())
  const singles = [...labels.keys()].filter((row) => !paired.has(row))
  return { labels, pairs, singles, width: positive.width }
}

/** 1 / n+ for rows of the positive side, -1 / n- for the negative. */
export function meanWeights(labels: Labels): Float64Array {
  const positive = labels.reduce((count, label) => count + (label > 0 ? 1 : 0), 0)
  const negative = labels.length - positive
  return Float64Array.from(labels, (label) => (label > 0 ? 1 / positive : -1 / negative))
}

/** Some rows of a task as a task of its own, numbered anew. Keep pairs together. */
export function subTask({ labels, pairs, singles, width }: Task, rows: readonly number[]): Task {
  const place = new Map(rows.map((row, index) => [row, index]))
  const at = (row: number): number => place.get(row) ?? -1
  return {
    labels: Int8Array.from(rows, (row) => labels[row] ?? 0),
    pairs: pairs.map(([a, b]) => [at(a), at(b)] as const).filter(([a]) => a >= 0),
    singles: singles.map(at).filter((row) => row >= 0),
    width
  }
}

/**
 * For each row, the fold it is held out in. A prompt's rows share a fold, and each side is spread evenly.
 * @throws LabError `shape` where a side has fewer than 2 rows
 */
export function assignFolds(task: Task, folds: number, random: () => number): { fold: Int32Array; folds: number } {
  const { labels, pairs, singles } = task
  const smaller = Math.min(...[1, -1].map((side) => labels.filter((label) => label === side).length))
  if (smaller < 2) throw new LabError('shape', 'held-out separation needs 2 prompts on each side; add prompts')
  // Where a side has fewer than 2 rows a fold, one of each side is held out at a time.
  const used = smaller < 2 * folds ? smaller : folds
  const fold = new Int32Array(labels.length)
  permutation(pairs.length, random).forEach((pair, place) => {
    for (const row of pairs[pair] ?? []) fold[row] = place % used
  })
  for (const side of [1, -1]) {
    const members = shuffled(
      singles.filter((row) => labels[row] === side),
      random
    )
    members.forEach((row, place) => (fold[row] = (pairs.length + place) % used))
  }
  return { fold, folds: used }
}

/**
 * Labels under the null: pairs swapped, those of the other rows shuffled within their fold, so that each fold keeps its number
 * of rows of each side. For a test each pair is swapped or not by itself, which makes the swapped data as likely as the real
 * ones. `balanced` swaps half of the pairs, for a direction of chance: swaps that leave most pairs as they are find most of the
 * real direction again. Of an odd number of pairs one more or one fewer is swapped.
 */
export function swapLabels(
  { labels, pairs, singles }: Task,
  fold: Int32Array,
  random: () => number,
  balanced = false
): Labels {
  const swapped = labels.slice()
  for (const [a, b] of balanced ? half(pairs, random) : pairs.filter(() => random() < 0.5)) {
    swapped[a] = labels[b] ?? 0
    swapped[b] = labels[a] ?? 0
  }
  for (const members of group(singles, (row) => fold[row] ?? 0).values()) {
    const mixed = shuffled(members, random)
    members.forEach((row, place) => (swapped[row] = labels[mixed[place] ?? row] ?? 0))
  }
  return swapped
}

function half<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const count = (items.length + (items.length % 2 === 1 && random() < 0.5 ? 1 : 0)) >> 1
  return shuffled(items, random).slice(0, count)
}
