/** Steering is never a silent no-op: before a layer is steered for the first time, it must be seen to move the logits. */
import { LabError } from '../../src/errors'
import type { Steering } from '../../src/lab/api'
import { DecoderSession, type Cache, type RunOutput } from '../session'

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

/**
 * The branch with a cache of a merged decoder is run for whole prompts, too. Some were traced with one token at a time and
 * mask nothing between the tokens of a run, which no error tells: three tokens at once must do what three runs do.
 * @throws LabError `graph`
 */
export async function checkWholePrompts(session: DecoderSession): Promise<void> {
  const { vocabulary } = session.parts.info
  const ids = [3, 1, 4].map((id) => id % vocabulary)
  const score = async (tokens: readonly number[], cache: Cache | null): Promise<RunOutput> => {
    const output = await session.run({
      tokens: [tokens],
      cache,
      prompt: [ids.length],
      steering: [null],
      scores: 'logits'
    })
    DecoderSession.release(cache)
    return output
  }
  const whole = await score(ids, null)
  DecoderSession.release(whole.cache)
  let cache: Cache | null = null
  let last = new Float32Array()
  for (const id of ids) {
    const step: RunOutput = await score([id], cache)
    cache = step.cache
    last = Float32Array.from(step.scores)
  }
  DecoderSession.release(cache)
  const largest = last.reduce((max, x) => Math.max(max, Math.abs(x)), 0)
  if (whole.scores.every((x, i) => Math.abs(x - (last[i] ?? NaN)) <= 0.02 * largest)) return
  throw new LabError(
    'graph',
    'the branch with a cache of this merged decoder was made for one token at a time, so prompts would be read wrong: ' +
      'choose a newer conversion of the model, without use_cache_branch'
  )
}

async function logits(session: DecoderSession, id: number, steering: Steering | null): Promise<Float32Array> {
  const output = await session.run({ tokens: [[id]], cache: null, prompt: [1], steering: [steering], scores: 'logits' })
  DecoderSession.release(output.cache)
  return output.scores
}
