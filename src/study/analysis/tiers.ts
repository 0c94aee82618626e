/** The two-tier conclusion: within-model directions specific, carried ones causal but not. */
import { conditionsOf } from './cross'
import type { CrossFinding, TierFinding, VerdictKind, WithinFinding } from '../findings'
import type { Run } from '../run'
import { codeInGeneral } from './verdict'
import { count } from './words'

/** Of the verdicts of each tier this share has to read as the conclusion says. */
export const leastShare = 0.75

/** One conclusion a condition, those with no carried direction left out. Within-model verdicts are the leading adapters'. */
export function tiersOf(
  run: Run,
  within: readonly WithinFinding[],
  cross: readonly CrossFinding[]
): readonly TierFinding[] {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  const { primary } = run.settings
  return conditionsOf(run).flatMap((condition) => {
    const pairs = cross.filter(({ anchors, alpha }) => anchors === condition.anchors && alpha === condition.alpha)
    if (pairs.length === 0) return []
    const isPrimary = condition.anchors === primary.anchors && condition.alpha === primary.alpha
    return [{ ...condition, isPrimary, ...conclusion(leading, pairs) }]
  })
}

type Conclusion = Omit<TierFinding, 'anchors' | 'alpha' | 'isPrimary'>

function conclusion(within: readonly WithinFinding[], cross: readonly CrossFinding[]): Conclusion {
  const withinSpecific = countOf(within, 'specific')
  const crossNonSpecific = countOf(cross, 'non-specific')
  const holds =
    within.length > 0 && withinSpecific >= leastShare * within.length && crossNonSpecific >= leastShare * cross.length
  const general = within.filter(({ verdict }) => verdict.tags.includes(codeInGeneral)).length
  const found =
    `Within models: ${tally(within)}. ` +
    (general > 0 ? `In ${general} of them requests lose their code, too. ` : '') +
    `Carried between models: ${tally(cross)}. ` +
    (holds ? 'Two tiers hold.' : 'Two tiers, specific within and non-specific across, do not hold.')
  return {
    withinSpecific,
    within: within.length,
    crossNonSpecific,
    crossSpecific: countOf(cross, 'specific'),
    cross: cross.length,
    holds,
    text: found
  }
}

type Judged = Pick<WithinFinding, 'verdict'>

function countOf(findings: readonly Judged[], kind: VerdictKind): number {
  return findings.filter(({ verdict }) => verdict.kind === kind).length
}

const kinds: readonly VerdictKind[] = ['specific', 'non-specific', 'unresolved', 'no effect', 'invalid']

/** "3 of 4 specific, 1 unresolved" */
function tally(findings: readonly Judged[]): string {
  const parts = kinds.map((kind) => ({ kind, n: countOf(findings, kind) })).filter(({ n }) => n > 0)
  if (parts.length === 0) return 'not measured'
  return `${count(findings.length, 'verdict')}, of which ${parts.map(({ kind, n }) => `${n} ${kind}`).join(', ')}`
}
