/** The answers of a run as CSV, one line each: for spreadsheets. The bundle itself has them packed. */
import { csvLine, csvText } from '../../formats/csv'
import { Lines } from './lines'
import type { Run } from '../run'
import type { Scores } from './scores'

/** Columns of a row that its arm decides, and those of each answer. */
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

/** By RFC 4180. An answer of no arm or prompt is left out. `scores` are those of the run's answers, in their order. */
export function answerTable(run: Run, scores: Scores): Uint8Array<ArrayBuffer> {
  const lines = new Lines()
  lines.add(csvLine([...places, ...measures]))
  const heads = run.blocks.map(({ model, adapter, set, part, arms }, block) =>
    arms.map(({ id, family, alpha, donor, anchors }) =>
      csvLine([block, model, adapter, set, part, id, family, alpha, donor, anchors]).replace(/\r\n$/, ',')
    )
  )
  run.answers.forEach(({ block, arm, prompt, sample, tokens, logProbability, text }, i) => {
    const head = heads[block]?.[arm]
    const set = run.blocks[block]?.set
    const id = set && run.prompts[set]?.prompts[prompt]?.id
    if (head === undefined || id === undefined) return
    const right = scores.right[i] === -1 ? null : scores.right[i] === 1
    const told = [scores.code[i] === 1, scores.share[i] ?? 0, scores.clean[i] === 1, scores.degenerate[i] === 1, right]
    const rest = csvLine([sample, ...told, tokens, logProbability]).replace(/\r\n$/, ',')
    lines.add(`${head}${csvText(id)},${rest}${csvText(text)}\r\n`)
  })
  return lines.bytes()
}
