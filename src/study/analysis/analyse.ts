/** From a run to what it says. */
import { finish } from '../../math/steps'
import { claimsOf } from './claims/claims'
import { headlineOf } from './claims/headline'
import { conditionsOf, crossFindings } from './pairs/cross'
import { measureSteps } from './measure/effects'
import type { CrossFinding, Findings } from '../findings'
import { leaveOneOut } from './measure/leave-one-out'
import { measurementsOf } from './measure/measurements'
import type { TextReader } from './measure/outcome'
import { questionsOf } from './claims/questions'
import type { Run } from '../run'
import { tiersOf } from './pairs/tiers'
import { topologyOf } from './pairs/topology'
import { boundFindings } from './within/bounds'
import { seedsFindings, varianceFindings } from './within/seeds'
import { withinAtAlphas, withinFindings } from './within/within'

/** Everything that follows from a run; `read` knows texts that were read before. The same run gives the same findings, in whatever order its answers lie. */
export function findingsOf(run: Run, read?: TextReader): Findings {
  return finish(findingsSteps(run, read))
}

/** The same in steps; yields the share done, for a page that is to stay alive. */
export function* findingsSteps(run: Run, read?: TextReader): Generator<number, Findings> {
  const steps = measureSteps(run, read)
  let step = steps.next()
  for (; !step.done; step = steps.next()) yield step.value / 2
  const measured = step.value
  const measurements = measurementsOf(run, measured)
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
  const withinAt = withinAtAlphas(measurements)
  const seeds = seedsFindings(measurements, within)
  const tiers = tiersOf(run, { within, withinAt, cross })
  const topology = topologyOf(measurements)
  const facts = { run, within, withinAt, seeds, cross, tiers, topology }
  return {
    headline: headlineOf(facts),
    within,
    withinAt,
    seeds,
    variance: varianceFindings(measurements, within),
    bounds: boundFindings(run, read),
    cross,
    tiers,
    topology,
    claims: claimsOf(facts),
    leaveOneOut: leaveOneOut(measurements, within),
    questions: questionsOf(facts)
  }
}
