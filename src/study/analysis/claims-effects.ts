/** The claims about effects: within models, carried between them, and beside controls. */
import { mean } from '../../math/statistics'
import { conditionText, inPrimary, type Facts } from './facts'
import type { Claim, CrossFinding, WithinFinding } from '../findings'
import { leastShare } from './tiers'
import { count, list, points, pointsWithin, span } from './words'

const causal: readonly string[] = ['specific', 'non-specific', 'unresolved']

/** The source's bands, in points. */
const bands = { within: [21, 51], transfer: [13, 46] } as const

/** Whether an effect is beyond chance and no smaller than the band's lower end. */
function reaches({ verdict, effect }: WithinFinding | CrossFinding, [least]: readonly [number, number]): boolean {
  return causal.includes(verdict.kind) && effect.delta.estimate >= least
}

/** Own directions, under every model's leading adapter; other seeds are named beside them. */
export function withinClaim({ within }: Facts): Claim {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  const reached = leading.filter((finding) => reaches(finding, bands.within))
  const seeds = within.length - leading.length
  const others = within.filter(({ isPrimary }) => !isPrimary).map(({ effect }) => effect.delta.estimate)
  const each = leading.map(
    ({ model, adapter, alpha, effect, verdict }) =>
      `${model} ${adapter} at alpha ${alpha} by ${pointsWithin(effect.delta)}, ${verdict.kind}`
  )
  return {
    id: 'within',
    title: 'Subtracting a model\u2019s own direction suppresses its spillover',
    source: 'Code spillover falls by 21 to 51 points.',
    found:
      leading.length === 0
        ? 'Not measured.'
        : `It falls under ${list(each)}.` +
          (seeds > 0 ? ` ${count(seeds, 'other seed')}: by ${span(others, points)} points.` : ''),
    rule: 'Confirmed where the effect of every leading adapter is valid, beyond chance and 21 points or more; in part where one is.',
    verdict: leading.length === 0 ? 'not tested' : grade(reached.length, leading.length, 1)
  }
}

/** Carried directions in the primary condition; others are named beside it. */
export function transferClaim(facts: Facts): Claim {
  const pairs = inPrimary(facts, facts.cross)
  const reached = pairs.filter((finding) => reaches(finding, bands.transfer))
  return {
    id: 'transfer',
    title: 'Directions carried through ridge maps suppress spillover in other models',
    source: 'Spillover falls by 13 to 46 points, most from Gemma to Llama and from Gemma to Ministral.',
    found: foundTransfer(facts, pairs, reached.length),
    rule: 'Confirmed where three quarters of the pairs have a valid effect, beyond chance and 13 points or more; in part where one has.',
    verdict: pairs.length === 0 ? 'not tested' : grade(reached.length, pairs.length, leastShare)
  }
}

function foundTransfer({ run, cross }: Facts, pairs: readonly CrossFinding[], reached: number): string {
  if (pairs.length === 0) return 'Not measured.'
  const deltas = pairs.map(({ effect }) => effect.delta.estimate)
  const largest = pairs.toSorted((a, b) => b.effect.delta.estimate - a.effect.delta.estimate).slice(0, 2)
  const most = largest.map(({ donor, receiver, effect }) => `${donor} to ${receiver} by ${pointsWithin(effect.delta)}`)
  const others = cross
    .filter((one) => one.anchors !== run.settings.primary.anchors || one.alpha !== run.settings.primary.alpha)
    .map(conditionText)
  const elsewhere = [...new Set(others)].map((condition) => {
    const there = cross.filter((one) => conditionText(one) === condition).map(({ effect }) => effect.delta.estimate)
    return `${condition} by ${span(there, points)}, ${points(mean(there))} on average`
  })
  return (
    `${conditionText(run.settings.primary)} by ${span(deltas, points)} points, ${points(mean(deltas))} on average; ` +
    `${reached} of ${count(pairs.length, 'pair')} reach 13 beyond chance. Most: ${list(most)}.` +
    (elsewhere.length > 0 ? ` Elsewhere: ${elsewhere.join('; ')}.` : '')
  ).replace(/^o/, 'O')
}

/** Carried directions beside their controls in the primary condition. */
export function controlsClaim(facts: Facts): Claim {
  const pairs = inPrimary(facts, facts.cross)
  const alike = pairs.filter(({ verdict }) => verdict.kind === 'non-specific')
  const families = ['mapped-random', 'mapped-orthogonal', 'random', 'shuffled-pairing', 'rms-only']
  const each = families.flatMap((family) => {
    const members = pairs.flatMap(({ controls }) => controls.find((one) => one.family === family)?.deltas ?? [])
    return members.length === 0 ? [] : [`${family} ${points(mean(members))}`]
  })
  const carried = points(mean(pairs.map(({ effect }) => effect.delta.estimate)))
  return {
    id: 'controls',
    title: 'Random and orthogonal directions do as well between models',
    source: 'Controls of the same length suppress as much as carried directions.',
    found:
      pairs.length === 0
        ? 'Not measured.'
        : `Mean suppression in points ${conditionText(facts.run.settings.primary)}: carried ${carried}, ${each.join(', ')}. ` +
          `Controls are shown comparable in ${alike.length} of ${count(pairs.length, 'pair')}.`,
    rule: 'Confirmed where three quarters of the pairs are causal and non-specific, in part where one is. Not to beat a control is no proof of equality.',
    verdict: pairs.length === 0 ? 'not tested' : grade(alike.length, pairs.length, leastShare)
  }
}

/** `least` is the share that confirms. */
function grade(found: number, of: number, least: number): Claim['verdict'] {
  if (found >= least * of) return 'confirmed'
  return found > 0 ? 'in part' : 'not confirmed'
}
