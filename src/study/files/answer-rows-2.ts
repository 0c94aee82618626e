/** The rows of version 1 and 2: one line an answer. Only read, to bring such a run over. */
import { LabError } from '../../errors'
import { natural, number, object, orNull, readJson, text } from '../../formats/schema'
import { linesOf } from './lines'
import type { Answer, Arm, Block } from '../run'
import type { RunDocument } from './run-document'

/** Columns of a row that its arm decides. */
const places = ['block', 'model', 'adapter', 'set', 'part', 'arm', 'family', 'alpha', 'donor', 'anchors'] as const

const rowSchema = object({
  block: natural,
  model: text,
  adapter: text,
  set: text,
  part: text,
  arm: text,
  family: text,
  alpha: number,
  donor: orNull(text),
  anchors: orNull(text),
  prompt: text,
  sample: natural,
  text,
  tokens: natural,
  logProbability: orNull(number)
})

/** The answers; what was said of each is worked out anew. @throws LabError `format` that names the line */
export function readRows2(bytes: Uint8Array, run: RunDocument): readonly Answer[] {
  const lines = linesOf(bytes)
  const known = run.blocks.map((block, index) => ({
    arms: new Map(block.arms.map((arm, i) => [arm.id, { index: i, place: placeOf(index, block, arm) }])),
    prompts: new Map((run.prompts[block.set]?.prompts ?? []).map(({ id }, i) => [id, i]))
  }))
  return lines.map((line, i) => {
    const where = `rows.jsonl: line ${i + 1}`
    const row = readJson(rowSchema, line, where)
    const { block, sample, text, tokens, logProbability } = row
    const arm = known[block]?.arms.get(row.arm)
    const prompt = known[block]?.prompts.get(row.prompt)
    if (!arm || prompt === undefined) {
      throw new LabError('format', `${where} is of an arm or prompt that run.json does not know`)
    }
    const differs = places.find((name) => row[name] !== arm.place[name])
    if (differs) throw new LabError('format', `${where}: ${differs} is not what run.json says of this arm`)
    return { block, arm: arm.index, prompt, sample, text, tokens, logProbability }
  })
}

type Place = Readonly<Record<(typeof places)[number], string | number | null>>

function placeOf(
  block: number,
  { model, adapter, set, part }: Block,
  { id, family, alpha, donor, anchors }: Arm
): Place {
  return { block, model, adapter, set, part, arm: id, family, alpha, donor, anchors }
}
