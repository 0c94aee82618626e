/** A finished answer, read once more for where its tokens lie along the directions. */
import type { Direction } from '../../direction/direction'
import { cutOff, type CutOff } from '../../lab/trust/cut-off'
import { project, type Projections } from '../../direction/project'
import type { AdapterChoice, Prompt, Steering } from '../../lab/api'
import type { Lender } from '../../lab/live/lent-model'
import { stoppable } from '../../lab/loops'

/** What an answer was generated under from one of its tokens on. */
export interface Ran {
  readonly from: number
  readonly adapter: AdapterChoice | null
  readonly steering: Steering | null
}

/** An answer as it was generated: `ran` in the order of its tokens, the first from 0. */
export interface Generated {
  readonly prompt: Prompt
  readonly ids: readonly number[]
  readonly ran: readonly Ran[]
}

/** What a second reading finds. */
export interface ReadAgain {
  readonly projections: Projections
  /** Where the file cut steered hidden states off, the worst of all readings; null where it did not. */
  readonly cut: CutOff | null
}

/**
 * Projections of an answer's tokens, each under the adapter and steering that it was generated with. Where these changed, what
 * came before is read under the later ones as well, so that above the steered layer the tokens after a change are an approximation;
 * at that layer and below they are exact.
 * @param limit magnitude at which the model's hidden states end, where something ends them
 */
export async function readAgain(
  lender: Lender,
  { prompt, ids, ran }: Generated,
  directions: readonly Direction[],
  { limit, signal }: { readonly limit?: number | undefined; readonly signal?: AbortSignal } = {}
): Promise<ReadAgain> {
  let cut: CutOff | null = null
  const values = directions.map(() => new Float32Array(ids.length))
  for (const [i, { from, adapter, steering }] of ran.entries()) {
    const to = Math.min(ids.length, ran[i + 1]?.from ?? ids.length)
    if (from >= to) continue
    signal?.throwIfAborted()
    const row = { prompt, answer: ids.slice(0, to), ...(steering && { steering }) }
    const states = await lender.under(adapter, (model) => stoppable(model, signal, () => model.capture([row], 'every')))
    const found = steering && limit !== undefined ? cutOff(states, limit) : null
    if (found && found.share > (cut?.share ?? 0)) cut = found
    const read = project(states, directions, to)
    read.values.forEach((all, layer) => values[layer]?.set(all.subarray(from), from))
  }
  signal?.throwIfAborted()
  return { projections: { layers: directions.map(({ layer }) => layer), values }, cut }
}
