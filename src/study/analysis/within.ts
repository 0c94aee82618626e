/** Each insecure adapter under its own direction: effect, controls, requests, what happens to secure adapters, verdict. */
import { holm } from '../../math/statistics'
import { admissionOf, alphaOf, primaryOf } from './admission'
import { advantageOf, controlFinding } from './controls'
import type { Measured } from './effects'
import { armsIn, monotonyOf, type ContentEvidence, type Evidence } from './evidence'
import { modes, seedControls, withinControls } from './families'
import type { ArmResult, ControlFinding, WithinFinding } from '../findings'
import { adaptersOf, isAt, select, unsteered, type Measurements } from './measurements'
import type { Family, ModelRecord } from '../run'
import { secureGapsOf, sidesOf } from './separations'
import { verdictOf } from './verdict'

/** In the order of models and their insecure adapters; an adapter whose direction was not measured at its alpha is not there. */
export function withinFindings(measurements: Measurements): readonly WithinFinding[] {
  const subjects = measurements.run.models.flatMap((model) =>
    adaptersOf(model, 'insecure').flatMap((adapter) => subjectOf(measurements, model, adapter) ?? [])
  )
  const primaries = subjects.filter(({ isPrimary }) => isPrimary)
  const adjusted = holm(primaries.map(({ p }) => p))
  return subjects.map((subject) => {
    const pHolm = adjusted[primaries.indexOf(subject)] ?? subject.p
    return findingOf(measurements, subject, pHolm)
  })
}

/** A direction at its alpha, and the arms of its block. */
interface Subject {
  readonly model: ModelRecord
  readonly adapter: string
  readonly isPrimary: boolean
  readonly alpha: number
  readonly arms: readonly Measured[]
  readonly none: Measured
  readonly dose: readonly Measured[]
  readonly effect: Measured
  readonly p: number
}

function subjectOf(measurements: Measurements, model: ModelRecord, adapter: string): Subject | null {
  const arms = measurements.armsOf(model.key, adapter, 'eval')
  const alpha = alphaOf(measurements, model, adapter)
  const none = unsteered(arms, 'within')
  const dose = select(arms, 'within', ({ family }) => family === 'own')
  const effect = dose.find(({ arm }) => alpha !== null && isAt(arm, alpha))
  if (alpha === null || !none || !effect) return null
  const isPrimary = primaryOf(measurements, model) === adapter
  const { p } = measurements.resample(effect.delta)
  return { model, adapter, isPrimary, alpha, arms, none, dose, effect, p }
}

function findingOf(measurements: Measurements, subject: Subject, pHolm: number): WithinFinding {
  const { model, adapter, isPrimary, alpha, arms } = subject
  const { resultOf } = measurements
  const dose = subject.dose.map(resultOf)
  const found = {
    none: resultOf(subject.none),
    dose,
    effect: resultOf(subject.effect),
    pHolm,
    monotony: monotonyOf(dose),
    controls: controlsOf(measurements, subject),
    modes: select(arms, 'within', ({ family }) => modes.includes(family)).map(resultOf),
    requests: steeredPair(measurements.armsOf(model.key, adapter, 'code'), 'within', alpha, resultOf),
    onSecure: isPrimary ? onSecureOf(measurements, model, alpha) : []
  }
  return {
    ...found,
    model: model.key,
    adapter,
    isPrimary,
    admission: admissionOf(measurements, model, adapter),
    alpha,
    p: subject.p,
    verdict: verdictOf(evidenceOf(measurements, subject, found))
  }
}

type Found = Pick<
  WithinFinding,
  'none' | 'dose' | 'effect' | 'pHolm' | 'monotony' | 'controls' | 'modes' | 'requests' | 'onSecure'
>

function evidenceOf(measurements: Measurements, subject: Subject, found: Found): Evidence {
  const { model, adapter, isPrimary } = subject
  const { thresholds, controls: counts } = measurements.run.settings
  const { dose, modes: written, requests, onSecure } = found
  return {
    ...found,
    thresholds,
    required: isPrimary ? withinControls(counts) : seedControls(counts),
    // Ways to write that have no length to be measured against, as ablation, are no reason to doubt the others.
    arms: armsIn([...dose, ...written.filter(({ arm }) => arm.hook)], found.controls),
    perClass: sidesOf(measurements.run, model.key, adapter),
    secureGaps: secureGapsOf(measurements.run, model.key),
    content: { asked: isPrimary, requests, spilling: spillingOf(measurements, subject, onSecure) }
  }
}

/** Every family that was measured at the length of the effect. */
function controlsOf(measurements: Measurements, subject: Subject): readonly ControlFinding[] {
  return withinControls(measurements.run.settings.controls).flatMap(
    ({ family }) => controlFinding(measurements, subject.effect, family, membersOf(subject, family)) ?? []
  )
}

function membersOf({ arms, alpha }: Subject, family: Family): readonly Measured[] {
  return select(arms, 'within', (arm) => arm.family === family && isAt(arm, alpha))
}

function onSecureOf({ armsOf, resultOf }: Measurements, model: ModelRecord, alpha: number): WithinFinding['onSecure'] {
  return adaptersOf(model, 'secure').flatMap((adapter) => {
    const pair = steeredPair(armsOf(model.key, adapter, 'eval'), 'secure-adapter', alpha, resultOf)
    return pair ? [{ adapter, ...pair }] : []
  })
}

function steeredPair(
  arms: readonly Measured[],
  part: 'within' | 'secure-adapter',
  alpha: number,
  resultOf: Measurements['resultOf']
): { readonly none: ArmResult; readonly steered: ArmResult } | null {
  const none = unsteered(arms, part)
  const [steered] = select(arms, part, (arm) => arm.family === 'own' && isAt(arm, alpha))
  return none && steered ? { none: resultOf(none), steered: resultOf(steered) } : null
}

/** The secure adapters that spill, each with what the insecure direction does beyond its own. */
function spillingOf(
  { run, resample }: Measurements,
  subject: Subject,
  onSecure: WithinFinding['onSecure']
): ContentEvidence['spilling'] {
  const least = run.settings.thresholds.secureSpills
  const sources = membersOf(subject, 'wrong-source')
  return onSecure
    .filter(({ none }) => none.code.estimate >= least)
    .map((pair) => {
      const own = sources.filter(({ arm }) => arm.source === pair.adapter)
      return { ...pair, advantage: advantageOf(subject.effect, own, resample) }
    })
}
