/**
 * The answers of a run, one line a prompt of a block: each distinct answer once, with what it counts as, and which of them every arm
 * gave to each sample. Arms that share their random numbers give the same text again and again.
 */
import { LabError } from '../../errors'
import { flag, list, map, natural, number, object, orNull, readJson, text, type Read } from '../../formats/schema'
import { quoted } from '../../formats/text'
import { Lines, linesOf } from './lines'
import type { Answer, Block } from '../run'
import type { RunDocument } from './run-document'
import { emptyScores, type Scores } from './scores'

/** What a line says of one text. */
const toldSchema = object({
  text,
  tokens: natural,
  logProbability: orNull(number),
  code: flag,
  share: number,
  clean: flag,
  degenerate: flag,
  right: orNull(flag)
})
type Told = Readonly<Read<typeof toldSchema>>

const lineSchema = object({
  block: natural,
  model: text,
  adapter: text,
  set: text,
  part: text,
  prompt: text,
  texts: list(toldSchema),
  arms: map(list(orNull(natural)))
})
type Line = Readonly<Read<typeof lineSchema>>

/** Answers in their order. @throws LabError `shape` for an answer that belongs to no block, arm or prompt, or that is there twice */
export function writeRows(run: RunDocument, answers: readonly Answer[], scores: Scores): Uint8Array<ArrayBuffer> {
  const lines = new Lines()
  for (let from = 0; from < answers.length;) {
    const first = answers[from]
    if (!first) break
    let to = from
    while (answers[to]?.block === first.block && answers[to]?.prompt === first.prompt) to++
    lines.add(`${JSON.stringify(lineOf(run, answers, scores, from, to))}\n`)
    from = to
  }
  return lines.bytes()
}

/** One prompt's answers: from `from` up to `to`. */
function lineOf(run: RunDocument, answers: readonly Answer[], scores: Scores, from: number, to: number): unknown {
  const { block: index = -1, prompt = -1 } = answers[from] ?? {}
  const block = run.blocks[index]
  const id = block && run.prompts[block.set]?.prompts[prompt]?.id
  if (!block || id === undefined) throw unplaced(from)
  const texts: Told[] = []
  const known = new Map<string, number>()
  const given = block.arms.map((): (number | null)[] => [])
  for (let i = from; i < to; i++) {
    const answer = answers[i]
    const list = given[answer?.arm ?? -1]
    if (!answer || !list) throw unplaced(i)
    const { text, tokens, logProbability, sample } = answer
    if (typeof list[sample] === 'number') throw new LabError('shape', `answer ${i} is there twice: write it once`)
    const key = JSON.stringify([text, tokens, logProbability])
    const place = known.get(key) ?? texts.push({ text, tokens, logProbability, ...toldOf(scores, i) }) - 1
    known.set(key, place)
    while (list.length < sample) list.push(null)
    list[sample] = place
  }
  const arms = block.arms.flatMap((arm, place) => (given[place]?.length ? [[arm.id, given[place]] as const] : []))
  return { ...placeOf(index, block), prompt: id, texts, arms: Object.fromEntries(arms) }
}

function unplaced(answer: number): LabError {
  return new LabError('shape', `answer ${answer} belongs to no arm and prompt of the run: write it whole`)
}

function toldOf(
  { code, share, clean, degenerate, right }: Scores,
  i: number
): Omit<Told, 'text' | 'tokens' | 'logProbability'> {
  return {
    code: code[i] === 1,
    share: share[i] ?? 0,
    clean: clean[i] === 1,
    degenerate: degenerate[i] === 1,
    right: right[i] === -1 ? null : right[i] === 1
  }
}

function placeOf(
  index: number,
  { model, adapter, set, part }: Block
): Readonly<Record<(typeof places)[number], unknown>> {
  return { block: index, model, adapter, set, part }
}

const places = ['block', 'model', 'adapter', 'set', 'part'] as const

/** What `writeRows` wrote. @throws LabError `format` that names the line */
export function readRows(
  bytes: Uint8Array,
  run: RunDocument
): { readonly answers: readonly Answer[]; readonly scores: Scores } {
  const known = run.blocks.map((block) => ({
    arms: new Map(block.arms.map(({ id }, i) => [id, i])),
    prompts: new Map((run.prompts[block.set]?.prompts ?? []).map(({ id }, i) => [id, i]))
  }))
  const found: { readonly answer: Answer; readonly told: Told }[] = []
  for (const [i, json] of linesOf(bytes).entries()) {
    const where = `rows.jsonl: line ${i + 1}`
    const line = readJson(lineSchema, json, where)
    const block = run.blocks[line.block]
    const prompt = known[line.block]?.prompts.get(line.prompt)
    if (!block || prompt === undefined) {
      throw new LabError('format', `${where} is of a block or prompt that run.json does not know`)
    }
    assertPlace(line, block, where)
    found.push(...answersOf(line, { where, prompt, arms: known[line.block]?.arms ?? new Map() }))
  }
  const scores = emptyScores(found.length)
  found.forEach(({ told }, i) => fillInto(scores, i, told))
  return { answers: found.map(({ answer }) => answer), scores }
}

interface Known {
  readonly where: string
  readonly prompt: number
  readonly arms: ReadonlyMap<string, number>
}

function answersOf(
  { block, texts, arms: given }: Line,
  { where, prompt, arms }: Known
): readonly { readonly answer: Answer; readonly told: Told }[] {
  const list = [...arms].flatMap(([id, arm]) =>
    (given.get(id) ?? []).flatMap((place, sample) => {
      if (place === null) return []
      const told = texts[place]
      if (!told) {
        throw new LabError('format', `${where}: arms: ${id} has no text ${place}: take the file as it was written`)
      }
      const { text, tokens, logProbability } = told
      return [{ answer: { block, arm, prompt, sample, text, tokens, logProbability }, told }]
    })
  )
  const stray = [...given.keys()].find((id) => !arms.has(id))
  if (stray !== undefined) {
    throw new LabError(
      'format',
      `${where}: arms has ${quoted(stray)}, which run.json does not know: take both files as they were written`
    )
  }
  return list.sort((a, b) => a.answer.sample - b.answer.sample || a.answer.arm - b.answer.arm)
}

function assertPlace(line: Line, block: Block, where: string): void {
  const place = placeOf(line.block, block)
  const differs = places.find((name) => line[name] !== place[name])
  if (differs) throw new LabError('format', `${where}: ${differs} is not what run.json says of this block`)
}

function fillInto(scores: Scores, i: number, { code, share, clean, degenerate, right }: Told): void {
  scores.code[i] = Number(code)
  scores.share[i] = share
  scores.clean[i] = Number(clean)
  scores.degenerate[i] = Number(degenerate)
  scores.right[i] = Number(right ?? -1)
}
