/** How high a direction has to reach to be told from a family of controls. */
import { mean } from '../../../math/statistics'
import type { Advantage } from '../../findings'

/** From so many members on a family's rank p can fall to .05. */
export const enoughForRank = 20
export const mostRankP = 0.05
/** Members that may reach the direction with rank p still at most .05. */
export function allowedAhead(members: number): number {
  return Math.floor(mostRankP * (1 + members) + 1e-9) - 1
}

/** The highest of a family's bars on one outcome, in points: margin and rank. */
export function barOf({ members }: Advantage, margin: number): number {
  const ranked = members.toSorted((a, b) => b - a)
  const rank = members.length < enoughForRank ? -Infinity : (ranked[allowedAhead(members.length)] ?? -Infinity)
  return Math.max(mean(members) + margin, rank)
}
