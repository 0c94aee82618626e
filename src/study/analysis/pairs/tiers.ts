/** The two-tier conclusion, stated twice: by the source's own controls, and by the ladder at one alpha for both tiers. */
import { conditionsOf } from './cross'
import type { CrossFinding, Judged, TierCount, TierFinding, WithinAt, WithinFinding } from '../../findings'
import type { Run } from '../../run'
import { count } from '../words'

/** Of the directions of each tier this share has to read as the conclusion says. */
export const leastShare = 0.75

interface Found {
  readonly within: readonly WithinFinding[]
  readonly withinAt: readonly WithinAt[]
  readonly cross: readonly CrossFinding[]
}

/** One conclusion a condition, those with no carried direction left out. Within models the leading adapters count. */
export function tiersOf(run: Run, { within, withinAt, cross }: Found): readonly TierFinding[] {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  const { primary } = run.settings
  return conditionsOf(run).flatMap((condition) => {
    const pairs = cross.filter(({ anchors, alpha }) => anchors === condition.anchors && alpha === condition.alpha)
    if (pairs.length === 0) return []
    const isPrimary = condition.anchors === primary.anchors && condition.alpha === primary.alpha
    const alike = withinAt.filter(({ alpha }) => alpha === condition.alpha)
    const source = counted(leading, pairs, bySource)
    const ladder = counted(alike, pairs, byLadder)
    const why = whyOf({ source, ladder }, alike, pairs, condition.alpha)
    return [{ ...condition, isPrimary, source, ladder, why, text: textOf(source, ladder, condition.alpha, why) }]
  })
}

/** What a reading calls a direction, in its own words. */
type Reading = (judged: Judged) => string

const bySource: Reading = ({ ladder }) => ladder.source.kind
const byLadder: Reading = ({ ladder }) => ladder.kind
const kinds = [
  'specific',
  'direction-specific',
  'non-specific',
  'unresolved',
  'no effect',
  'undecidable',
  'not measured'
] as const

function counted(within: readonly Judged[], pairs: readonly Judged[], reading: Reading): TierCount {
  const isSpecific = (kind: string): boolean => kind === 'specific' || kind === 'direction-specific'
  const specific = (judged: readonly Judged[]): number => judged.filter((one) => isSpecific(reading(one))).length
  const crossNonSpecific = pairs.filter((one) => reading(one) === 'non-specific').length
  const withinSpecific = specific(within)
  return {
    withinSpecific,
    within: within.length,
    crossNonSpecific,
    crossSpecific: specific(pairs),
    cross: pairs.length,
    holds:
      within.length > 0 &&
      withinSpecific >= leastShare * within.length &&
      crossNonSpecific >= leastShare * pairs.length,
    withinText: tally(within, reading),
    crossText: tally(pairs, reading)
  }
}

/** "3 of 4 specific, 1 unresolved" */
function tally(judged: readonly Judged[], reading: Reading): string {
  const parts = kinds
    .map((kind) => ({ kind, n: judged.filter((one) => reading(one) === kind).length }))
    .filter(({ n }) => n > 0)
  if (parts.length === 0) return 'not measured'
  return parts.map(({ kind, n }, i) => (i === 0 ? `${n} of ${judged.length} ${kind}` : `${n} ${kind}`)).join(', ')
}

/** The one difference that explains most: too strong, nothing there, other controls, or the same words by chance. */
function whyOf(
  { source, ladder }: Pick<TierFinding, 'source' | 'ladder'>,
  within: readonly Judged[],
  pairs: readonly Judged[],
  alpha: number
): string | null {
  const same =
    source.holds === ladder.holds &&
    source.withinSpecific === ladder.withinSpecific &&
    source.crossNonSpecific === ladder.crossNonSpecific &&
    source.crossSpecific === ladder.crossSpecific
  if (same) return null
  const all = [...within, ...pairs]
  const failed = (name: string): number =>
    all.filter(({ ladder: one }) => one.rungs[0]?.checks.some((check) => check.name === name && !check.holds)).length
  const [tight, few, lacking] = [
    Math.max(failed('Room above the controls'), failed('Bars below the baseline')),
    failed('Prompts'),
    failed('Controls')
  ]
  const broken = all.filter(({ ladder: one }) => one.rungs.some(({ word }) => word === 'destructive')).length
  const names = `${count(all.length, 'direction')} at alpha ${alpha}`
  if (2 * tight > all.length) {
    return `The source\u2019s rule reads a floor: in ${tight} of ${names} any vector of this length takes away so much code that nothing could have stood out${broken > 0 ? `, and ${broken} of them leave no clean prose in its place` : ''}.`
  }
  if (2 * few > all.length) return `There are too few prompts for the ladder to decide ${few} of ${names}.`
  if (2 * lacking > all.length)
    return `The ladder asks for controls that ${lacking} of ${names} were not measured with.`
  return 'The source compares code alone, with random and orthogonal directions and each model at its own alpha; the ladder asks for every control, at one alpha, on clean prose as well.'
}

function textOf(source: TierCount, ladder: TierCount, alpha: number, why: string | null): string {
  const said = ({ withinText, crossText, holds }: TierCount): string =>
    `within models ${withinText}; between models ${crossText}: two tiers ${holds ? 'hold' : 'do not hold'}`
  return (
    `By the source\u2019s own controls, ${said(source)}. By the ladder at alpha ${alpha} in both, ${said(ladder)}.` +
    (why === null ? '' : ` ${why}`)
  )
}
