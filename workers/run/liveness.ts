/** Steering is never a silent no-op: before a layer is steered for the first time, it must be seen to move the logits. */
import { LabError } from '../../src/errors'
import type { Steering } from '../../src/lab/api'
import { DecoderSession } from '../session'

/** @throws LabError `graph` when a large change after one of these blocks leaves the logits as they were */
export async function checkAlive(session: DecoderSession, layers: readonly number[]): Promise<void> {
  if (layers.length === 0) return
  const { info, padding } = session.parts
  // Alternating signs: a constant shift could vanish in a norm that takes the mean out.
  const vector = Float32Array.from({ length: info.width }, (_, i) => (i % 2 ? 1 : -1))
  const plain = await logits(session, padding, null)
  for (const layer of layers) {
    const steered = await logits(session, padding, {
      interventions: [{ mode: 'add', layer, vector, coefficient: 10 }]
    })
    if (plain.some((x, i) => x !== steered[i])) continue
    throw new LabError(
      'graph',
      `steering layer ${layer} does not reach the logits of this graph: it was not edited as it should, please report the model`
    )
  }
}

async function logits(session: DecoderSession, id: number, steering: Steering | null): Promise<Float32Array> {
  const output = await session.run({ tokens: [[id]], cache: null, prompt: [1], steering: [steering], scores: 'logits' })
  DecoderSession.release(output.cache)
  return output.scores
}
