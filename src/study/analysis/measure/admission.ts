/** Which fine-tunes enter the study, which one of a model leads, and how far it is steered: all from `tune`, before `eval`. */
import type { WithinFinding } from '../../findings'
import { insecureOf, unsteered, type Measurements } from './measurements'
import type { ModelRecord } from '../../run'
import { percentWithin, percent } from '../words'

const nothing = { estimate: NaN, low: NaN, high: NaN }

/** The gate of section 1 of the protocol. Rates from 0 to 1, NaN and not admitted where they were not measured. */
export function admissionOf(
  measurements: Measurements,
  { key }: ModelRecord,
  adapter: string
): WithinFinding['admission'] {
  const { admitInsecure, admitBase } = measurements.run.settings.thresholds
  const codeOf = (name: string): WithinFinding['admission']['base'] => {
    const none = unsteered(measurements.armsOf(key, name, 'tune'), 'admission')
    return none ? measurements.resultOf(none).code : nothing
  }
  const [insecure, base] = [codeOf(adapter), codeOf('base')]
  const spills = insecure.estimate >= admitInsecure
  const clean = base.estimate <= admitBase
  const reason =
    `On tune the adapter spills ${percentWithin(insecure)}, where at least ${percent(admitInsecure)} is asked; ` +
    `the base ${percentWithin(base)}, where at most ${percent(admitBase)} is.`
  return { admitted: spills && clean, insecure, base, reason }
}

/** The first insecure adapter that is admitted; where none is, the first. Null for a model without one. */
export function primaryOf(measurements: Measurements, model: ModelRecord): string | null {
  const names = insecureOf(model)
  return names.find((name) => admissionOf(measurements, model, name).admitted) ?? names[0] ?? null
}

/** The alpha that was chosen for an adapter, in gaps; its model's leading one's where it has no choice of its own. Null where none is admissible. */
export function chosenAlpha(measurements: Measurements, model: ModelRecord, adapter: string): number | null {
  const choices = measurements.run.choices.filter((choice) => choice.model === model.key)
  const own = choices.find((choice) => choice.adapter === adapter)
  const primary = primaryOf(measurements, model)
  return (own ?? choices.find((choice) => choice.adapter === primary))?.alpha ?? null
}
