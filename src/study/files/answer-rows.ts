/** The answers of a run as lines, one each: JSONL, which is read again, and CSV for spreadsheets. */
import { LabError } from '../../errors'
import { joined } from '../../formats/bytes'
import { csvLine, csvText } from '../../formats/csv'
import { parseFields, utf8, type Fields } from '../../formats/record'
import type { Answer, Arm, Block } from '../run'
import type { RunDocument } from './run-document'
import { emptyScores, type Scores } from './scores'

/** Columns of a row that its arm decides, in the order of the file. */
const places = ['block', 'model', 'adapter', 'set', 'part', 'arm', 'family', 'alpha', 'donor', 'anchors'] as const
const measures = [
  'prompt',
  'sample',
  'code',
  'share',
  'clean',
  'degenerate',
  'right',
  'tokens',
  'logProbability',
  'text'
] as const

/** Lines encoded at a time. */
const chunk = 4096

/** Both files. @throws LabError `shape` for an answer that belongs to no block, arm or prompt */
export function writeRows(
  run: RunDocument,
  answers: readonly Answer[],
  scores: Scores
): { readonly jsonl: Uint8Array<ArrayBuffer>; readonly csv: Uint8Array<ArrayBuffer> } {
  const heads = headsOf(run.blocks)
  const ids = promptIds(run)
  const jsonl = new Lines()
  const csv = new Lines()
  csv.add(csvLine([...places, ...measures]))
  answers.forEach((answer, i) => {
    const head = heads[answer.block]?.[answer.arm]
    const id = ids[answer.block]?.[answer.prompt]
    if (!head || !id) throw new LabError('shape', `answer ${i} belongs to no arm and prompt of the run: write it whole`)
    const { sample, tokens, logProbability, text } = answer
    const code = scores.code[i] === 1
    const share = scores.share[i] ?? 0
    const clean = scores.clean[i] === 1
    const degenerate = scores.degenerate[i] === 1
    const right = scores.right[i] === -1 ? null : scores.right[i] === 1
    jsonl.add(
      `${head.json}${id.json},"sample":${sample},"code":${code},"share":${share},"clean":${clean},"degenerate":${degenerate},"right":${right},"tokens":${tokens},"logProbability":${JSON.stringify(logProbability)},"text":${JSON.stringify(text)}}\n`
    )
    csv.add(
      `${head.csv}${id.csv},${sample},${code},${share},${clean},${degenerate},${right ?? ''},${tokens},${logProbability ?? ''},${csvText(text)}\r\n`
    )
  })
  return { jsonl: jsonl.bytes(), csv: csv.bytes() }
}

/** What `writeRows` wrote. @throws LabError `format` that names the line */
export function readRows(
  bytes: Uint8Array,
  run: RunDocument
): { readonly answers: readonly Answer[]; readonly scores: Scores } {
  const lines = linesOf(bytes)
  const known = run.blocks.map((block, index) => ({
    arms: new Map(block.arms.map((arm, i) => [arm.id, { index: i, place: placeOf(index, block, arm) }])),
    prompts: new Map((run.prompts[block.set]?.prompts ?? []).map(({ id }, i) => [id, i]))
  }))
  const scores = emptyScores(lines.length)
  const answers = lines.map((line, i) => {
    const fields = parseFields(line, `rows.jsonl: line ${i + 1}`)
    const block = fields.natural('block')
    const arm = known[block]?.arms.get(fields.text('arm'))
    const prompt = known[block]?.prompts.get(fields.text('prompt'))
    if (!arm || prompt === undefined) {
      throw new LabError('format', `${fields.where} is of an arm or prompt that run.json does not know`)
    }
    assertPlace(fields, arm.place)
    readScoresInto(scores, i, fields)
    const logProbability = fields.numberOrNull('logProbability')
    const [sample, tokens] = [fields.natural('sample'), fields.natural('tokens')]
    return { block, arm: arm.index, prompt, sample, text: fields.text('text'), tokens, logProbability }
  })
  return { answers, scores }
}

type Place = Readonly<Record<(typeof places)[number], string | number | null>>

function placeOf(
  block: number,
  { model, adapter, set, part }: Block,
  { id, family, alpha, donor, anchors }: Arm
): Place {
  return { block, model, adapter, set, part, arm: id, family, alpha, donor, anchors }
}

interface Text {
  readonly json: string
  readonly csv: string
}

/** How the lines of each arm begin. [block][arm] */
function headsOf(blocks: readonly Block[]): readonly (readonly Text[])[] {
  return blocks.map((block, index) =>
    block.arms.map((arm) => {
      const place = placeOf(index, block, arm)
      const json = `${JSON.stringify(place).slice(0, -1)},"prompt":`
      return { json, csv: csvLine(places.map((name) => place[name])).replace(/\r\n$/, ',') }
    })
  )
}

function promptIds({ blocks, prompts }: RunDocument): readonly (readonly Text[])[] {
  return blocks.map(({ set }) =>
    (prompts[set]?.prompts ?? []).map(({ id }) => ({ json: JSON.stringify(id), csv: csvText(id) }))
  )
}

/** Lines as UTF-8, encoded some thousand at a time: all of them as one string may be longer than a string can be. */
class Lines {
  #waiting: string[] = []
  readonly #parts: Uint8Array[] = []

  add(line: string): void {
    this.#waiting.push(line)
    if (this.#waiting.length >= chunk) this.#encode()
  }

  bytes(): Uint8Array<ArrayBuffer> {
    this.#encode()
    return joined(this.#parts)
  }

  #encode(): void {
    this.#parts.push(new TextEncoder().encode(this.#waiting.join('')))
    this.#waiting = []
  }
}

/** Lines of a file, decoded a few megabytes at a time. */
function linesOf(bytes: Uint8Array): readonly string[] {
  const lines: string[] = []
  const size = 1 << 22
  for (let from = 0; from < bytes.length;) {
    const end = from + size >= bytes.length ? bytes.length : bytes.lastIndexOf(0x0a, from + size) + 1
    const to = end > from ? end : bytes.length
    for (const line of utf8(bytes.subarray(from, to), 'rows.jsonl').split('\n')) if (line !== '') lines.push(line)
    from = to
  }
  return lines
}

function assertPlace(fields: Fields, place: Place): void {
  const differs = places.find((name) => {
    const value = place[name]
    if (value === null) return fields.textOrNull(name) !== null
    return typeof value === 'string' ? fields.text(name) !== value : fields.number(name) !== value
  })
  if (differs) throw new LabError('format', `${fields.where}: ${differs} is not what run.json says of this arm`)
}

function readScoresInto(scores: Scores, i: number, fields: Fields): void {
  scores.code[i] = Number(fields.flag('code'))
  scores.share[i] = fields.number('share')
  scores.clean[i] = Number(fields.flag('clean'))
  scores.degenerate[i] = Number(fields.flag('degenerate'))
  scores.right[i] = Number(fields.flagOrNull('right') ?? -1)
}
