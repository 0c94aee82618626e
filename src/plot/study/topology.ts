/** The same table as a graph: an arc from donor to receiver, as wide as what is transferred. */
import { el, type Element } from '../../formats/markup'
import type { CrossFinding, TopologyFinding } from '../../study/findings'
import type { Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { short } from './heatmap'
import { dot, points, type Shape } from './marks'
import { colour, familyColours } from './palette'

const height = 316
const centre = { x: width / 2, y: 156 }
const radius = 104
const shapes: readonly Shape[] = ['circle', 'square', 'triangle', 'diamond']

/** One panel a condition. */
export function topologyGraph(run: Run, topology: readonly TopologyFinding[], cross: readonly CrossFinding[]): Figure {
  return {
    id: 'topology',
    title: 'Who gives and who takes',
    caption: `An arc bends to the right on its way from donor to receiver; its width is T, the points of code suppressed, printed near the receiver. Solid: more than random directions through the same map, the 95 % interval of the difference being above 0. Dashed: not shown to differ from them. Beside each model: what it gives less what it takes, in % of the receivers\u2019 spillover, with its 95 % interval over prompts. One seed each: descriptive.`,
    panels: topology.map((one) => panelOf(run, one, cross)),
    rows: topology.flatMap(({ anchors, alpha, scores }) =>
      scores.map(({ model, onTransfer, onExcess, role }) => ({
        anchors,
        alpha,
        model,
        role,
        onTransfer: onTransfer.estimate,
        low: onTransfer.low,
        high: onTransfer.high,
        onExcess: onExcess.estimate,
        excessLow: onExcess.low,
        excessHigh: onExcess.high
      }))
    )
  }
}

interface Place {
  readonly x: number
  readonly y: number
}

function panelOf(
  run: Run,
  { anchors, alpha, models, transfer, scores }: TopologyFinding,
  cross: readonly CrossFinding[]
): Panel {
  const n = models.length
  const places = models.map((_, i): Place => {
    const angle = (2 * Math.PI * (i + 0.5)) / n - Math.PI / 2
    return { x: centre.x + radius * Math.cos(angle), y: centre.y + 0.88 * radius * Math.sin(angle) }
  })
  const isBeyond = (donor: string, receiver: string): boolean => {
    const pair = cross.find(
      (one) => one.donor === donor && one.receiver === receiver && one.anchors === anchors && one.alpha === alpha
    )
    return (pair?.controls.find(({ family }) => family === 'mapped-random')?.code.size.low ?? -1) > 0
  }
  const arcs = models.flatMap((donor, s) =>
    models.flatMap((receiver, t) => {
      const [from, to] = [places[s], places[t]]
      if (s === t || !from || !to) return []
      return arc(from, to, transfer[s * n + t] ?? NaN, isBeyond(donor, receiver))
    })
  )
  const nodes = models.flatMap((key, i) => {
    const place = places[i]
    const score = scores.find(({ model }) => model === key)
    return place ? node(place, titleOf(run, key), i, score) : []
  })
  const title = `${anchors} anchors, ${alpha} ${alpha === 1 ? 'gap' : 'gaps'}`
  const label = scores
    .map(({ model, role, onTransfer }) => `${titleOf(run, model)} ${role}, ${points(100 * onTransfer.estimate)} %`)
    .join('; ')
  // No line crosses a number.
  const [numbers, lines] = [arcs.filter(({ tag }) => tag === 'text'), arcs.filter(({ tag }) => tag !== 'text')]
  return { title, width, height, label, marks: [...lines, ...numbers, ...nodes] }
}

/** A quadratic curve that leaves room at both nodes, its head, and its number. */
function arc(from: Place, to: Place, value: number, beyond: boolean): readonly Element[] {
  if (!Number.isFinite(value)) return []
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const size = Math.hypot(dx, dy)
  const bend = 0.2 * size
  const control = { x: (from.x + to.x) / 2 - (dy / size) * bend, y: (from.y + to.y) / 2 + (dx / size) * bend }
  const start = toward(from, control, 16)
  const end = toward(to, control, 21)
  const strength = Math.max(0, value)
  const tone = colour(value < 0 ? 'insecure' : beyond ? 'accent' : 'base')
  const line = {
    fill: 'none',
    stroke: tone,
    'stroke-width': 0.75 + strength / 11,
    'stroke-dasharray': beyond ? null : '4 4',
    'stroke-opacity': 0.85
  }
  const d = `M${pair(start)}Q${pair(control)} ${pair(end)}`
  const head = 4 + strength / 14
  const [ux, uy] = [
    (to.x - control.x) / Math.hypot(to.x - control.x, to.y - control.y),
    (to.y - control.y) / Math.hypot(to.x - control.x, to.y - control.y)
  ]
  const tip = { x: end.x + ux * 6, y: end.y + uy * 6 }
  const wings = [
    { x: end.x - uy * head - ux * 2, y: end.y + ux * head - uy * 2 },
    { x: end.x + uy * head - ux * 2, y: end.y - ux * head - uy * 2 }
  ]
  // Across the middle they would meet.
  const at = along(start, control, end, size > 1.6 * radius ? 0.8 : 0.64)
  const halo = { 'paint-order': 'stroke', stroke: colour('surface'), 'stroke-width': 4, 'stroke-linejoin': 'round' }
  return [
    el('path', { d, ...line }),
    el('polygon', { points: [tip, ...wings].map(pair).join(' '), fill: tone }),
    el(
      'text',
      { x: at.x, y: at.y + 4, 'text-anchor': 'middle', fill: colour('text'), 'font-size': 11, ...halo },
      points(value)
    )
  ]
}

function node(
  place: Place,
  title: string,
  i: number,
  score: TopologyFinding['scores'][number] | undefined
): readonly Element[] {
  const isTop = place.y < centre.y
  const { low = NaN, high = NaN, estimate = NaN } = score?.onTransfer ?? {}
  const lines = [
    short(title),
    ...(score && score.role !== 'neither' ? [score.role] : []),
    ...(score ? [`${points(100 * estimate)}\u00a0% (${points(100 * low)} to ${points(100 * high)})`] : [])
  ]
  const first = isTop ? place.y - 28 - 14 * (lines.length - 1) : place.y + 36
  const words = lines.map((line, at) => {
    const style = at === 0 ? { fill: colour('text'), 'font-weight': 600 } : { 'font-size': 11 }
    return el('text', { x: place.x, y: first + 14 * at, 'text-anchor': 'middle', ...style }, line)
  })
  const mark = dot(place, 'accent', { shape: shapes[i % shapes.length] ?? 'circle', size: 10 })
  const fill = familyColours[i % familyColours.length] ?? colour('base')
  return [{ ...mark, attributes: { ...mark.attributes, fill, stroke: colour('surface'), 'stroke-width': 2 } }, ...words]
}

function toward(from: Place, to: Place, by: number): Place {
  const size = Math.hypot(to.x - from.x, to.y - from.y)
  return { x: from.x + ((to.x - from.x) / size) * by, y: from.y + ((to.y - from.y) / size) * by }
}

function along(a: Place, b: Place, c: Place, t: number): Place {
  const mix = (p: number, q: number, r: number): number => (1 - t) ** 2 * p + 2 * t * (1 - t) * q + t ** 2 * r
  return { x: mix(a.x, b.x, c.x), y: mix(a.y, b.y, c.y) }
}

const pair = ({ x, y }: Place): string => `${x.toFixed(1)},${y.toFixed(1)}`

function titleOf(run: Run, key: string): string {
  return run.models.find((model) => model.key === key)?.title ?? key
}
