/** Every control beside the direction it controls: one dot a control, in points of suppression. */
import { scaleLinear } from 'd3'
import type { Element } from '../../formats/markup'
import { mean } from '../../math/statistics'
import type { ArmResult, ControlFinding, CrossFinding, WithinFinding } from '../../study/findings'
import type { Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { axes, band, curve, dot, legend, note, points, rule, tick } from './marks'
import type { Colour } from './palette'

const step = 24
const margin = { top: 44, right: 102, bottom: 36, left: 106 } as const

/** Controls of each model's own direction. */
export function controlStrips(run: Run, within: readonly WithinFinding[]): Figure {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  return {
    id: 'controls',
    title: 'What each control suppresses, beside the direction itself',
    caption: `Points by which code falls against no steering, at the chosen alpha and the same length of |dh|; one dot a control, the tick their mean. Violet line and band: the direction itself, 95 %. At the right: the direction less the mean of the family, 95 %. To be direction-specific takes more than ${run.settings.thresholds.margin} points at the lower end, on code and on clean prose. In brackets: a control that overlaps with the direction, and decides nothing.`,
    panels: leading.map((finding) => stripPanel(titleOf(run, finding.model), 'own', finding)),
    rows: leading.flatMap(({ model, adapter, controls, effect }) => rowsOf({ model, adapter }, controls, effect))
  }
}

/** Controls of carried directions in one condition, one panel an ordered pair. */
export function transferStrips(run: Run, cross: readonly CrossFinding[], anchors: string, alpha: number): Figure {
  const pairs = cross.filter((one) => one.anchors === anchors && one.alpha === alpha)
  return {
    id: `transfer-controls-${anchors}-${alpha}`,
    title: `Carried directions beside their controls: ${anchors} anchors, ${alpha} ${alpha === 1 ? 'gap' : 'gaps'}`,
    caption: `Points by which code falls in the receiver, one dot a control; mapped: through the same ridge map. Violet line and band: the carried direction, 95 %. Dashed: the receiver\u2019s own direction at the same alpha. At the right: carried less the mean of the family, 95 %.`,
    panels: pairs.map((pair) =>
      stripPanel(`${titleOf(run, pair.donor)} \u2192 ${titleOf(run, pair.receiver)}`, 'carried', pair, ownAt(pair))
    ),
    rows: pairs.flatMap(({ donor, receiver, controls, effect }) => rowsOf({ donor, receiver }, controls, effect))
  }
}

/** What the receiver's own direction suppresses at the alpha of a carried one; null where it was not measured. */
function ownAt({ own, alpha }: CrossFinding): number | null {
  return own.find(({ arm }) => Math.abs(arm.alpha - alpha) < 1e-9)?.delta.estimate ?? null
}

function rowsOf(place: Figure['rows'][number], controls: readonly ControlFinding[], effect: ArmResult): Figure['rows'] {
  return [
    {
      ...place,
      family: effect.arm.family,
      arm: effect.arm.id,
      delta: effect.delta.estimate,
      low: effect.delta.low,
      high: effect.delta.high
    },
    ...controls.flatMap(({ family, members, code, clean, decides }) =>
      members.map(({ arm, delta, cleanGain }) => ({
        ...place,
        family,
        arm: arm.id,
        delta: delta.estimate,
        low: delta.low,
        high: delta.high,
        cleanGain: cleanGain.estimate,
        cosine: arm.cosine,
        decides,
        advantage: code.size.estimate,
        advantageLow: code.size.low,
        advantageHigh: code.size.high,
        cleanAdvantage: clean.size.estimate,
        cleanAdvantageLow: clean.size.low,
        cleanAdvantageHigh: clean.size.high
      }))
    )
  ]
}

/** Random ones amber, the secure adapters' teal, the rest grey: told apart by their row, too. */
function toneOf(family: string): Colour {
  if (family === 'wrong-source') return 'secure'
  return /random|orthogonal|in-subspace/.test(family) ? 'random' : 'base'
}

function stripPanel(
  title: string,
  name: string,
  { controls, effect }: Pick<WithinFinding, 'controls' | 'effect'>,
  own: number | null = null
): Panel {
  const height = margin.top + Math.max(1, controls.length) * step + margin.bottom
  const all = [0, own ?? 0, effect.delta.low, effect.delta.high, ...controls.flatMap(({ code }) => code.members)]
  const x = scaleLinear()
    .domain([Math.min(...all), Math.max(...all, 10)])
    .nice(5)
    .range([margin.left, width - margin.right])
  const bottom = height - margin.bottom
  const { estimate, low, high } = effect.delta
  const marks: Element[] = [
    ...axes({ width, height }, margin, { ticks: [], label: 'points of code suppressed' }, { ticks: [], label: '' }),
    ...x
      .ticks(3)
      .flatMap((tick) => [
        rule(x(tick), margin.top - 6, x(tick), bottom, tick === 0 ? 'line-strong' : 'line'),
        legend(points(tick), { x: x(tick), y: bottom + 18 }, 'middle')
      ]),
    band(
      [
        { x: x(low), y: margin.top - 6 },
        { x: x(low), y: bottom }
      ],
      [
        { x: x(high), y: margin.top - 6 },
        { x: x(high), y: bottom }
      ],
      'accent',
      0.14
    ),
    rule(x(estimate), margin.top - 6, x(estimate), bottom, 'accent'),
    ...(own === null ? [] : [dashed(x(own), margin.top - 6, bottom)]),
    note(
      `${name} ${points(estimate)}`,
      { x: x(estimate), y: margin.top - 12 },
      'accent',
      x(estimate) > width - 150 ? 'end' : 'middle'
    ),
    legend('difference', { x: width, y: margin.top - 12 }, 'end', 11)
  ]
  controls.forEach(({ family, code, members, decides }, i) => {
    const deltas = code.members
    const y = margin.top + (i + 0.5) * step
    const tone = toneOf(family)
    marks.push(legend(decides ? family : `(${family})`, { x: margin.left - 8, y: y + 4 }, 'end', 11))
    deltas.forEach((delta, member) => {
      const lift = deltas.length > 1 ? (((member * 7) % 5) - 2) * 2 : 0
      marks.push(
        dot({ x: x(delta), y: y + lift }, tone, {
          size: 3,
          title: `${members[member]?.arm.id ?? family}: ${points(delta, 1)} points`
        })
      )
    })
    if (deltas.length > 1) marks.push(tick(x(mean(deltas)), y - 8, x(mean(deltas)), y + 8, 'text'))
    const text = `${points(code.size.estimate)} (${points(code.size.low)} to ${points(code.size.high)})`
    marks.push(legend(text, { x: width, y: y + 4 }, 'end', 11))
  })
  const label = `${name} ${points(estimate)} points; ${controls.map(({ family, code }) => `${family} ${points(mean(code.members))}`).join(', ')}`
  return { title, width, height, label, marks }
}

function dashed(x: number, top: number, bottom: number): Element {
  const line = [
    { x, y: top },
    { x, y: bottom }
  ]
  return curve(line, 'accent', { width: 1.5, dash: '3 3' })
}

function titleOf(run: Run, key: string): string {
  return run.models.find((model) => model.key === key)?.title ?? key
}
