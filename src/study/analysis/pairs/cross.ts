/** Each donor's direction in each receiver, over each set of anchors, at each alpha that has its controls. */
import { primaryOf } from '../measure/admission'
import { chancesOf, type Chance } from '../measure/chance'
import { controlFinding } from '../measure/controls'
import type { Measured } from '../measure/effects'
import { armsIn, monotonyOf, type Evidence } from '../ladder/evidence'
import { ladderOf } from '../ladder/ladder'
import { crossControls, crossFamilies } from '../measure/families'
import type { ArmResult, ControlFinding, CrossFinding } from '../../findings'
import { isAt, select, unsteered, type Measurements } from '../measure/measurements'
import type { Arm, Family, ModelRecord, Run } from '../../run'
import { sidesOf } from '../measure/separations'
import { judgedAlphas, type Anchors } from '../../settings'

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
  const { settings } = run
  return settings.anchors.flatMap((set) => judgedAlphas(settings, set).map((alpha) => ({ anchors: set, alpha })))
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
  const chances = chancesOf(
    measurements,
    pairs.map(({ effect }) => effect)
  )
  return pairs.map((pair, i) => findingOf(measurements, pair, chances[i] ?? { p: NaN, pHolm: NaN }))
}

function findingOf(measurements: Measurements, pair: Carried, chance: Chance): CrossFinding {
  const { run, resultOf } = measurements
  const { donor, receiver, anchors, alpha } = pair
  const dose = pair.dose.map(resultOf)
  const shared = {
    none: resultOf(pair.none),
    effect: resultOf(pair.effect),
    controls: controlsOf(measurements, pair),
    ...chance
  }
  const evidence: Evidence = {
    ...shared,
    scope: 'pair',
    thresholds: run.settings.thresholds,
    required: crossControls(run.settings.controls),
    arms: armsIn([shared.effect], shared.controls),
    perClass: sidesOf(run, donor.key, primaryOf(measurements, donor) ?? ''),
    content: null
  }
  return {
    ...shared,
    donor: donor.key,
    receiver: receiver.key,
    anchors,
    alpha,
    dose,
    own: ownOf(measurements, pair),
    fraction: shared.effect.delta.estimate / (100 * shared.none.code.estimate),
    monotony: monotonyOf(dose),
    ladder: ladderOf(evidence)
  }
}

/** The receiver's own direction at the alphas of the carried one. */
function ownOf({ resultOf }: Measurements, { arms, dose }: Carried): readonly ArmResult[] {
  const own = select(arms, 'within', ({ family }) => family === 'own')
  return own.filter(({ arm }) => dose.some((one) => isAt(one.arm, arm.alpha))).map(resultOf)
}

function controlsOf(measurements: Measurements, pair: Carried): readonly ControlFinding[] {
  return crossFamilies.flatMap(
    (family) => controlFinding(measurements, pair.effect, family, crossMembers(pair, family)) ?? []
  )
}
