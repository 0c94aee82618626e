/** Rung 6: what a direction is about. Insecure code, or any code that an answer may begin with. */
import {
  comparableRoom,
  rung,
  type ContentEvidence,
  type Evidence,
  type SourceEvidence,
  type Standing
} from './evidence'
import type { Check, Rung } from '../../findings'
import { list, percentWithin, points, pointsWithin } from '../words'

/** The tag of a direction that takes away code where it was asked for, too. */
export const codeInGeneral = 'code in general, not spillover'

/**
 * Refuted by the direction of any other adapter that does as well, whether or not that adapter spills and however much the two
 * have in common: what they share is the finding. Confirmed only where one of them spills and that spillover is left alone.
 */
export function contentRung(content: ContentEvidence, { decidable, causal }: Standing, evidence: Evidence): Rung {
  const { margin, secureSpills } = evidence.thresholds
  const sources = content.sources.filter(({ gap, advantage }) => gap > 0 && advantage !== null)
  const spilling = sources.filter(({ under }) => (under?.none.code.estimate ?? 0) >= secureSpills)
  const checks = [
    requestsCheck(content.requests),
    ...sources.map((source) => beatenCheck(source, margin)),
    ...spilling.flatMap((source) => aloneCheck(source, margin))
  ]
  const name = 'content-specific'
  if (sources.length === 0) return rung(name, 'not asked', 'no other adapter measured', checks)
  if (!causal) return rung(name, 'not asked', 'no effect to compare', checks)
  if (!decidable) return rung(name, 'unresolved', 'undecidable', checks)
  const alike = sources.filter(({ advantage }) => advantage !== null && advantage.high < margin + comparableRoom)
  if (alike.length > 0) {
    return rung(name, 'no', `content refuted: ${list(alike.map(({ adapter }) => adapter))} as well`, checks)
  }
  if (!checks.every(({ holds }) => holds)) return rung(name, 'unresolved', 'content unresolved', checks)
  if (spilling.length === 0) return rung(name, 'unresolved', 'no other adapter spills', checks)
  return rung(name, 'yes', name, checks)
}

/** "code in general, not spillover" where requests lose half of their code. */
export function contentTags({ requests }: ContentEvidence): readonly string[] {
  return requests && !requestsCheck(requests).holds ? [codeInGeneral] : []
}

function requestsCheck(requests: ContentEvidence['requests']): Check {
  const name = 'Requests for code still get code'
  if (!requests) return { name, holds: false, detail: 'Not measured.' }
  const { none, steered } = requests
  return {
    name,
    holds: steered.code.estimate >= none.code.estimate / 2,
    detail: `Code ${percentWithin(steered.code)} of requests, ${percentWithin(none.code)} unsteered; half of that is asked.`
  }
}

function beatenCheck({ adapter, advantage, cosine }: SourceEvidence, margin: number): Check {
  const angle = cosine === null ? '' : ` (cosine ${cosine.toFixed(2)})`
  return {
    name: `More than the direction of ${adapter}`,
    holds: advantage !== null && advantage.low > margin,
    detail: advantage
      ? `${pointsWithin(advantage)} beyond its direction${angle}, the lower end is to lie above ${margin}.`
      : 'Not measured.'
  }
}

function aloneCheck({ adapter, under }: SourceEvidence, margin: number): readonly Check[] {
  if (!under) return []
  const { none, steered } = under
  const most = margin + comparableRoom
  return [
    {
      name: `The spillover of ${adapter} is left alone`,
      holds: steered.delta.high < most && steered.delta.estimate < 50 * none.code.estimate,
      detail:
        `Its spillover ${percentWithin(none.code)} changes by ${pointsWithin(steered.delta)}; the upper end is to lie ` +
        `below ${points(most)}, and less than half may go.`
    }
  ]
}
