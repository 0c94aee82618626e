/** Every control beside the direction it controls: one dot a control, in points of suppression. */
import { scaleLinear } from 'd3'
import type { Element } from '../../formats/markup'
import { mean } from '../../math/statistics'
import type { ArmResult, ControlFinding, CrossFinding, WithinFinding } from '../../study/findings'
import type { Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { axes, band, dot, legend, note, points, rule, tick } from './marks'
import type { Colour } from './palette'

const step = 24
const margin = { top: 44, right: 102, bottom: 36, left: 106 } as const

/** Controls of each model's own direction. */
export function controlStrips(run: Run, within: readonly WithinFinding[]): Figure {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  return {
    id: 'controls',
    title: 'What each control suppresses, beside the direction itself',
    caption: `Points by which code falls against no steering, at the chosen alpha and the same length of |dh|; one dot a control, the tick their mean. Violet line and band: the direction itself, 95 %. At the right: the direction less the mean of the family, 95 %. The verdict asks for more than ${run.settings.thresholds.margin} points at the lower end for every family.`,
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
    caption: `Points by which code falls in the receiver, one dot a control; mapped: through the same ridge map. Violet line and band: the carried direction, 95 %. At the right: carried less the mean of the family, 95 %.`,
    panels: pairs.map((pair) =>
      stripPanel(`${titleOf(run, pair.donor)} \u2192 ${titleOf(run, pair.receiver)}`, 'carried', pair)
    ),
    rows: pairs.flatMap(({ donor, receiver, controls, effect }) => rowsOf({ donor, receiver }, controls, effect))
  }
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
    ...controls.flatMap(({ family, members, advantage }) =>
      members.map(({ arm, delta }) => ({
        ...place,
        family,
        arm: arm.id,
        delta: delta.estimate,
        low: delta.low,
        high: delta.high,
        advantage: advantage.estimate,
        advantageLow: advantage.low,
        advantageHigh: advantage.high
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
  { controls, effect }: Pick<WithinFinding, 'controls' | 'effect'>
): Panel {
  const height = margin.top + Math.max(1, controls.length) * step + margin.bottom
  const all = [0, effect.delta.low, effect.delta.high, ...controls.flatMap(({ deltas }) => deltas)]
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
    note(
      `${name} ${points(estimate)}`,
      { x: x(estimate), y: margin.top - 12 },
      'accent',
      x(estimate) > width - 150 ? 'end' : 'middle'
    ),
    legend('difference', { x: width, y: margin.top - 12 }, 'end', 11)
  ]
  controls.forEach(({ family, deltas, members, advantage }, i) => {
    const y = margin.top + (i + 0.5) * step
    const tone = toneOf(family)
    marks.push(legend(family, { x: margin.left - 8, y: y + 4 }, 'end', 11))
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
    const text = `${points(advantage.estimate)} (${points(advantage.low)} to ${points(advantage.high)})`
    marks.push(legend(text, { x: width, y: y + 4 }, 'end', 11))
  })
  const label = `${name} ${points(estimate)} points; ${controls.map(({ family, deltas }) => `${family} ${points(mean(deltas))}`).join(', ')}`
  return { title, width, height, label, marks }
}

function titleOf(run: Run, key: string): string {
  return run.models.find((model) => model.key === key)?.title ?? key
}
