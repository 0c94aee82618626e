/** Between models: every ordered pair in every condition, the two-tier conclusion, and the topology. */
import { el } from '../formats/markup'
import type { CrossFinding, Findings, TierFinding, TopologyFinding } from '../study/findings'
import type { Run } from '../study/run'
import { percent, points, pValue } from '../study/analysis/words'
import {
  badge,
  condition,
  difference,
  folded,
  rate,
  small,
  suppressed,
  table,
  titleOf,
  type DrawFigure,
  type Element,
  type Markup
} from './parts'
import { controlTable, verdictList } from './within'

/** One part a condition; the one that the conclusion is read from comes first and lies open. */
export function crossTables(run: Run, { cross, topology }: Findings, draw: DrawFigure): readonly Element[] {
  const { primary } = run.settings
  const isFirst = (one: { readonly anchors: string; readonly alpha: number }): boolean =>
    one.anchors === primary.anchors && one.alpha === primary.alpha
  const sorted = topology.toSorted((a, b) => Number(isFirst(b)) - Number(isFirst(a)))
  return sorted.map((one) => {
    const pairs = cross.filter(({ anchors, alpha }) => anchors === one.anchors && alpha === one.alpha)
    const id = `${one.anchors}-${one.alpha}`
    const parts = [
      draw(`transfer-${id}`),
      pairTable(run, pairs),
      ...(isFirst(one) ? [] : [draw(`transfer-controls-${id}`)]),
      verdicts(run, pairs)
    ]
    const title = condition(one)
    return isFirst(one)
      ? el('div', { class: 'part' }, el('h3', {}, `${title}: the conclusion is read here`), ...parts)
      : folded(title, ...parts)
  })
}

function pairTable(run: Run, pairs: readonly CrossFinding[]): Element {
  const rows = pairs.map(
    ({ donor, receiver, anchors, none, effect, fraction, controls, pHolm, verdict }): readonly Markup[] => {
      const mapped = controls.find(({ family }) => family === 'mapped-random')
      const map = run.maps.find((one) => one.donor === donor && one.receiver === receiver && one.anchors === anchors)
      return [
        `${titleOf(run, donor)} \u2192 ${titleOf(run, receiver)}`,
        badge(verdict.kind),
        rate(none, none.code),
        suppressed(effect),
        Number.isFinite(fraction) ? percent(fraction) : '\u2013',
        mapped ? points(mapped.deltas.reduce((sum, delta) => sum + delta, 0) / mapped.deltas.length) : '\u2013',
        mapped ? difference(mapped.advantage) : '\u2013',
        rate(none, none.clean),
        rate(effect, effect.clean),
        rate(effect, effect.right),
        map ? `${map.r2.toFixed(2)}, ${map.cosine.toFixed(2)}` : '\u2013',
        pValue(pHolm)
      ]
    }
  )
  const heads = [
    'donor \u2192 receiver',
    'verdict',
    'code, unsteered',
    'T: points suppressed',
    'share of spillover',
    'mapped random',
    'E: beyond mapped random',
    'clean prose, unsteered',
    'clean prose',
    'right',
    'R\u00b2, cosine',
    'p (Holm)'
  ]
  return table(`Carried directions on eval, ${pairs[0] ? condition(pairs[0]) : ''}`, heads, rows)
}

function verdicts(run: Run, pairs: readonly CrossFinding[]): Element {
  const each = pairs.map((pair) =>
    folded(
      `${titleOf(run, pair.donor)} \u2192 ${titleOf(run, pair.receiver)}: ${pair.verdict.title}`,
      verdictList(pair.verdict),
      controlTable(pair)
    )
  )
  return folded('Every verdict with all it rests on', ...each)
}

/** The two-tier conclusion in each condition. */
export function tierTable(tiers: readonly TierFinding[]): Element {
  const rows = tiers.map((tier): readonly Markup[] => [
    condition(tier) + (tier.isPrimary ? ' (primary)' : ''),
    `${tier.withinSpecific} of ${tier.within}`,
    `${tier.crossNonSpecific} of ${tier.cross}`,
    `${tier.crossSpecific} of ${tier.cross}`,
    badge(tier.holds ? 'holds' : 'does not hold'),
    tier.text
  ])
  const caption =
    'Two tiers: at least three quarters specific within models, and as many causal but non-specific between them'
  return table(
    caption,
    ['condition', 'specific within', 'non-specific between', 'specific between', 'two tiers', 'what was found'],
    rows
  )
}

/** Scores of each model in each condition. */
export function topologyTables(run: Run, topology: readonly TopologyFinding[]): readonly Element[] {
  return topology.flatMap((one) => {
    const { models, scores, additive, text } = one
    const rows = scores.map(({ model, onTransfer, onExcess, role }): readonly Markup[] => {
      const at = models.indexOf(model)
      return [
        titleOf(run, model),
        difference(onTransfer),
        difference(onExcess),
        additive ? `${points(additive.sending[at] ?? NaN)}, ${points(additive.receiving[at] ?? NaN)}` : '\u2013',
        badge(role)
      ]
    })
    return [
      table(
        `Gives less takes, ${condition(one)}`,
        ['model', 'on T, points', 'on E, points', 'additive fit: gives, takes', 'role'],
        rows
      ),
      small(text)
    ]
  })
}
