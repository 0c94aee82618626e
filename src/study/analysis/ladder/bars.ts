/** How high a direction has to reach to be told from a family of controls. */
import { mean, variance } from '../../../math/statistics'
import type { Advantage } from '../../findings'

/** From so many members on a family's rank p can fall to .05. */
export const enoughForRank = 20
export const mostRankP = 0.05
/**
 * How far from the mean of such a family its members may lie by chance, in standard deviations: of 20 from one bell, the next lies
 * beyond in 1 of 80. Ours: the protocol has the rank alone, which an unremarkable direction wins once in 41 times.
 */
export const reach = 2.5

/** Members that may reach the direction with rank p still at most .05. */
export function allowedAhead(members: number): number {
  return Math.floor(mostRankP * (1 + members) + 1e-9) - 1
}

/** The spread's bar in points; -Infinity for a family that is too small to have one. */
export function spreadBar({ members }: Advantage): number {
  return members.length < enoughForRank ? -Infinity : mean(members) + reach * Math.sqrt(variance(members))
}

/** The highest of a family's bars on one outcome, in points: margin, rank and spread. */
export function barOf(advantage: Advantage, margin: number): number {
  const { members } = advantage
  const ranked = members.toSorted((a, b) => b - a)
  const rank = members.length < enoughForRank ? -Infinity : (ranked[allowedAhead(members.length)] ?? -Infinity)
  return Math.max(mean(members) + margin, rank, spreadBar(advantage))
}
