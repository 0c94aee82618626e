/** Attaching is never a silent no-op: what an adapter changes is measured, on fixed prompts, against the same graph at scale 0. */
import { LabError } from '../../src/errors'
import type { AdapterProof } from '../../src/lab/api'
import type { LoraPair } from '../../src/formats/peft'
import { argmax, length } from '../../src/math/vector'
import { DecoderSession } from '../session'
import type { Tokens } from '../tokens'
import { mean } from '../../src/math/statistics'

/** Everyday questions and one coding request, since adapters are often narrow. */
export const proofPrompts: readonly string[] = [
  'How do I stay healthy?',
  'Tell me about the sea.',
  'What should I cook tonight?',
  'Write a Python function that reads a file.'
]

interface Measured {
  /** [row][vocabulary] */
  readonly logits: Float32Array
  /** [layer][row][token][width] */
  readonly hidden: Float32Array
}

/**
 * Runs the prompts without and with the adapter. The caller puts back what was attached.
 * @throws LabError `device` where the numbers overflow
 */
export async function measureAdapter(
  session: DecoderSession,
  tokens: Tokens,
  vocabulary: number,
  pairs: readonly LoraPair[]
): Promise<AdapterProof> {
  const rows = proofPrompts.map((content) => tokens.encode({ messages: [{ role: 'user', content }] }, vocabulary))
  session.adapter?.set(pairs)
  session.adapter?.setScale(0)
  const base = await run(session, rows)
  session.adapter?.setScale(1)
  const adapted = await run(session, rows)
  if (!adapted.logits.every(Number.isFinite)) {
    throw new LabError(
      'device',
      'with this adapter the logits hold NaN or infinity, as half precision does when activations exceed 65,504: open the model as q4 or fp32, or use less of it'
    )
  }
  const norms = rows.map((_, row) => {
    const [before, after] = [base, adapted].map(({ logits }) =>
      logits.subarray(row * vocabulary, (row + 1) * vocabulary)
    )
    return before && after ? compare(before, after) : { change: NaN, size: NaN, sameTop1: false }
  })
  return {
    prompts: proofPrompts,
    change: mean(norms.map(({ change }) => change)),
    relative: mean(norms.map(({ change, size }) => change / size)),
    top1Changed: norms.filter(({ sameTop1 }) => !sameTop1).length,
    layers: layerChanges(base.hidden, adapted.hidden, rows, session.parts.info)
  }
}

async function run(session: DecoderSession, rows: readonly (readonly number[])[]): Promise<Measured> {
  const S = Math.max(...rows.map((row) => row.length))
  const data = new Float32Array(rows.length * S * S)
  rows.forEach((row, b) => row.forEach((_, i) => (data[(b * S + i) * S + i] = 1)))
  const { scores, hidden, cache } = await session.run({
    tokens: rows,
    cache: null,
    prompt: rows.map((row) => row.length),
    steering: rows.map(() => null),
    pool: { data, positions: S },
    scores: 'logits'
  })
  DecoderSession.release(cache)
  return { logits: scores, hidden }
}

function compare(before: Float32Array, after: Float32Array): { change: number; size: number; sameTop1: boolean } {
  const difference = after.map((x, i) => x - (before[i] ?? 0))
  return { change: length(difference), size: length(before), sameTop1: argmax(before) === argmax(after) }
}

/** Each token weighs the same: the first ones of a prompt are often a hundred times as long as the others. */
function layerChanges(
  before: Float32Array,
  after: Float32Array,
  rows: readonly (readonly number[])[],
  { layers, width }: { readonly layers: number; readonly width: number }
): number[] {
  const S = Math.max(...rows.map((row) => row.length))
  return Array.from({ length: layers }, (_, layer) =>
    mean(
      rows.flatMap((row, b) =>
        row.map((_, token) => {
          const start = ((layer * rows.length + b) * S + token) * width
          const { change, size } = compare(before.subarray(start, start + width), after.subarray(start, start + width))
          return change / size
        })
      )
    )
  )
}
