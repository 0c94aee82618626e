/** What the source would have called a direction: random and orthogonal controls, code alone, at the final layer. */
import { enoughForRank, mostRankP } from './bars'
import type { Advantage, SourceVerdict } from '../../findings'
import { comparableRoom, controlsAmong, type Evidence } from './evidence'
import { level } from './effect'
import { sourceFamilies } from '../measure/families'
import { list, pointsWithin } from '../words'

/** By m0 at the lower end, and by rank where there are enough members for one. */
function isBeaten({ size, rankP, members }: Advantage, margin: number): boolean {
  return size.low > margin && (members.length < enoughForRank || rankP <= mostRankP)
}

/** The row beside the ladder. Its words are the source's; its thresholds are ours, since the source gives none. */
export function sourceVerdict(evidence: Evidence): SourceVerdict {
  const { effect, pHolm, scope, thresholds } = evidence
  const { margin } = thresholds
  const controls = controlsAmong(evidence, sourceFamilies[scope === 'pair' ? 'pair' : 'within'])
  const each = controls.map(({ family, whole }) => `${pointsWithin(whole.size)} beyond ${family}`)
  const detail = `Code falls by ${pointsWithin(effect.delta)}${each.length > 0 ? `; ${list(each)}` : ''}.`
  const kindOf = (): SourceVerdict['kind'] => {
    if (controls.length === 0) return 'not measured'
    if (!(effect.delta.low > 0 && pHolm <= level && effect.delta.estimate >= margin)) return 'no effect'
    if (controls.every(({ whole }) => isBeaten(whole, margin))) return 'specific'
    return controls.some(({ whole }) => whole.size.high < margin + comparableRoom) ? 'non-specific' : 'unresolved'
  }
  return { kind: kindOf(), detail }
}
