/** What verdicts need of the separation records: prompts on each side, and whether the secure branch is alive. */
import type { Named } from '../ladder/evidence'
import type { Run, SeparationRecord } from '../../run'

/** The record of an adapter; undefined where its separation was not measured. */
export function separationOf(run: Run, model: string, adapter: string): SeparationRecord | undefined {
  return run.separations.find((record) => record.model === model && record.adapter === adapter)
}

/** Prompts on the smaller side of a direction's contrast, half of all where projections were not kept; empty without a record. */
export function sidesOf(run: Run, model: string, adapter: string): readonly Named<number>[] {
  const record = separationOf(run, model, adapter)
  if (!record) return []
  const { positive, negative } = record.projections
  const sides = Math.min(positive.length, negative.length)
  return [{ of: `${model}, ${adapter}`, value: sides > 0 ? sides : Math.floor(record.separation.n / 2) }]
}

/** The largest gap over the layers between each adapter that is not insecure and its base. One that was never applied has exactly 0. */
export function gapsOf(run: Run, model: string): readonly Named<number>[] {
  return run.separations
    .filter((record) => record.model === model && record.kind !== 'insecure')
    .map(({ adapter, gaps }) => ({ of: adapter, value: Math.max(0, ...gaps) }))
}
