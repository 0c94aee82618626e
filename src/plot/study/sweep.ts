/** The whole sweep of alpha for carried directions, with the receiver's own one as the line to read against. */
import { scaleLinear } from 'd3'
import type { Element } from '../../formats/markup'
import type { ArmResult, CrossFinding } from '../../study/findings'
import type { Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { short } from './heatmap'
import { axes, band, curve, dot, note, points, rule, spread, type Shape } from './marks'

const height = 230
const margin = { top: 28, right: 82, bottom: 36, left: 44 } as const
const shapes: readonly Shape[] = ['square', 'triangle', 'diamond', 'circle']

/** One panel a receiver. */
export function transferSweep(run: Run, cross: readonly CrossFinding[], anchors: string): Figure {
  const first = new Map(
    cross.filter((one) => one.anchors === anchors).map((one) => [`${one.donor} ${one.receiver}`, one])
  )
  const pairs = [...first.values()]
  const receivers = run.models.filter(({ key }) => pairs.some(({ receiver }) => receiver === key))
  return {
    id: `sweep-${anchors}`,
    title: `The same alphas for own and carried directions, ${anchors} anchors`,
    caption:
      'Points of code suppressed, by alpha in gaps of the receiver\u2019s own direction. Violet with its 95 % band: the receiver\u2019s own direction. Amber: directions carried from other models, a shape a donor. Read carried directions against the line at the same alpha, and at high alpha against clean prose: there any direction takes code away.',
    panels: receivers.map(({ key, title }) =>
      panelOf(
        run,
        title,
        pairs.filter(({ receiver }) => receiver === key)
      )
    ),
    rows: pairs.flatMap(({ donor, receiver, dose, own }) => [
      ...dose.map((result) => rowOf(donor, receiver, result)),
      ...own.map((result) => rowOf(receiver, receiver, result))
    ])
  }
}

function rowOf(donor: string, receiver: string, { arm, delta, cleanGain, clean }: ArmResult): Figure['rows'][number] {
  return {
    donor,
    receiver,
    alpha: arm.alpha,
    delta: delta.estimate,
    low: delta.low,
    high: delta.high,
    cleanGain: cleanGain.estimate,
    clean: clean.estimate
  }
}

function panelOf(run: Run, title: string, pairs: readonly CrossFinding[]): Panel {
  const own = pairs[0]?.own ?? []
  const all = [...own, ...pairs.flatMap(({ dose }) => dose)]
  const x = scaleLinear()
    .domain([0, Math.max(1, ...all.map(({ arm }) => arm.alpha))])
    .range([margin.left, width - margin.right])
  const deltas = all.flatMap(({ delta }) => [delta.low, delta.high]).filter(Number.isFinite)
  const y = scaleLinear()
    .domain([Math.min(0, ...deltas), Math.max(10, ...deltas)])
    .nice(5)
    .range([height - margin.bottom, margin.top])
  const line = (results: readonly ArmResult[]): { x: number; y: number }[] =>
    results.map(({ arm, delta }) => ({ x: x(arm.alpha), y: y(delta.estimate) }))
  const marks: Element[] = [
    ...axes(
      { width, height },
      margin,
      { ticks: x.ticks(5).map((value) => ({ at: x(value), label: String(value) })), label: 'alpha, in gaps' },
      { ticks: y.ticks(5).map((value) => ({ at: y(value), label: points(value) })), label: 'points of code suppressed' }
    ),
    rule(margin.left, y(0), width - margin.right, y(0), 'line-strong'),
    band(
      own.map(({ arm, delta }) => ({ x: x(arm.alpha), y: y(delta.low) })),
      own.map(({ arm, delta }) => ({ x: x(arm.alpha), y: y(delta.high) })),
      'accent',
      0.14
    ),
    curve(line(own), 'accent')
  ]
  const names = pairs.map(({ donor }) => short(run.models.find(({ key }) => key === donor)?.title ?? donor))
  pairs.forEach(({ dose }, i) => {
    const shape = shapes[i % shapes.length] ?? 'square'
    marks.push(curve(line(dose), 'random', { width: 1.5, dash: '4 3' }))
    dose.forEach(({ arm, delta }) => {
      const title = `${names[i] ?? ''} at alpha ${arm.alpha}: ${points(delta.estimate, 1)} points`
      marks.push(dot({ x: x(arm.alpha), y: y(delta.estimate) }, 'random', { shape, size: 4, title }))
    })
  })
  const ends = [
    { name: 'own', tone: 'accent' as const, at: own.at(-1) },
    ...pairs.map(({ dose }, i) => ({ name: names[i] ?? '', tone: 'random' as const, at: dose.at(-1) }))
  ].flatMap(({ name, tone, at }) => (at ? [{ name, tone, y: y(at.delta.estimate) }] : []))
  const heights = spread(
    ends.map((end) => end.y),
    15,
    [margin.top, height - margin.bottom]
  )
  marks.push(
    ...ends.map(({ name, tone }, i) => note(name, { x: width - margin.right + 8, y: (heights[i] ?? 0) + 4 }, tone))
  )
  const spoken = pairs.map(({ dose }, i) => `${names[i] ?? ''} ${points(dose.at(-1)?.delta.estimate ?? NaN)}`)
  const label = `points suppressed at the largest alpha: own ${points(own.at(-1)?.delta.estimate ?? NaN)}, ${spoken.join(', ')}`
  return { title, width, height, label, marks }
}
