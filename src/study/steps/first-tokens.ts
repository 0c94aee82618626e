/** How much of the first token's probability begins code, in the arms of the direction itself. */
import { codeTokens, firstTokenMass } from '../../spillover/first-token'
import type { ArmPlan } from './answers'
import type { Lease } from './lease'
import type { FirstTokenRecord } from '../run'
import type { Study } from '../study'
import type { Entry } from '../journal'
import { hasFloats } from './whole'

/** Largest floats of logits a call: 64 MB. */
const most = 2 ** 24

/** The mass of each arm without `flatten` on each prompt of `eval`. */
export async function firstTokens(
  study: Study,
  lease: Lease,
  adapter: string,
  arms: readonly ArmPlan[]
): Promise<readonly FirstTokenRecord[]> {
  const { key } = lease.model
  const place = { stage: 'within', model: key, adapter, text: 'what the first token begins' } as const
  const prompts = study.prompts.eval
  const compute = async (): Promise<Entry> => ({
    json: null,
    floats: Float32Array.from(await measure(study, lease, adapter, arms))
  })
  const isWhole = (entry: Entry): boolean => hasFloats(entry, prompts.length * arms.length)
  const entry = await study.cell(place, `first/${key}/${adapter}`, 0, compute, isWhole)
  const masses = entry.floats ?? new Float32Array()
  return arms.map(({ id }, arm) => ({
    ...{ model: key, adapter, arm: id },
    mass: prompts.map((_, prompt) => masses[prompt * arms.length + arm] ?? NaN)
  }))
}

/** `[prompt][arm]` */
async function measure(study: Study, lease: Lease, adapter: string, arms: readonly ArmPlan[]): Promise<number[]> {
  const first = study.prompts.eval[0]?.messages ?? []
  const probe = await lease.call(adapter, (handle) => handle.logits([{ prompt: { messages: first } }]))
  const vocabulary = probe.length
  const ids = Array.from({ length: vocabulary }, (_, id) => id)
  const tokens = await lease.call(adapter, (handle) => handle.tokenize({ ids }))
  const begins = codeTokens(tokens.map(({ text }) => text))
  const rows = study.prompts.eval.flatMap(({ messages }) =>
    arms.map(({ steering }) => ({ prompt: { messages }, ...(steering && { steering }) }))
  )
  const batch = Math.max(1, Math.min(study.settings.batch, Math.floor(most / vocabulary)))
  const masses: number[] = []
  for (let from = 0; from < rows.length; from += batch) {
    study.signal?.throwIfAborted()
    const part = rows.slice(from, from + batch)
    const logits = await lease.call(adapter, (handle) => handle.logits(part))
    part.forEach((_, i) => masses.push(firstTokenMass(logits.subarray(i * vocabulary, (i + 1) * vocabulary), begins)))
  }
  return masses
}
