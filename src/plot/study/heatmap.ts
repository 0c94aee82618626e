/** Who transfers to whom: the same table as points, as points beyond mapped random directions, and as a share. */
import { el, type Element } from '../../formats/markup'
import type { TopologyFinding } from '../../study/findings'
import type { Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { legend, points } from './marks'
import { colour } from './palette'

const margin = { top: 46, right: 8, bottom: 8, left: 92 } as const
const cellHeight = 40

/** Three panels: T, E and the fraction. */
export function transferHeatmap(run: Run, topology: TopologyFinding): Figure {
  const { anchors, alpha, models, transfer, excess, fraction } = topology
  const titles = models.map((key) => run.models.find((model) => model.key === key)?.title ?? key)
  const cells = models.flatMap((donor, from) =>
    models.map((receiver, to) => ({ donor, receiver, at: from * models.length + to }))
  )
  return {
    id: `transfer-${anchors}-${alpha}`,
    title: `What a direction suppresses in another model: ${anchors} anchors, ${alpha} ${alpha === 1 ? 'gap' : 'gaps'}`,
    caption: `Rows give, columns take. T: points by which code falls under the carried direction. E: T less the mean of random directions through the same map, the part that is about this direction. Share: T as a part of the receiver\u2019s unsteered spillover, which caps T. ${models.length * (models.length - 1)} pairs, one seed each: descriptive.`,
    panels: [
      panel('T: points suppressed', titles, transfer, 100, (value) => points(value)),
      panel('E: points beyond mapped random', titles, excess, 100, (value) => points(value)),
      panel('Share of the receiver\u2019s spillover', titles, fraction, 1, (value) => `${points(100 * value)}\u00a0%`)
    ],
    rows: cells.flatMap(({ donor, receiver, at }) =>
      donor === receiver
        ? []
        : [
            {
              anchors,
              alpha,
              donor,
              receiver,
              transfer: transfer[at] ?? null,
              excess: excess[at] ?? null,
              fraction: fraction[at] ?? null
            }
          ]
    )
  }
}

function panel(
  title: string,
  names: readonly string[],
  table: readonly number[],
  most: number,
  write: (value: number) => string
): Panel {
  const n = names.length
  const cell = (width - margin.left - margin.right) / n
  const height = margin.top + n * cellHeight + margin.bottom
  const marks: Element[] = [legend('to', { x: margin.left, y: 12 }), legend('from', { x: 0, y: margin.top - 10 })]
  names.forEach((name, i) => {
    marks.push(legend(short(name), { x: margin.left + (i + 0.5) * cell, y: margin.top - 10 }, 'middle'))
    marks.push(legend(short(name), { x: 0, y: margin.top + (i + 0.5) * cellHeight + 4 }))
  })
  table.forEach((value, at) => {
    const [from, to] = [Math.floor(at / n), at % n]
    const place = { x: margin.left + to * cell, y: margin.top + from * cellHeight }
    const box = { ...place, width: cell - 2, height: cellHeight - 2, rx: 3 }
    if (from === to || !Number.isFinite(value)) {
      marks.push(el('rect', { ...box, fill: colour('sunken') }))
      return
    }
    const strength = Math.min(1, Math.abs(value) / most)
    const tip = el('title', {}, `${names[from] ?? ''} to ${names[to] ?? ''}: ${write(value)}`)
    marks.push(el('rect', { ...box, fill: colour('surface') }))
    marks.push(
      el(
        'rect',
        {
          ...box,
          fill: colour(value >= 0 ? 'accent' : 'insecure'),
          'fill-opacity': 0.06 + 0.6 * strength,
          stroke: colour('line')
        },
        tip
      )
    )
    const middle = { x: place.x + cell / 2 - 1, y: place.y + cellHeight / 2 + 3, 'text-anchor': 'middle' }
    marks.push(
      el('text', { ...middle, fill: colour('text'), 'font-weight': 500, 'pointer-events': 'none' }, write(value))
    )
  })
  const spoken = names.flatMap((from, s) =>
    names.flatMap((to, t) => (s === t ? [] : [`${from} to ${to} ${write(table[s * n + t] ?? NaN)}`]))
  )
  return { title, width, height, label: spoken.join(', '), marks }
}

/** A title without what all of them share. */
export function short(name: string): string {
  return name.replace(/\s*organism\s*/i, '')
}
