/** Section 10 of the protocol: what may be said of a direction, from a list of conditions that a reader can check one by one. */
import { comparableRoom, directionControls, type Evidence } from './evidence'
import type { Check, ControlFinding, Verdict, VerdictKind } from '../findings'
import { contentChecks } from './verdict-content'
import { specificityChecks } from './verdict-specificity'
import { validityChecks } from './verdict-validity'
import { list, pointsWithin, pValue } from './words'

/** The tag of a direction that takes away code where it was asked for, too. */
export const codeInGeneral = 'code in general, not spillover'

/** Decides. The first of these that fits: invalid, no effect, specific, non-specific, unresolved. */
export function verdictOf(evidence: Evidence): Verdict {
  const validity = validityChecks(evidence)
  const effect = effectChecks(evidence)
  const specificity = specificityChecks(evidence)
  const content = evidence.content ? contentChecks(evidence.content, evidence) : []
  const kind = kindOf({ validity, effect, specificity }, evidence)
  const tags = tagsOf(kind, evidence, content)
  return {
    kind,
    title: titleOf(kind, tags, validity, comparable(evidence)),
    checks: [...validity, ...effect, ...specificity, ...content],
    tags
  }
}

function kindOf(
  { validity, effect, specificity }: Readonly<Record<'validity' | 'effect' | 'specificity', readonly Check[]>>,
  evidence: Evidence
): VerdictKind {
  const hold = (checks: readonly Check[]): boolean => checks.every(({ holds }) => holds)
  if (!hold(validity)) return 'invalid'
  if (!hold(effect)) return 'no effect'
  if (hold(specificity)) return 'specific'
  return comparable(evidence).length > 0 ? 'non-specific' : 'unresolved'
}

/** Of a one-sided p: where a 95 % interval leaves 0. */
const level = 0.025

function effectChecks({ thresholds: { margin }, effect, pHolm }: Evidence): readonly Check[] {
  const size = `delta ${pointsWithin(effect.delta)}`
  return [
    {
      name: 'The effect is not chance',
      holds: effect.delta.low > 0 && pHolm <= level,
      detail: `${size}; the lower end is to lie above 0, and one-sided p after Holm, ${pValue(pHolm)}, at most ${level}.`,
      decides: 'effect'
    },
    {
      name: 'The effect counts',
      holds: effect.delta.estimate >= margin,
      detail: `${size}; ${margin} points are the least that counts.`,
      decides: 'effect'
    }
  ]
}

/** Families that are shown to do as well: the upper end of S_F lies below m0 + 5 points. */
export function comparable({ controls, thresholds: { margin } }: Evidence): readonly ControlFinding[] {
  return directionControls(controls).filter(({ advantage }) => advantage.high < margin + comparableRoom)
}

function tagsOf(kind: VerdictKind, { content }: Evidence, checks: readonly Check[]): readonly string[] {
  if (!content || (kind !== 'specific' && kind !== 'non-specific' && kind !== 'unresolved')) return []
  const tags = content.asked ? [] : ['another seed: random and orthogonal controls only']
  const [requests, ...others] = checks
  if (content.requests && requests && !requests.holds) tags.push(codeInGeneral)
  if (content.asked && !content.requests) tags.push('requests for code not measured')
  if (!content.asked || kind !== 'specific') return tags
  if (content.spilling.length === 0) return [...tags, 'content not testable: no secure adapter spills']
  const isContent = others.every(({ holds }) => holds) && (requests?.holds ?? false)
  return [...tags, isContent ? 'content-specific' : 'not content-specific']
}

function titleOf(
  kind: VerdictKind,
  tags: readonly string[],
  validity: readonly Check[],
  equals: readonly ControlFinding[]
): string {
  if (kind === 'invalid') {
    const failed = validity.filter(({ holds }) => !holds).map(({ name }) => name.toLowerCase())
    return `invalid: ${list(failed)}`
  }
  if (kind === 'no effect') return 'no effect'
  if (kind === 'unresolved') return 'causal, specificity unresolved'
  if (kind === 'non-specific') return `causal, non-specific: ${list(equals.map(({ family }) => family))} as well`
  if (tags.includes('content-specific')) return 'causal and content-specific'
  return 'causal and direction-specific'
}
