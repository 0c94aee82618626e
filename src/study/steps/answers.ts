/** Answers of a block, cell by cell, with common random numbers: the seed of an answer depends on its prompt and sample alone. */
import type { GenerateRow, Steering } from '../../lab/api'
import { base, type Lease } from './lease'
import type { Answer, Arm, Block, StudyPrompt } from '../run'
import type { Study } from '../study'
import type { Stage } from '../progress'
import { list, natural, object, readOrNull, text, type Read } from '../../formats/schema'
import { hasFloats, whole } from './whole'

/** An arm before it is run. */
export interface ArmPlan extends Omit<Arm, 'hook'> {
  readonly steering: Steering | null
  readonly flatten?: GenerateRow['flatten']
  /** Which samples: all of the first `samples` where it is missing. */
  readonly turn?: readonly number[]
  /** Said before the question, in the user's own turn: not every chat template has a system turn. */
  readonly instruction?: string
  readonly samples: number
}

export interface BlockPlan extends Pick<Block, 'model' | 'adapter' | 'part'> {
  readonly stage: Stage
  /** Told from other blocks of the same model, adapter and part. */
  readonly name: string
  readonly set: Block['set'] | 'fit'
  readonly arms: readonly ArmPlan[]
}

/** An answer within its block. */
export type BlockAnswer = Omit<Answer, 'block'>

/** One cell: the distinct texts of each prompt, and which of them each arm's samples are: [arm][sample], arms one behind the other. */
const cellSchema = object({
  prompts: list(object({ texts: list(text), text: list(natural), tokens: list(natural) }))
})
type Cell = Read<typeof cellSchema>

interface Range {
  readonly from: number
  readonly to: number
}

/** Runs a block, then asks the base how likely each distinct answer is. In the order of prompts, arms and samples. */
export async function answerBlock(study: Study, lease: Lease, plan: BlockPlan): Promise<readonly BlockAnswer[]> {
  const prompts = study.prompts[plan.set]
  const rows = plan.arms.reduce((sum, { samples }) => sum + samples, 0)
  const each = Math.max(1, Math.floor(study.settings.batch / rows))
  const ranges: Range[] = []
  for (let from = 0; from < prompts.length; from += each)
    ranges.push({ from, to: Math.min(prompts.length, from + each) })
  const cells: Cell[] = []
  for (const range of ranges) cells.push(await answerCell(study, lease, plan, range, rows))
  const all: BlockAnswer[] = []
  for (const [i, range] of ranges.entries()) {
    const cell = cells[i]
    if (cell) all.push(...unfold(study, plan, range, cell, await scoreCell(study, lease, plan, range, cell)))
  }
  return all
}

const keyOf = ({ part, model, adapter, set, name }: BlockPlan, { from, to }: Range): string =>
  `${part}/${model}/${adapter}/${set}/${name}/${from}-${to}`

async function answerCell(study: Study, lease: Lease, plan: BlockPlan, range: Range, rows: number): Promise<Cell> {
  const { model, adapter, stage, set, arms } = plan
  const count = rows * (range.to - range.from)
  const place = { stage, model, adapter, text: `${arms.length} ${arms.length === 1 ? 'arm' : 'arms'} on ${set}` }
  const entry = await study.cell(
    place,
    `answers/${keyOf(plan, range)}`,
    count,
    async () => {
      const prompts = study.prompts[set].slice(range.from, range.to)
      const wanted = prompts.flatMap((prompt) => rowsOf(study, plan, prompt))
      const { temperature, topP, maxTokens, batch } = study.settings
      const got: { text: string; tokens: number }[] = []
      for (let start = 0; start < wanted.length; start += batch) {
        study.signal?.throwIfAborted()
        const part = wanted.slice(start, start + batch)
        const sampling = { temperature, topP }
        const { completions } = await lease.call(adapter, (handle) => handle.generate(part, { maxTokens, sampling }))
        got.push(...completions.map(({ text, ids }) => ({ text, tokens: ids.length })))
      }
      const [first] = prompts
      if (first)
        study.show({ arm: arms[0]?.id ?? '', prompt: first.messages.at(-1)?.content ?? '', text: got[0]?.text ?? '' })
      return { json: { prompts: prompts.map((_, i) => fold(got.slice(i * rows, (i + 1) * rows))) } satisfies Cell }
    },
    ({ json }) => readCell(json, range, rows) !== null
  )
  return whole(readCell(entry.json, range, rows), keyOf(plan, range))
}

/** The answers of the prompts of a range, each in so many rows; null for anything else. */
function readCell(json: unknown, { from, to }: Range, rows: number): Cell | null {
  const cell = readOrNull(cellSchema, json)
  const isWhole = ({ texts, text, tokens }: Cell['prompts'][number]): boolean =>
    text.length === rows && tokens.length === rows && text.every((place) => place < texts.length)
  return cell?.prompts.length === to - from && cell.prompts.every(isWhole) ? cell : null
}

function rowsOf(study: Study, { arms }: BlockPlan, { id, messages }: StudyPrompt): GenerateRow[] {
  return arms.flatMap(({ steering, flatten, instruction, samples, turn }) =>
    Array.from({ length: samples }, (_, i) => ({
      prompt: { messages: instruction === undefined ? messages : instructed(messages, instruction) },
      seed: answerSeed(study.settings.seed, id, turn?.[i] ?? i),
      ...(steering && { steering }),
      ...(flatten && { flatten })
    }))
  )
}

function instructed(messages: StudyPrompt['messages'], instruction: string): StudyPrompt['messages'] {
  const last = messages.length - 1
  return messages.map((message, i) =>
    i === last ? { ...message, content: `${instruction} ${message.content}` } : message
  )
}

function fold(answers: readonly { readonly text: string; readonly tokens: number }[]): Cell['prompts'][number] {
  const place = new Map<string, number>()
  const text = answers.map((answer) => {
    const known = place.get(answer.text) ?? place.size
    place.set(answer.text, known)
    return known
  })
  return { texts: [...place.keys()], text, tokens: answers.map(({ tokens }) => tokens) }
}

/** Mean log-probability per token of each distinct text under the base; NaN for an empty one and for code, which is judged without it. */
async function scoreCell(study: Study, lease: Lease, plan: BlockPlan, range: Range, cell: Cell): Promise<Float32Array> {
  const { model } = plan
  const place = { stage: 'score', model, adapter: base, text: `how likely the answers are, ${plan.set}` } as const
  const entry = await study.cell(
    place,
    `scores/${keyOf(plan, range)}`,
    0,
    async () => {
      const scores: number[] = []
      for (const [i, { texts }] of cell.prompts.entries()) {
        const messages = study.prompts[plan.set][range.from + i]?.messages ?? []
        const prose = texts.filter((text) => !study.read(text).code)
        const found = new Map<string, number>()
        for (let start = 0; start < prose.length; start += study.settings.batch) {
          const part = prose.slice(start, start + study.settings.batch)
          const rows = part.map((answer) => ({ prompt: { messages }, answer }))
          const likelihoods = await lease.call(base, (handle) => handle.score(rows))
          likelihoods.forEach(({ logProbability }, row) => found.set(part[row] ?? '', logProbability))
        }
        scores.push(...texts.map((text) => found.get(text) ?? NaN))
      }
      return { json: null, floats: Float32Array.from(scores) }
    },
    (known) =>
      hasFloats(
        known,
        cell.prompts.reduce((sum, { texts }) => sum + texts.length, 0)
      )
  )
  return entry.floats ?? new Float32Array()
}

function unfold(
  { read }: Study,
  { arms }: BlockPlan,
  { from }: Range,
  { prompts }: Cell,
  scores: Float32Array
): BlockAnswer[] {
  let offset = 0
  return prompts.flatMap(({ texts, text, tokens }, i) => {
    let at = 0
    const answers = arms.flatMap(({ samples, turn }, arm) =>
      Array.from({ length: samples }, (_, nth): BlockAnswer => {
        const sample = turn?.[nth] ?? nth
        const index = text[at] ?? 0
        const answer = texts[index] ?? ''
        const score = read(answer).code ? NaN : (scores[offset + index] ?? NaN)
        const logProbability = Number.isFinite(score) ? score : null
        return { arm, prompt: from + i, sample, text: answer, tokens: tokens[at++] ?? 0, logProbability }
      })
    )
    offset += texts.length
    return answers
  })
}

/**
 * The samples of one member of a family: members take turns over those of the unsteered arm, so that a family as a whole is paired
 * with all of them and not with the luck of the first two.
 */
export function samplesInTurn(member: number, count: number, of: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => (member * count + i) % of).sort((a, b) => a - b)
}

/** The seed of an answer: FNV-1a of what it depends on. `prompt` is its id, so that any part of a set can be asked again. */
export function answerSeed(seed: number, prompt: string, sample: number): number {
  let hash = 0x811c9dc5
  for (const character of `${seed}/${prompt}/${sample}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  }
  return hash >>> 0
}
