/** Rungs that ask whether the direction beats some families of controls, on code and on clean prose. */
import { enoughForRank, mostRankP } from './bars'
import type { Advantage, Check, ControlFinding, Rung } from '../../findings'
import { comparableRoom, type Evidence, rung, type Standing } from './evidence'
import { list, pointsWithin } from '../words'

/** How a rung says that a control does as well. */
export interface Beaten {
  readonly name: Rung['name']
  /** "non-specific" */
  readonly not: string
  /** Default both. */
  readonly outcomes?: readonly Outcome[]
}

type Outcome = 'code' | 'clean'

const words: Readonly<Record<Outcome, string>> = { code: 'code', clean: 'clean prose' }

/**
 * Yes where every family is beaten by m0 and by rank; no where one is shown to do as well; else unresolved, since not to beat a
 * control is no proof of equality. Nothing is decided by families that overlap with the direction.
 */
export function beatsRung(
  { name, not, outcomes = ['code', 'clean'] }: Beaten,
  controls: readonly ControlFinding[],
  { decidable, causal }: Standing,
  { thresholds: { margin } }: Evidence
): Rung {
  const deciding = controls.filter(({ decides }) => decides)
  const each = deciding.flatMap((control) => outcomes.map((outcome) => ({ control, outcome })))
  const checks = [
    ...each.flatMap(({ control, outcome }) => checksOf(control, outcome, margin)),
    ...controls.filter(({ decides }) => !decides).map(overlapCheck)
  ]
  if (deciding.length === 0) {
    return rung(name, 'not asked', controls.length === 0 ? 'not measured' : 'control overlaps', checks)
  }
  if (!causal) return rung(name, 'not asked', 'no effect to compare', checks)
  if (!decidable) return rung(name, 'unresolved', 'undecidable', checks)
  const holds = checks.filter((_, i) => i < checks.length - (controls.length - deciding.length))
  if (holds.every((check) => check.holds)) return rung(name, 'yes', name, checks)
  const alike = each.filter(({ control, outcome }) => control[outcome].size.high < margin + comparableRoom)
  if (alike.length === 0) return rung(name, 'unresolved', 'unresolved', checks)
  const onCode = alike.filter(({ outcome }) => outcome === 'code')
  const named = (onCode.length > 0 ? onCode : alike).map(({ control }) => control.family)
  const where = onCode.length > 0 ? '' : ' on clean prose'
  return rung(name, 'no', `${not}: ${list(named)} as well${where}`, checks)
}

function checksOf(control: ControlFinding, outcome: Outcome, margin: number): readonly Check[] {
  const { family } = control
  const advantage = control[outcome]
  const on = words[outcome]
  const lead: Check = {
    name: `More than ${family}, ${on}`,
    holds: advantage.size.low > margin,
    detail: `${pointsWithin(advantage.size)} beyond the mean of ${advantage.members.length}; the lower end is to lie above ${margin}.`
  }
  if (advantage.members.length < enoughForRank) return [lead]
  return [lead, rankCheck(family, on, advantage)]
}

function rankCheck(family: string, on: string, { rankP, members }: Advantage): Check {
  const ahead = Math.round(rankP * (1 + members.length)) - 1
  return {
    name: `Rank among ${family}, ${on}`,
    holds: rankP <= mostRankP,
    detail: `${ahead} of ${members.length} reach it, rank p ${rankP.toFixed(3)}; at most ${mostRankP} is asked.`
  }
}

function overlapCheck({ family, overlapping, members }: ControlFinding): Check {
  const cosines = members.map(({ arm }) => Math.abs(arm.cosine ?? NaN).toFixed(2))
  return {
    name: `${family} is no control here`,
    holds: false,
    detail: `All ${overlapping.length} overlap with the direction (|cosine| ${list(cosines)}): shown, and decides nothing.`
  }
}
