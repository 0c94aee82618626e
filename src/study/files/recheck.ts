/**
 * Whether a bundle says what follows from it. Outcomes and findings are computed again from the rows and must agree exactly;
 * a sample of answers and hidden states can be made again on the open models and must agree within a stated tolerance.
 */
import type { Compared, Recheck } from '../../lab/recheck-result'
import { seeded, shuffled } from '../../math/random'
import { findingsOf } from '../analysis/analyse'
import { textReader } from '../analysis/measure/outcome'
import { findingsText, type Bundle } from './bundle'
import type { Findings } from '../findings'
import type { Answer, Run } from '../run'
import { scoreAnswers, type Scores } from './scores'

export type { Compared, Recheck }

/** What makes cells of a run again: the models, adapters and directions of its bundle, opened. */
export interface Replay {
  /** Whether it can make this answer again. Default: every one. */
  has?(answer: Pick<Answer, 'block' | 'prompt'>): boolean
  /** The answer to one prompt in one arm, with the random numbers of that sample. Indices as in `Answer`. */
  answer(block: number, arm: number, prompt: number, sample: number): Promise<string>
  /** The hidden state at the last prompt token at the steering layer, `[width]`; null where it cannot be made. */
  hidden(model: string, adapter: string, set: string, prompt: number): Promise<Float32Array | null>
}

export interface RecheckOptions {
  /** Where they were worked out again already, as a page does that has to stay alive. Default: worked out at once. */
  readonly findings?: Findings
  /** Makes cells again; without it only what follows from the rows is checked. */
  readonly replay?: Replay
  /** Answers that are made again. Default 40. */
  readonly answers?: number
  /** Hidden states that are made again. Default 20. */
  readonly states?: number
  /** Which cells are drawn. Default 0. */
  readonly seed?: number
  /** Largest |h - h'| / |h'| of a state that agrees. Default 0.001: another processor differs in the last bits of fp32. */
  readonly tolerance?: number
  readonly signal?: AbortSignal
}

/**
 * What is made again of a whole run, in the page and on the command line alike. Where none of 200 differs, fewer than 1.5 %
 * of all do, at 95 % confidence (3 / n).
 */
export const remadeSamples = { answers: 200, states: 100 } as const

/** Most differences that are named. */
const named = 5

/** Checks a bundle. Rejects with `AbortError` when stopped, and with what the replay throws. */
export async function recheck(bundle: Bundle, options: RecheckOptions = {}): Promise<Recheck> {
  const read = textReader()
  const { replay, signal, findings = findingsOf(bundle.run, read) } = options
  const compared = [compareScores(bundle.scores, scoreAnswers(bundle.run, read)), compareFindings(bundle, findings)]
  signal?.throwIfAborted()
  if (replay) {
    compared.push(await compareAnswers(bundle.run, replay, options))
    compared.push(await compareStates(bundle, replay, options))
  }
  return { holds: compared.every(({ exact, n, agree }) => !exact || agree === n), compared }
}

function compareScores(stated: Scores, computed: Scores): Compared {
  const columns = ['code', 'share', 'clean', 'degenerate', 'right'] as const
  const differences: string[] = []
  let agree = 0
  for (let i = 0; i < computed.code.length; i++) {
    const wrong = columns.find((name) => stated[name][i] !== computed[name][i])
    if (!wrong) agree++
    else if (differences.length < named) {
      differences.push(`line ${i + 1}: ${wrong} is stated ${stated[wrong][i]}, computed ${computed[wrong][i]}`)
    }
  }
  return { name: 'outcomes of answers', n: computed.code.length, agree, exact: true, differences }
}

function compareFindings(bundle: Bundle, findings: Findings): Compared {
  const stated = bundle.findings.split('\n')
  const computed = findingsText(findings).split('\n')
  const n = Math.max(stated.length, computed.length)
  const wrong = Array.from({ length: n }, (_, i) => i).filter((i) => stated[i] !== computed[i])
  const value = (line: string | undefined): string => (line ?? 'nothing').trim().replace(/,$/, '')
  const differences = wrong
    .slice(0, named)
    .map((i) => `findings.json, line ${i + 1}: stated ${value(stated[i])}, computed ${value(computed[i])}`)
  return { name: 'findings', n, agree: n - wrong.length, exact: true, differences }
}

async function compareAnswers(
  run: Run,
  replay: Replay,
  { answers = 40, seed = 0, signal }: RecheckOptions
): Promise<Compared> {
  const able = replay.has ? run.answers.filter((answer) => replay.has?.(answer)) : run.answers
  const chosen = sample(able, answers, seed)
  const differences: string[] = []
  let agree = 0
  for (const { block, arm, prompt, sample: at, text } of chosen) {
    signal?.throwIfAborted()
    const again = await replay.answer(block, arm, prompt, at)
    if (again === text) agree++
    else if (differences.length < named) {
      const id = run.blocks[block]?.arms[arm]?.id ?? ''
      differences.push(`block ${block}, ${id}, prompt ${prompt}, sample ${at}: ${JSON.stringify(again.slice(0, 60))}`)
    }
  }
  return { name: 'answers made again', n: chosen.length, agree, exact: false, differences }
}

/** Files of states are one a model, tensors `fit.<adapter>` or `<set>` of base, `[prompt][width]`. */
async function compareStates(
  { tensors }: Bundle,
  replay: Replay,
  { states = 20, seed = 0, tolerance = 1e-3, signal }: RecheckOptions
): Promise<Compared> {
  const all = [...tensors].flatMap(([model, arrays]) =>
    [...arrays].flatMap(([name, { shape, data }]) => {
      const [rows = 0, width = 0] = shape
      return Array.from({ length: rows }, (_, row) => ({
        model,
        name,
        row,
        state: data.subarray(row * width, (row + 1) * width)
      }))
    })
  )
  const differences: string[] = []
  let [n, agree] = [0, 0]
  for (const { model, name, row, state } of sample(all, states, seed + 1)) {
    signal?.throwIfAborted()
    const [set, adapter] = name.startsWith('fit.') ? ['fit', name.slice(4)] : [name, 'base']
    const again = await replay.hidden(model, adapter, set, row)
    if (again === null) continue
    n++
    const off = distance(again, state)
    if (off <= tolerance) agree++
    else if (differences.length < named)
      differences.push(`${model}, ${name}, prompt ${row}: off by ${off.toPrecision(2)} of its length`)
  }
  return { name: `hidden states made again, within ${tolerance}`, n, agree, exact: false, differences }
}

/** |a - b| / |b|; infinite for other widths. */
function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity
  const away = a.map((value, i) => value - (b[i] ?? 0))
  return Math.hypot(...away) / Math.hypot(...b)
}

/** So many of them, by seed, in their order. */
function sample<T>(values: readonly T[], count: number, seed: number): readonly T[] {
  const places = shuffled([...values.keys()], seeded(seed)).slice(0, count)
  return places.sort((a, b) => a - b).flatMap((place) => values.slice(place, place + 1))
}
