/** From a run to what it says. */
import { resampler } from '../../math/resample'
import { finish } from '../../math/steps'
import { claimsOf } from './claims'
import { conditionsOf, crossFindings } from './cross'
import { measureSteps } from './effects'
import type { CrossFinding, Findings } from '../findings'
import { leaveOneOut } from './leave-one-out'
import { measurementsOf } from './measurements'
import type { TextReader } from './outcome'
import { questionsOf } from './questions'
import type { Run } from '../run'
import { tiersOf } from './tiers'
import { topologyOf } from './topology'
import { withinFindings } from './within'

/** Everything that follows from a run; `read` knows texts that were read before. The same run gives the same findings, in whatever order its answers lie. */
export function findingsOf(run: Run, read?: TextReader): Findings {
  return finish(findingsSteps(run, read))
}

/** The same in steps; yields the share done, for a page that is to stay alive. */
export function* findingsSteps(run: Run, read?: TextReader): Generator<number, Findings> {
  const { draws, seed } = run.settings
  const steps = measureSteps(run, read)
  let step = steps.next()
  for (; !step.done; step = steps.next()) yield step.value / 2
  const measured = step.value
  const measurements = measurementsOf(run, measured, resampler({ draws, seed }))
  for (const [i, one] of measured.entries()) {
    // Kept by `resultOf`: what follows finds most of its intervals made.
    measurements.resultOf(one)
    yield 0.5 + (0.4 * i) / measured.length
  }
  const within = withinFindings(measurements)
  yield 0.93
  const cross: CrossFinding[] = []
  for (const condition of conditionsOf(run)) {
    cross.push(...crossFindings(measurements, condition))
    yield 0.97
  }
  const tiers = tiersOf(run, within, cross)
  const topology = topologyOf(measurements)
  const facts = { run, within, cross, tiers, topology }
  return {
    within,
    cross,
    tiers,
    topology,
    claims: claimsOf(facts),
    leaveOneOut: leaveOneOut(measurements, within),
    questions: questionsOf(facts)
  }
}
