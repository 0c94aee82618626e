/** The claims about effects: within models, carried between them, and beside controls. Code never stands without clean prose. */
import { mean } from '../../../math/statistics'
import { conditionText, inPrimary, type Facts } from './facts'
import type { Claim, CrossFinding, Judged, WithinFinding } from '../../findings'
import { crossFamilies } from '../measure/families'
import { titleOf } from '../measure/measurements'
import { leastShare } from '../pairs/tiers'
import { count, list, points, pointsWithin, span } from '../words'

/** The source's bands, in points. */
const bands = { within: [21, 51], transfer: [13, 46] } as const

/** Whether an effect is beyond chance and no smaller than the band's lower end. */
function reaches({ ladder, effect }: Judged, [least]: readonly [number, number]): boolean {
  const causal = ladder.rungs.find(({ name }) => name === 'causal')
  return causal?.found === 'yes' && effect.delta.estimate >= least
}

/** "12.0 to 34.0 (least lower end 5.1, largest upper end 40.2); clean prose 3.0 to 20.0" */
function numberOf(judged: readonly Judged[]): string {
  if (judged.length === 0) return 'not measured'
  const deltas = judged.map(({ effect }) => effect.delta)
  const gains = judged.map(({ effect }) => effect.cleanGain.estimate)
  const ends = [Math.min(...deltas.map(({ low }) => low)), Math.max(...deltas.map(({ high }) => high))].map(points)
  const sizes = span(
    deltas.map(({ estimate }) => estimate),
    points
  )
  return `code \u2212${sizes} points (intervals ${ends.join(' to ')}); clean prose ${span(gains, signed)}`
}

function signed(value: number): string {
  return value > 0 ? `+${points(value)}` : points(value)
}

function alphasOf(judged: readonly Judged[]): string {
  return judged.length === 0
    ? '\u2013'
    : span(
        judged.map(({ alpha }) => alpha),
        String
      )
}

/** Own directions, under every model's leading adapter; seeds are pooled beside them. */
export function withinClaim({ run, within, seeds }: Facts): Claim {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  const reached = leading.filter((finding) => reaches(finding, bands.within))
  const pooled = seeds
    .filter(({ delta }) => delta.n > 1)
    .map(({ model, delta }) => `${titleOf(run, model)} ${pointsWithin(delta)} over ${delta.n} seeds`)
  const none = leading.filter(({ admissible }) => !admissible).map(({ model }) => titleOf(run, model))
  return {
    id: 'within',
    title: 'Subtracting a model\u2019s own direction suppresses its spillover',
    source: 'Code spillover falls by 21 to 51 points.',
    found:
      leading.length === 0
        ? 'Not measured.'
        : `Code falls: ${list(leading.map((finding) => effectText(titleOf(run, finding.model), finding)))}.` +
          (pooled.length > 0 ? ` Random-effects mean: ${list(pooled)}.` : '') +
          (none.length > 0 ? ` No alpha takes the code away and leaves prose in ${list(none)}.` : ''),
    rule: 'Confirmed where the effect of every leading adapter is beyond chance and 21 points or more; in part where one is.',
    verdict: leading.length === 0 ? 'not tested' : grade(reached.length, leading.length, 1),
    number: numberOf(leading),
    alpha: alphasOf(leading)
  }
}

function effectText(title: string, { alpha, effect, ladder }: WithinFinding): string {
  return `${title} at alpha ${alpha} by ${pointsWithin(effect.delta)} with clean prose ${signed(effect.cleanGain.estimate)} (${ladder.title})`
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
    rule: 'Confirmed where three quarters of the pairs have an effect beyond chance and of 13 points or more; in part where one has.',
    verdict: pairs.length === 0 ? 'not tested' : grade(reached.length, pairs.length, leastShare),
    number: numberOf(pairs),
    alpha: alphasOf(pairs)
  }
}

function foundTransfer({ run, cross, withinAt }: Facts, pairs: readonly CrossFinding[], reached: number): string {
  if (pairs.length === 0) return 'Not measured.'
  const deltas = pairs.map(({ effect }) => effect.delta.estimate)
  const gains = pairs.map(({ effect }) => effect.cleanGain.estimate)
  const largest = pairs.toSorted((a, b) => b.effect.delta.estimate - a.effect.delta.estimate).slice(0, 2)
  const most = largest.map(
    ({ donor, receiver, effect }) =>
      `${donor} to ${receiver} by ${pointsWithin(effect.delta)}, clean prose ${signed(effect.cleanGain.estimate)}`
  )
  const own = withinAt
    .filter(({ alpha }) => alpha === run.settings.primary.alpha)
    .map(({ effect }) => effect.delta.estimate)
  const others = cross
    .filter((one) => one.anchors !== run.settings.primary.anchors || one.alpha !== run.settings.primary.alpha)
    .map(conditionText)
  const elsewhere = [...new Set(others)].map((condition) => {
    const there = cross.filter((one) => conditionText(one) === condition).map(({ effect }) => effect.delta.estimate)
    return `${condition} by ${span(there, points)}, ${points(mean(there))} on average`
  })
  return (
    `${conditionText(run.settings.primary)} by ${span(deltas, points)} points, ${points(mean(deltas))} on average, ` +
    `clean prose ${span(gains, signed)}; ${reached} of ${count(pairs.length, 'pair')} reach 13 beyond chance.` +
    (own.length > 0 ? ` The receivers\u2019 own directions at that alpha: ${span(own, points)}.` : '') +
    ` Most: ${list(most)}.` +
    (elsewhere.length > 0 ? ` Elsewhere: ${elsewhere.join('; ')}.` : '')
  ).replace(/^o/, 'O')
}

/** Carried directions beside their controls in the primary condition. */
export function controlsClaim(facts: Facts): Claim {
  const pairs = inPrimary(facts, facts.cross)
  const alike = pairs.filter(({ ladder }) => ladder.source.kind === 'non-specific')
  const undecided = pairs.filter(({ ladder }) => ladder.kind === 'undecidable').length
  const each = crossFamilies.flatMap((family) => {
    const members = pairs.flatMap(({ controls }) => controls.find((one) => one.family === family)?.code.members ?? [])
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
          `By the source\u2019s rule controls are shown comparable in ${alike.length} of ${count(pairs.length, 'pair')}` +
          (undecided > 0 ? `; the ladder finds ${undecided} undecidable.` : '.'),
    rule: 'Confirmed where three quarters of the pairs are causal and non-specific by the source\u2019s own controls, in part where one is. Not to beat a control is no proof of equality.',
    verdict: pairs.length === 0 ? 'not tested' : grade(alike.length, pairs.length, leastShare),
    number: pairs.length === 0 ? 'not measured' : `${alike.length} of ${pairs.length} pairs`,
    alpha: alphasOf(pairs)
  }
}

/** `least` is the share that confirms. */
function grade(found: number, of: number, least: number): Claim['verdict'] {
  if (found >= least * of) return 'confirmed'
  return found > 0 ? 'in part' : 'not confirmed'
}
