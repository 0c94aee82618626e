/** Each donor's direction in each receiver, over each set of anchors, at each alpha that has its controls. */
import { holm } from '../../math/statistics'
import { primaryOf } from './admission'
import { controlFinding } from './controls'
import type { Measured } from './effects'
import { armsIn, monotonyOf, type Evidence } from './evidence'
import { crossControls } from './families'
import type { ControlFinding, CrossFinding } from '../findings'
import { isAt, select, unsteered, type Measurements } from './measurements'
import type { Arm, Family, ModelRecord, Run } from '../run'
import { secureGapsOf, sidesOf } from './separations'
import type { Anchors } from '../settings'
import { verdictOf } from './verdict'

/** One set of anchors at one alpha: the conditions that pairs are compared in. */
export interface Condition {
  readonly anchors: Anchors
  readonly alpha: number
}

/** A carried direction at one alpha. */
export interface Carried extends Condition {
  readonly donor: ModelRecord
  readonly receiver: ModelRecord
  readonly none: Measured
  readonly dose: readonly Measured[]
  readonly effect: Measured
  /** Arms of the receiver's leading adapter on `eval`. */
  readonly arms: readonly Measured[]
}

/** The conditions that the settings ask for, in their order. */
export function conditionsOf(run: Run): readonly Condition[] {
  const { anchors, verdictAlphas } = run.settings
  return anchors.flatMap((set) => verdictAlphas.map((alpha) => ({ anchors: set, alpha })))
}

/** The pairs that were measured in a condition, donors in the order of models, then receivers. */
export function carriedIn(measurements: Measurements, condition: Condition): readonly Carried[] {
  const { models } = measurements.run
  return models.flatMap((donor) =>
    models.flatMap((receiver) =>
      donor === receiver ? [] : (carriedOf(measurements, donor, receiver, condition) ?? [])
    )
  )
}

function carriedOf(
  measurements: Measurements,
  donor: ModelRecord,
  receiver: ModelRecord,
  { anchors, alpha }: Condition
): Carried | null {
  const adapter = primaryOf(measurements, receiver)
  if (adapter === null) return null
  const arms = measurements.armsOf(receiver.key, adapter, 'eval')
  const dose = select(arms, 'transfer', (arm) => arm.family === 'carried' && isThrough(arm, donor.key, anchors))
  const effect = dose.find(({ arm }) => isAt(arm, alpha))
  const none = unsteered(arms, 'transfer')
  return none && effect ? { donor, receiver, anchors, alpha, arms, none, dose, effect } : null
}

function isThrough(arm: Arm, donor: string, anchors: Anchors): boolean {
  return arm.donor === donor && arm.anchors === anchors
}

/** Members of a family at the length of the carried direction: through its own map, or of the receiver alone where they need none. */
export function crossMembers({ arms, donor, anchors, alpha }: Carried, family: Family): readonly Measured[] {
  const needsMap = family !== 'random' && family !== 'rms-only'
  const fits = (arm: Arm): boolean => isThrough(arm, donor.key, anchors) || (!needsMap && arm.donor === null)
  return select(arms, 'transfer', (arm) => arm.family === family && isAt(arm, alpha) && fits(arm))
}

/** Every pair in a condition; Holm's correction is over these. */
export function crossFindings(measurements: Measurements, condition: Condition): readonly CrossFinding[] {
  const pairs = carriedIn(measurements, condition)
  const p = pairs.map(({ effect }) => measurements.resample(effect.delta).p)
  const adjusted = holm(p)
  return pairs.map((pair, i) => findingOf(measurements, pair, { p: p[i] ?? NaN, pHolm: adjusted[i] ?? NaN }))
}

function findingOf(
  measurements: Measurements,
  pair: Carried,
  chance: { readonly p: number; readonly pHolm: number }
): CrossFinding {
  const { run, resultOf } = measurements
  const { donor, receiver, anchors, alpha } = pair
  const dose = pair.dose.map(resultOf)
  const shared = {
    none: resultOf(pair.none),
    effect: resultOf(pair.effect),
    monotony: monotonyOf(dose),
    controls: controlsOf(measurements, pair),
    ...chance
  }
  const evidence: Evidence = {
    ...shared,
    thresholds: run.settings.thresholds,
    required: crossControls(run.settings.controls),
    arms: armsIn(dose, shared.controls),
    perClass: sidesOf(run, donor.key, primaryOf(measurements, donor) ?? ''),
    secureGaps: [...secureGapsOf(run, donor.key), ...secureGapsOf(run, receiver.key)],
    content: null
  }
  const fraction = shared.effect.delta.estimate / (100 * shared.none.code.estimate)
  return {
    ...shared,
    donor: donor.key,
    receiver: receiver.key,
    anchors,
    alpha,
    dose,
    fraction,
    verdict: verdictOf(evidence)
  }
}

function controlsOf(measurements: Measurements, pair: Carried): readonly ControlFinding[] {
  return crossControls(measurements.run.settings.controls).flatMap(
    ({ family }) => controlFinding(measurements, pair.effect, family, crossMembers(pair, family)) ?? []
  )
}
