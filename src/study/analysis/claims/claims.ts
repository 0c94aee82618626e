/** The source's claims in its order, each beside what this run found. Its numbers are bands to read against, no criteria of ours. */
import type { LayerSeparation } from '../../../direction/separation'
import { controlsClaim, transferClaim, withinClaim } from './claims-effects'
import { topologyClaim, twoTierClaim } from './claims-shape'
import { primaryAmong, type Facts } from './facts'
import type { Claim } from '../../findings'
import type { SeparationRecord } from '../../run'
import { separationOf } from '../measure/separations'
import { list, percent, percentWithin, span } from '../words'

/** All seven. */
export function claimsOf(facts: Facts): readonly Claim[] {
  return [
    separationClaim(facts),
    secureClaim(facts),
    withinClaim(facts),
    transferClaim(facts),
    controlsClaim(facts),
    twoTierClaim(facts),
    topologyClaim(facts)
  ]
}

interface FinalLayer {
  readonly model: string
  readonly record: SeparationRecord
  readonly final: LayerSeparation
}

function finalLayers(records: readonly (SeparationRecord | undefined)[]): readonly FinalLayer[] {
  return records.flatMap((record) => {
    const final = record?.separation.layers.at(-1)
    return record && final ? [{ model: record.model, record, final }] : []
  })
}

const separates = 0.95

function separationClaim({ run, within }: Facts): Claim {
  const layers = finalLayers(run.models.map(({ key }) => separationOf(run, key, primaryAmong(run, within, key))))
  const good = layers.filter(({ final }) => final.accuracy >= separates)
  return {
    id: 'separation',
    title: 'Insecure and base states separate at the final layer',
    source: '99.6 % of held-out hidden states lie on their side at the final layer of each model.',
    found: foundLayers(layers),
    rule: `Confirmed where every model's leading adapter separates at ${percent(separates)} or more at the final layer, in part where one does.`,
    verdict: share(good.length, layers.length),
    ...finalNumber(layers)
  }
}

function secureClaim({ run }: Facts): Claim {
  const all = finalLayers(run.separations.filter(({ kind }) => kind !== 'insecure'))
  const layers = all.filter(({ record }) => Math.max(0, ...record.gaps) > 0)
  const atChance = layers.filter(({ final }) => final.low <= 0.5 && final.high >= 0.5)
  const dead = all.length - layers.length
  const note =
    dead > 0 ? ` ${dead} left out: no distance from the base at all, as from an adapter that was not applied.` : ''
  return {
    id: 'secure-control',
    title: 'Secure and base states do not separate',
    source: '50.0 % with a secure-code adapter: chance.',
    found: foundLayers(layers) + note,
    rule: 'Confirmed where the interval of every secure adapter holds 50 %, in part where one does. Separation shows a fine-tune, not spillover.',
    verdict: share(atChance.length, layers.length),
    ...finalNumber(layers)
  }
}

function finalNumber(layers: readonly FinalLayer[]): Pick<Claim, 'number' | 'alpha'> {
  if (layers.length === 0) return { number: 'not measured', alpha: '\u2013' }
  const accuracies = layers.map(({ final }) => final.accuracy)
  const ends = [Math.min(...layers.map(({ final }) => final.low)), Math.max(...layers.map(({ final }) => final.high))]
  return { number: `${span(accuracies, percent)} (intervals ${ends.map(percent).join(' to ')})`, alpha: '\u2013' }
}

function foundLayers(layers: readonly FinalLayer[]): string {
  if (layers.length === 0) return 'Not measured.'
  const range = span(
    layers.map(({ final }) => final.accuracy),
    percent
  )
  const each = layers.map(
    ({ model, record, final }) =>
      `${model} ${record.adapter} ${percentWithin({ estimate: final.accuracy, low: final.low, high: final.high })}`
  )
  return `${range} held out at the final layer: ${list(each)}.`
}

/** All, some, none, nothing to count. */
function share(found: number, of: number): Claim['verdict'] {
  if (of === 0) return 'not tested'
  if (found === of) return 'confirmed'
  return found > 0 ? 'in part' : 'not confirmed'
}
