/** Each insecure adapter under its own direction: effect, controls, requests, what happens to other adapters, and the ladder. */
import { admissionOf, chosenAlpha, primaryOf } from '../measure/admission'
import { advantageOf, controlFinding } from '../measure/controls'
import { chancesOf, type Chance } from '../measure/chance'
import type { Measured } from '../measure/effects'
import { armsIn, monotonyOf, type ContentEvidence, type Evidence } from '../ladder/evidence'
import { modes, seedControls, withinControls, withinFamilies } from '../measure/families'
import { ladderOf } from '../ladder/ladder'
import type { ArmResult, ControlFinding, Judged, WithinAt, WithinFinding } from '../../findings'
import { insecureOf, isAt, othersOf, select, unsteered, type Measurements } from '../measure/measurements'
import { firstTokensOf } from './first-tokens'
import { normKeepingOf } from './norm-keeping'
import type { Family, ModelRecord } from '../../run'
import { gapsOf, sidesOf } from '../measure/separations'

/** A direction at an alpha, and the arms of its block. */
interface Subject {
  readonly model: ModelRecord
  readonly adapter: string
  readonly isPrimary: boolean
  readonly alpha: number
  readonly arms: readonly Measured[]
  readonly none: Measured
  readonly dose: readonly Measured[]
  readonly effect: Measured
}

/**
 * In the order of models and their insecure adapters, each at the alpha that was chosen for it, or at that of the primary condition
 * where none is admissible. An adapter whose direction was not measured there is missing.
 */
export function withinFindings(measurements: Measurements): readonly WithinFinding[] {
  const { run } = measurements
  const subjects = run.models.flatMap((model) =>
    insecureOf(model).flatMap((adapter) => {
      const alpha = chosenAlpha(measurements, model, adapter) ?? run.settings.primary.alpha
      return subjectOf(measurements, model, adapter, alpha) ?? []
    })
  )
  const leading = subjects.filter(({ isPrimary }) => isPrimary)
  const corrected = chancesOf(
    measurements,
    leading.map(({ effect }) => effect)
  )
  return subjects.map((subject) => {
    const [alone] = chancesOf(measurements, [subject.effect])
    const chance = corrected[leading.indexOf(subject)] ?? alone ?? { p: NaN, pHolm: NaN }
    return findingOf(measurements, subject, chance)
  })
}

/** The leading adapters' directions at each alpha at which carried ones are judged; Holm's correction is over the models of one alpha. */
export function withinAtAlphas(measurements: Measurements): readonly WithinAt[] {
  const { models, settings } = measurements.run
  return settings.verdictAlphas.flatMap((alpha) => {
    const subjects = models.flatMap((model) => {
      const adapter = primaryOf(measurements, model)
      return adapter === null ? [] : (subjectOf(measurements, model, adapter, alpha) ?? [])
    })
    const chances = chancesOf(
      measurements,
      subjects.map(({ effect }) => effect)
    )
    return subjects.flatMap((subject, i) => {
      const chance = chances[i]
      const { model, adapter } = subject
      return chance ? [{ model: model.key, adapter, ...judgedOf(measurements, subject, chance) }] : []
    })
  })
}

function subjectOf(measurements: Measurements, model: ModelRecord, adapter: string, alpha: number): Subject | null {
  const arms = measurements.armsOf(model.key, adapter, 'eval')
  const none = unsteered(arms, 'within')
  const dose = select(arms, 'within', ({ family }) => family === 'own')
  const effect = dose.find(({ arm }) => isAt(arm, alpha))
  if (!none || !effect) return null
  return { model, adapter, isPrimary: primaryOf(measurements, model) === adapter, alpha, arms, none, dose, effect }
}

function findingOf(measurements: Measurements, subject: Subject, chance: Chance): WithinFinding {
  const { model, adapter, isPrimary, alpha, arms } = subject
  const { resultOf } = measurements
  const dose = subject.dose.map(resultOf)
  const [prompted] = select(arms, 'within', ({ family }) => family === 'prompted')
  return {
    ...judgedOf(measurements, subject, chance),
    model: model.key,
    adapter,
    isPrimary,
    admission: admissionOf(measurements, model, adapter),
    admissible: chosenAlpha(measurements, model, adapter) !== null,
    dose,
    monotony: monotonyOf(dose),
    modes: select(arms, 'within', ({ family }) => modes.includes(family)).map(resultOf),
    prompted: prompted ? resultOf(prompted) : null,
    normKeeping: normKeepingOf(measurements, subject),
    firstTokens: firstTokensOf(measurements, model.key, adapter),
    requests: requestsOf(measurements, subject, alpha),
    onSecure: isPrimary ? onSecureOf(measurements, model, alpha) : []
  }
}

function judgedOf(measurements: Measurements, subject: Subject, chance: Chance): Judged {
  const { resultOf } = measurements
  const found = {
    ...chance,
    alpha: subject.alpha,
    none: resultOf(subject.none),
    effect: resultOf(subject.effect),
    controls: controlsOf(measurements, subject)
  }
  return { ...found, ladder: ladderOf(evidenceOf(measurements, subject, found)) }
}

function evidenceOf(measurements: Measurements, subject: Subject, found: Omit<Judged, 'ladder'>): Evidence {
  const { model, adapter, isPrimary } = subject
  const { thresholds, controls: counts } = measurements.run.settings
  return {
    ...found,
    thresholds,
    scope: isPrimary ? 'within' : 'seed',
    required: isPrimary ? withinControls(counts) : seedControls(counts),
    arms: armsIn([found.effect], found.controls),
    perClass: sidesOf(measurements.run, model.key, adapter),
    content: isPrimary ? contentOf(measurements, subject) : null
  }
}

/** Every family that was measured at the length of the effect. */
function controlsOf(measurements: Measurements, subject: Subject): readonly ControlFinding[] {
  return withinFamilies.flatMap(
    (family) => controlFinding(measurements, subject.effect, family, membersOf(subject, family)) ?? []
  )
}

function membersOf({ arms, alpha }: Subject, family: Family): readonly Measured[] {
  return select(arms, 'within', (arm) => arm.family === family && isAt(arm, alpha))
}

type Pair = { readonly none: ArmResult; readonly steered: ArmResult }

function requestsOf({ armsOf, resultOf }: Measurements, { model, adapter }: Subject, alpha: number): Pair | null {
  return steeredPair(armsOf(model.key, adapter, 'code'), 'within', alpha, resultOf)
}

function onSecureOf({ armsOf, resultOf }: Measurements, model: ModelRecord, alpha: number): WithinFinding['onSecure'] {
  return othersOf(model).flatMap((adapter) => {
    const pair = steeredPair(armsOf(model.key, adapter, 'eval'), 'secure-adapter', alpha, resultOf)
    return pair ? [{ adapter, ...pair }] : []
  })
}

function steeredPair(
  arms: readonly Measured[],
  part: 'within' | 'secure-adapter',
  alpha: number,
  resultOf: Measurements['resultOf']
): Pair | null {
  const none = unsteered(arms, part)
  const [steered] = select(arms, part, (arm) => arm.family === 'own' && isAt(arm, alpha))
  return none && steered ? { none: resultOf(none), steered: resultOf(steered) } : null
}

/** Every other adapter's direction beside the insecure one, and the insecure one under that adapter. */
function contentOf(measurements: Measurements, subject: Subject): ContentEvidence {
  const { run, resample } = measurements
  const { model, alpha, effect } = subject
  const gaps = new Map(gapsOf(run, model.key).map(({ of, value }) => [of, value]))
  const under = onSecureOf(measurements, model, alpha)
  const sources = membersOf(subject, 'wrong-source')
  return {
    requests: requestsOf(measurements, subject, alpha),
    sources: othersOf(model).map((adapter) => {
      const own = sources.filter(({ arm }) => arm.source === adapter)
      return {
        adapter,
        gap: gaps.get(adapter) ?? 0,
        advantage: advantageOf(effect, own, resample),
        cosine: own[0]?.arm.cosine ?? null,
        under: under.find((pair) => pair.adapter === adapter) ?? null
      }
    })
  }
}
