/** Between models: every ordered pair in every condition, the two-tier conclusion, and the topology. */
import { el } from '../formats/markup'
import type { Estimate } from '../math/bootstrap'
import { mean } from '../math/statistics'
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
import { controlTable, ladderBadge, ladderList } from './ladder'

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
  const rows = pairs.map((pair): readonly Markup[] => {
    const { donor, receiver, anchors, none, effect, fraction, controls, pHolm } = pair
    const mapped = controls.find(({ family }) => family === 'mapped-random')
    const map = run.maps.find((one) => one.donor === donor && one.receiver === receiver && one.anchors === anchors)
    return [
      `${titleOf(run, donor)} \u2192 ${titleOf(run, receiver)}`,
      ladderBadge(pair),
      pair.ladder.source.kind,
      rate(none, none.code),
      suppressed(effect),
      Number.isFinite(fraction) ? percent(fraction) : '\u2013',
      mapped ? points(mean(mapped.code.members)) : '\u2013',
      mapped ? difference(mapped.code.size) : '\u2013',
      ownAt(pair),
      rate(none, none.clean),
      rate(effect, effect.clean),
      rate(effect, effect.right),
      map ? `${map.r2.toFixed(2)}, ${map.cosine.toFixed(2)}` : '\u2013',
      pValue(pHolm)
    ]
  })
  const heads = [
    'donor \u2192 receiver',
    'by the ladder',
    'by the source\u2019s rule',
    'code, unsteered',
    'T: points suppressed',
    'share of spillover',
    'mapped random',
    'E: beyond mapped random',
    'the receiver\u2019s own at this alpha',
    'clean prose, unsteered',
    'clean prose',
    'right',
    'R\u00b2, cosine',
    'p (Holm)'
  ]
  return table(`Carried directions on eval, ${pairs[0] ? condition(pairs[0]) : ''}`, heads, rows)
}

/** What the receiver's own direction does at the same alpha. */
function ownAt({ own, alpha }: CrossFinding): Markup {
  const result = own.find(({ arm }) => Math.abs(arm.alpha - alpha) < 1e-9)
  return result ? suppressed(result) : '\u2013'
}

function verdicts(run: Run, pairs: readonly CrossFinding[]): Element {
  const each = pairs.map((pair) =>
    folded(
      `${titleOf(run, pair.donor)} \u2192 ${titleOf(run, pair.receiver)}: ${pair.ladder.title}`,
      ladderList(pair.ladder),
      controlTable(pair)
    )
  )
  return folded('Every ladder with all it rests on', ...each)
}

/** The two-tier conclusion in each condition, by the source's rule and by the ladder. */
export function tierTable(tiers: readonly TierFinding[]): Element {
  const rows = tiers.flatMap((tier): readonly (readonly Markup[])[] =>
    (['source', 'ladder'] as const).map((reading) => {
      const { withinText, crossText, holds } = tier[reading]
      return [
        condition(tier) + (tier.isPrimary ? ' (primary)' : ''),
        reading === 'source' ? 'the source\u2019s own controls' : 'the ladder, at this alpha in both',
        withinText,
        crossText,
        badge(holds ? 'holds' : 'does not hold'),
        reading === 'ladder' ? (tier.why ?? '\u2013') : '\u2013'
      ]
    })
  )
  const caption =
    'Two tiers: at least three quarters specific within models, and as many causal but non-specific between them'
  return table(
    caption,
    ['condition', 'by', 'within models', 'between models', 'two tiers', 'why the two readings differ'],
    rows
  )
}

/** Scores of each model in each condition. */
export function topologyTables(run: Run, topology: readonly TopologyFinding[]): readonly Element[] {
  return topology.flatMap((one) => {
    const { models, scores, additive, text } = one
    const rows = scores.map(({ model, onTransfer, onExcess, onPoints, role }): readonly Markup[] => {
      const at = models.indexOf(model)
      const inPercent = (share: number | undefined): string => points(100 * (share ?? NaN))
      return [
        titleOf(run, model),
        difference(hundredfold(onTransfer)),
        difference(hundredfold(onExcess)),
        difference(onPoints),
        additive ? `${inPercent(additive.sending[at])}, ${inPercent(additive.receiving[at])}` : '\u2013',
        badge(role)
      ]
    })
    return [
      table(
        `Gives less takes, ${condition(one)}`,
        [
          'model',
          'on T, % of spillover',
          'on E, % of spillover',
          'on T, points',
          'additive fit: gives, takes, %',
          'role'
        ],
        rows
      ),
      small(text)
    ]
  })
}

function hundredfold({ estimate, low, high }: Estimate): Estimate {
  return { estimate: 100 * estimate, low: 100 * low, high: 100 * high }
}
