/** How well a ridge map predicts, beside whether it carries the direction: the first says nothing of the second. */
import { scaleLinear } from 'd3'
import type { Element } from '../../formats/markup'
import type { Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { axes, dot, points, rule, whisker } from './marks'

const height = 230
const margin = { top: 28, right: 12, bottom: 36, left: 44 } as const

/** One panel a set of anchors. */
export function mapsChart(run: Run): Figure {
  const sets = run.settings.anchors.filter((anchors) => run.maps.some((map) => map.anchors === anchors))
  const n = [...new Set(run.maps.map((map) => map.n))].join(', ')
  return {
    id: 'maps',
    title: 'A map that predicts well need not carry the direction',
    caption: `One diamond an ordered pair of models: held-out R\u00b2 of the ridge map over ${n} texts, and the cosine of the carried direction with the receiver\u2019s own. Amber: random directions through the same map, from the least to the most.`,
    panels: sets.map((anchors) => panelOf(run, anchors)),
    rows: run.maps.map(({ donor, receiver, anchors, n: texts, lambda0, r2, cosine, randomCosines }) => ({
      donor,
      receiver,
      anchors,
      n: texts,
      lambda0,
      r2,
      cosine,
      randomLeast: Math.min(...randomCosines),
      randomMost: Math.max(...randomCosines)
    }))
  }
}

function panelOf(run: Run, anchors: string): Panel {
  const maps = run.maps.filter((map) => map.anchors === anchors)
  const least = Math.min(0.5, ...run.maps.map(({ r2 }) => r2))
  const x = scaleLinear()
    .domain([Math.max(0, Math.floor(least * 10) / 10), 1])
    .range([margin.left, width - margin.right])
  const y = scaleLinear()
    .domain([-0.5, 1])
    .range([height - margin.bottom, margin.top])
  const marks: Element[] = [
    ...axes(
      { width, height },
      margin,
      {
        ticks: x.ticks(5).map((tick) => ({ at: x(tick), label: tick.toFixed(1) })),
        label: 'held-out R\u00b2 of the map'
      },
      {
        ticks: y.ticks(5).map((tick) => ({ at: y(tick), label: points(tick, 1) })),
        label: 'cosine with the receiver\u2019s own direction'
      }
    ),
    rule(margin.left, y(0), width - margin.right, y(0), 'line-strong')
  ]
  for (const { r2, cosine, randomCosines, donor, receiver } of maps) {
    if (randomCosines.length > 0)
      marks.push(
        whisker(
          { x: x(r2), y: y(Math.min(...randomCosines)) },
          { x: x(r2), y: y(Math.max(...randomCosines)) },
          'random'
        )
      )
    marks.push(
      dot({ x: x(r2), y: y(cosine) }, 'accent', {
        shape: 'diamond',
        size: 3.5,
        title: `${donor} to ${receiver}: R\u00b2 ${r2.toFixed(2)}, cosine ${points(cosine, 2)}`
      })
    )
  }
  const label = maps
    .map(
      ({ donor, receiver, r2, cosine }) =>
        `${donor} to ${receiver} R\u00b2 ${r2.toFixed(2)}, cosine ${cosine.toFixed(2)}`
    )
    .join('; ')
  return { title: `${anchors} anchors`, width, height, label, marks }
}
