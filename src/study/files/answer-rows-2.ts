/** The rows of version 1 and 2: one line an answer. Only read, to bring such a run over. */
import { LabError } from '../../errors'
import { parseFields, type Fields } from '../../formats/record'
import { linesOf } from './lines'
import type { Answer, Arm, Block } from '../run'
import type { RunDocument } from './run-document'

/** Columns of a row that its arm decides. */
const places = ['block', 'model', 'adapter', 'set', 'part', 'arm', 'family', 'alpha', 'donor', 'anchors'] as const

/** The answers; what was said of each is worked out anew. @throws LabError `format` that names the line */
export function readRows2(bytes: Uint8Array, run: RunDocument): readonly Answer[] {
  const lines = linesOf(bytes)
  const known = run.blocks.map((block, index) => ({
    arms: new Map(block.arms.map((arm, i) => [arm.id, { index: i, place: placeOf(index, block, arm) }])),
    prompts: new Map((run.prompts[block.set]?.prompts ?? []).map(({ id }, i) => [id, i]))
  }))
  return lines.map((line, i) => {
    const fields = parseFields(line, `rows.jsonl: line ${i + 1}`)
    const block = fields.natural('block')
    const arm = known[block]?.arms.get(fields.text('arm'))
    const prompt = known[block]?.prompts.get(fields.text('prompt'))
    if (!arm || prompt === undefined) {
      throw new LabError('format', `${fields.where} is of an arm or prompt that run.json does not know`)
    }
    assertPlace(fields, arm.place)
    const logProbability = fields.numberOrNull('logProbability')
    const [sample, tokens] = [fields.natural('sample'), fields.natural('tokens')]
    return { block, arm: arm.index, prompt, sample, text: fields.text('text'), tokens, logProbability }
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

function assertPlace(fields: Fields, place: Place): void {
  const differs = places.find((name) => {
    const value = place[name]
    if (value === null) return fields.textOrNull(name) !== null
    return typeof value === 'string' ? fields.text(name) !== value : fields.number(name) !== value
  })
  if (differs) throw new LabError('format', `${fields.where}: ${differs} is not what run.json says of this arm`)
}
