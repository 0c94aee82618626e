/** What each arm did, prompt by prompt, beside the unsteered arm of its own block. Everything that is claimed is a mean of these. */
import type { Estimate } from '../../../math/bootstrap'
import type { Resampler } from '../../../math/resample'
import { mean, variance, wilson } from '../../../math/statistics'
import type { ArmResult } from '../../findings'
import { outcomeReader, textReader, type Outcome } from './outcome'
import type { Answer, Arm, Block, Run } from '../../run'

/** Columns `[prompt]` of one arm: the mean over the prompt's samples. Rates from 0 to 1. */
export interface Measured {
  readonly arm: Arm
  /** Index into the run's blocks. */
  readonly block: number
  readonly part: Block['part']
  /** Indices into the set's prompts, ascending; the block's arms share them. */
  readonly prompts: readonly number[]
  /** Answers in all. */
  readonly n: number
  readonly code: Float64Array
  readonly clean: Float64Array
  readonly share: Float64Array
  readonly degenerate: Float64Array
  /** Over the prompts that have a right answer; null where none has. */
  readonly right: Float64Array | null
  /** In points, over the samples that this arm and `none` both have: code of none less code of this. */
  readonly delta: Float64Array
  /** In points, over the same samples: clean prose of this less clean prose of none. */
  readonly cleanGain: Float64Array
}

/** [sample]; one that was not measured is undefined. */
type Row = readonly (Outcome | undefined)[]

interface Grid {
  /** [prompt] */
  readonly rows: readonly Row[]
  readonly n: number
}

/**
 * Measures every arm of a run, one a step; yields the share done. An arm that lacks an answer to a prompt of its block's
 * `none` is left out, as is a block without `none`: what is not finished is not measured.
 */
export function* measureSteps(run: Run, read = textReader()): Generator<number, readonly Measured[]> {
  const answers = answersByArm(run)
  const measured: Measured[] = []
  let done = 0
  for (const [index, block] of run.blocks.entries()) {
    for (const { one, n } of measureBlock(run, { block, index, answers: answers[index] ?? [] }, read)) {
      if (one) measured.push(one)
      done += n
      yield done / run.answers.length
    }
  }
  return measured
}

/** [block][arm] */
function answersByArm(run: Run): readonly (readonly Answer[][])[] {
  const table = run.blocks.map((block) => block.arms.map((): Answer[] => []))
  for (const answer of run.answers) table[answer.block]?.[answer.arm]?.push(answer)
  return table
}

interface BlockAnswers {
  readonly block: Block
  readonly index: number
  /** [arm] */
  readonly answers: readonly (readonly Answer[])[]
}

/** Arm by arm, with the number of answers looked at; null for one that is not finished. */
function* measureBlock(
  run: Run,
  { block, index, answers }: BlockAnswers,
  read: ReturnType<typeof textReader>
): Generator<{ readonly one: Measured | null; readonly n: number }> {
  const least = run.models.find(({ key }) => key === block.model)?.leastLogProbability ?? NaN
  const outcome = outcomeReader(least, read)
  const records = run.prompts[block.set]?.prompts ?? []
  const unsteered = answers[block.arms.findIndex(({ family }) => family === 'none')] ?? []
  const prompts = [...new Set(unsteered.map(({ prompt }) => prompt))].sort((a, b) => a - b)
  if (prompts.length === 0) return
  const places = new Map(prompts.map((prompt, place) => [prompt, place]))
  const gridOf = (list: readonly Answer[]): Grid => {
    const rows = prompts.map((): (Outcome | undefined)[] => [])
    for (const answer of list) {
      const row = rows[places.get(answer.prompt) ?? -1]
      if (row) row[answer.sample] = outcome(answer, records[answer.prompt]?.expected ?? null)
    }
    return { rows, n: rows.reduce((sum, row) => sum + row.filter(Boolean).length, 0) }
  }
  const none = gridOf(unsteered)
  for (const [place, arm] of block.arms.entries()) {
    const list = answers[place] ?? []
    const grid = arm.family === 'none' ? none : gridOf(list)
    const columns = columnsOf(grid, none)
    const one = columns && { arm, block: index, part: block.part, prompts, n: grid.n, ...columns }
    yield { one, n: list.length }
  }
}

type Columns = Omit<Measured, 'arm' | 'block' | 'part' | 'prompts' | 'n'>

/** Null where a prompt has no sample that both arms have. */
function columnsOf({ rows }: Grid, none: Grid): Columns | null {
  const column = (): Float64Array => new Float64Array(rows.length)
  const columns = {
    code: column(),
    clean: column(),
    share: column(),
    degenerate: column(),
    delta: column(),
    cleanGain: column()
  }
  for (const [prompt, row] of rows.entries()) {
    if (!fillInto(columns, prompt, row, none.rows[prompt] ?? [])) return null
  }
  return { ...columns, right: rightOf(rows) }
}

/** One prompt's means, summed in the order of its samples so that the order of answers is nothing. False where nothing is paired. */
function fillInto(columns: Omit<Columns, 'right'>, prompt: number, row: Row, unsteered: Row): boolean {
  const sum = { code: 0, clean: 0, share: 0, degenerate: 0, delta: 0, cleanGain: 0 }
  let [n, pairs] = [0, 0]
  for (const [sample, after] of row.entries()) {
    if (!after) continue
    n++
    sum.code += Number(after.code)
    sum.clean += Number(after.clean)
    sum.share += after.share
    sum.degenerate += Number(after.degeneration !== null)
    const before = unsteered[sample]
    if (!before) continue
    pairs++
    sum.delta += Number(before.code) - Number(after.code)
    sum.cleanGain += Number(after.clean) - Number(before.clean)
  }
  columns.code[prompt] = sum.code / n
  columns.clean[prompt] = sum.clean / n
  columns.share[prompt] = sum.share / n
  columns.degenerate[prompt] = sum.degenerate / n
  columns.delta[prompt] = (100 * sum.delta) / pairs
  columns.cleanGain[prompt] = (100 * sum.cleanGain) / pairs
  return pairs > 0
}

/** Over the prompts that have a right answer; null where none has. */
function rightOf(rows: Grid['rows']): Float64Array | null {
  const known = rows.map((row) => row.flatMap((outcome) => (outcome && outcome.right !== null ? [outcome.right] : [])))
  const asked = known.filter((row) => row.length > 0)
  return asked.length === 0 ? null : Float64Array.from(asked, (row) => row.filter(Boolean).length / row.length)
}

/** The arm as findings tell it. */
export function armResult(measured: Measured, resample: Resampler): ArmResult {
  const { arm, block, prompts, n, code, clean, share, degenerate, right, delta, cleanGain } = measured
  return {
    arm,
    block,
    prompts: prompts.length,
    n,
    code: rate(code, n),
    clean: rate(clean, n),
    share: rate(share, n),
    degenerate: rate(degenerate, n),
    right: right && rate(right, (n * right.length) / prompts.length),
    delta: intervalOf(resample, delta),
    cleanGain: intervalOf(resample, cleanGain),
    // A rounding error below 0 is 0.
    antiSteered: delta.filter((value) => value < -1e-9).length / delta.length
  }
}

function intervalOf(resample: Resampler, column: Float64Array): Estimate {
  const { estimate, low, high } = resample(column)
  return { estimate, low, high }
}

/**
 * A rate with the Wilson interval of as many independent answers as would know it equally well: samples of a prompt are alike, so
 * n answers may tell as little as one a prompt. Between the number of prompts and n. `column` is [prompt].
 */
export function rate(column: Float64Array, n: number): Estimate {
  const share = mean(column)
  const spread = variance(column) / column.length
  const effective = (share * (1 - share)) / spread
  const size = effective >= column.length ? Math.min(n, effective) : column.length
  return { estimate: share, ...wilson(share, size) }
}
