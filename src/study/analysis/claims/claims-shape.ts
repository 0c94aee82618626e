/** The claims about the shape of the whole: two tiers, and who gives and who takes. */
import { conditionText, inPrimary, type Facts } from './facts'
import type { Claim, TopologyFinding } from '../../findings'
import { leastShare } from '../pairs/tiers'
import { list, points } from '../words'

/** The conclusion in the primary condition, by the source's rule; the ladder and other conditions are said beside it. */
export function twoTierClaim(facts: Facts): Claim {
  const tier = facts.tiers.find(({ isPrimary }) => isPrimary)
  const others = facts.tiers.filter(({ isPrimary }) => !isPrimary)
  const elsewhere = others.map(
    (one) =>
      `${conditionText(one)}: ${one.source.holds ? 'they hold' : 'they do not hold'} by the source\u2019s rule, ${one.ladder.holds ? 'they hold' : 'they do not'} by the ladder`
  )
  return {
    id: 'two-tier',
    title: 'Two tiers: causal and specific within a model, causal and non-specific across',
    source: 'Within models the direction is causal and specific; between models it is causal and non-specific.',
    found: tier ? `${tier.text}${elsewhere.length > 0 ? ` Elsewhere, ${elsewhere.join('; ')}.` : ''}` : 'Not measured.',
    rule: 'Confirmed where, by the ladder at one alpha, three quarters of the directions within models are specific and three quarters of the carried ones non-specific; in part where one of the two is so, or where the two tiers hold by the source\u2019s own controls alone.',
    verdict: tier ? tierVerdict(tier) : 'not tested',
    number: tier
      ? `specific within ${tier.ladder.withinSpecific} of ${tier.ladder.within}, non-specific across ${tier.ladder.crossNonSpecific} of ${tier.ladder.cross} (by the source\u2019s rule ${tier.source.withinSpecific} of ${tier.source.within}, ${tier.source.crossNonSpecific} of ${tier.source.cross})`
      : 'not measured',
    alpha: tier ? String(tier.alpha) : '\u2013'
  }
}

function tierVerdict({ source, ladder }: Facts['tiers'][number]): Claim['verdict'] {
  if (ladder.holds) return 'confirmed'
  const isWithin = ladder.within > 0 && ladder.withinSpecific >= leastShare * ladder.within
  return isWithin || ladder.crossNonSpecific >= leastShare * ladder.cross || source.holds ? 'in part' : 'not confirmed'
}

/** The source's roles, by the families of its models. */
const claimed: readonly (readonly [family: RegExp, role: 'donor' | 'receiver'])[] = [
  [/^gemma/, 'donor'],
  [/^qwen/, 'donor'],
  [/^llama/, 'receiver']
]

/** Roles in the primary condition; not tested where one of the three families is not in the table. */
export function topologyClaim(facts: Facts): Claim {
  const [topology] = inPrimary(facts, facts.topology)
  const roles = topology ? claimedRoles(facts, topology) : []
  const agree = roles.filter(({ role, expected }) => role === expected)
  return {
    id: 'topology',
    title: 'Gemma and Qwen give, Llama takes',
    source: 'Gemma and Qwen are donors, Llama is a receiver.',
    found: topology ? foundRoles(facts, topology) : 'Not measured.',
    rule: 'Confirmed where each of the three has its role and the roles persist beyond mapped random directions; in part where one has.',
    verdict: topologyVerdict(roles.length, agree.length, topology?.signsPersist ?? false),
    number: topology ? list(topology.scores.map(({ model, role }) => `${model}: ${role}`)) : 'not measured',
    alpha: topology ? String(topology.alpha) : '\u2013'
  }
}

function topologyVerdict(asked: number, agree: number, persist: boolean): Claim['verdict'] {
  if (asked < claimed.length) return 'not tested'
  if (agree === asked && persist) return 'confirmed'
  return agree > 0 ? 'in part' : 'not confirmed'
}

function claimedRoles(
  { run }: Facts,
  { scores }: TopologyFinding
): readonly { readonly role: string; readonly expected: string }[] {
  return claimed.flatMap(([family, expected]) => {
    const model = run.models.find((one) => family.test(one.family))
    const score = scores.find((one) => one.model === model?.key)
    return score ? [{ role: score.role, expected }] : []
  })
}

function foundRoles({ run }: Facts, { scores, text }: TopologyFinding): string {
  const each = scores.map(
    ({ model, onTransfer: { estimate, low, high }, onPoints }) =>
      `${model} ${percentPoints(estimate)} (${percentPoints(low)} to ${percentPoints(high)}; ${points(onPoints.estimate)} points)`
  )
  return `${text} Given less taken, in % of the receivers\u2019 spillover ${conditionText(run.settings.primary)}: ${each.join(', ')}.`
}

function percentPoints(share: number): string {
  return points(100 * share)
}
