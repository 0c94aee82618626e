/** Whether it is this direction, and not any vector of its length. */
import { mean, variance } from '../../math/statistics'
import type { ArmResult, Check, ControlFinding } from '../findings'
import { directionControls, type Evidence } from './evidence'
import { points, pointsWithin } from './words'

/** From so many members on a family's rank p can fall to .05. */
const enoughForRank = 20
const mostRankP = 0.05
/** How far from the mean of such a family its members may lie by chance, in standard deviations: of 20 from one bell, the next lies beyond in 1 of 80. */
const reach = 2.5
const leastMonotony = 0.8

/** Every family is beaten with room, ranks, dose, and clean prose where the code was. */
export function specificityChecks(evidence: Evidence): readonly Check[] {
  const controls = directionControls(evidence.controls)
  const { margin } = evidence.thresholds
  return [
    ...controls.map((control) => advantageCheck(control, margin)),
    ...controls
      .filter(({ members }) => members.length >= enoughForRank)
      .flatMap((control) => [rankCheck(control), spreadCheck(control, evidence.effect)]),
    doseCheck(evidence),
    cleanCheck(evidence.effect, evidence.none),
    cleanestCheck(evidence.effect, controls)
  ].map((check) => ({ ...check, decides: 'specificity' }))
}

type Asked = Omit<Check, 'decides'>

function advantageCheck({ family, advantage, members }: ControlFinding, margin: number): Asked {
  return {
    name: `More than ${family}`,
    holds: advantage.low > margin,
    detail: `${pointsWithin(advantage)} beyond the mean of ${members.length}; the lower end is to lie above ${margin}.`
  }
}

function rankCheck({ family, rankP, deltas }: ControlFinding): Asked {
  const ahead = Math.round(rankP * (1 + deltas.length)) - 1
  return {
    name: `Rank among ${family}`,
    holds: rankP <= mostRankP,
    detail: `${ahead} of ${deltas.length} reach it, rank p ${rankP.toFixed(3)}; at most ${mostRankP} is asked.`
  }
}

/** The interval of S_F draws prompts and not directions: this is what guards against a direction that leads by luck among unlike ones. */
function spreadCheck({ family, deltas }: ControlFinding, { delta }: ArmResult): Asked {
  const bound = mean(deltas) + reach * Math.sqrt(variance(deltas))
  return {
    name: `Beyond the spread of ${family}`,
    holds: delta.estimate > bound,
    detail: `${points(delta.estimate)} points; ${reach} standard deviations above the mean of ${deltas.length} are ${points(bound)}.`
  }
}

function doseCheck({ monotony }: Evidence): Asked {
  return {
    name: 'More alpha, more effect',
    holds: monotony >= leastMonotony,
    detail: `Spearman of alpha and delta ${Number.isFinite(monotony) ? monotony.toFixed(2) : 'not defined'}; at least ${leastMonotony} is asked.`
  }
}

function cleanCheck({ cleanGain, delta }: ArmResult, none: ArmResult): Asked {
  return {
    name: 'Clean prose comes back',
    holds: cleanGain >= delta.estimate / 2,
    detail:
      `Clean prose ${points(100 * none.clean.estimate)} % without, ${points(cleanGain)} points more with; ` +
      `half of the ${points(delta.estimate)} points of code removed is asked.`
  }
}

function cleanestCheck({ cleanGain }: ArmResult, controls: readonly ControlFinding[]): Asked {
  const members = controls.flatMap((control) => control.members)
  const [best] = members.toSorted((a, b) => b.cleanGain - a.cleanGain)
  return {
    name: 'More clean prose than under any control',
    holds: best !== undefined && cleanGain > best.cleanGain + 1e-9,
    detail: best
      ? `${points(cleanGain)} points gained; the best of ${members.length} controls, ${best.arm.id}, ${points(best.cleanGain)}.`
      : 'No control was measured.'
  }
}
