/** Separation at every layer: all seeds of insecure and of secure together, beside what swapped labels reach. */
import { kindColour } from './palette'
import { scaleLinear, scalePoint } from 'd3'
import type { Element } from '../../formats/markup'
import type { LayerSeparation } from '../../direction/separation'
import type { ModelRecord, Run, SeparationRecord } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { axes, band, curve, dot, note, percent, spread } from './marks'

const height = 230
const margin = { top: 28, right: 66, bottom: 36, left: 44 } as const

/** One panel a model. */
export function layerCurves(run: Run): Figure {
  const records = run.separations
  const n = new Set(records.map(({ separation }) => separation.n))
  const swaps = Math.max(0, ...records.map(({ separation }) => separation.swaps))
  return {
    id: 'layers',
    title: 'How well each layer tells a fine-tune from its base',
    caption: `Share of held-out hidden states on their side of the midpoint, at the last prompt token; n = ${[...n].join(', ')} states a curve, half of them under the base, 5-fold by prompt. One curve an adapter: circles insecure, squares secure. Red band: Wilson 95 % of the first insecure adapter. Amber: mean to 95th percentile of ${swaps} label swaps. Separation shows a fine-tune; it does not show that the direction does anything.`,
    panels: run.models.flatMap((model) =>
      panelOf(
        model,
        records.filter((record) => record.model === model.key)
      )
    ),
    rows: records.flatMap(({ model, adapter, kind, separation }) =>
      separation.layers.map((row) => ({ model, adapter, kind, n: separation.n, ...row }))
    )
  }
}

function panelOf({ title }: ModelRecord, records: readonly SeparationRecord[]): readonly Panel[] {
  const [first] = records
  if (!first) return []
  const layers = first.separation.layers
  const x = scalePoint<number>()
    .domain(layers.map(({ layer }) => layer))
    .range([margin.left, width - margin.right])
    .padding(0.4)
  const y = scaleLinear()
    .domain([0.4, 1])
    .range([height - margin.bottom, margin.top])
  const place = (row: LayerSeparation, value: number): { x: number; y: number } => ({
    x: x(row.layer) ?? 0,
    y: y(Math.max(0.4, value))
  })
  const every = Math.ceil(layers.length / 9)
  const marks: Element[] = [
    ...axes(
      { width, height },
      margin,
      {
        ticks: layers
          .filter(({ layer }) => layer % every === 0)
          .map(({ layer }) => ({ at: x(layer) ?? 0, label: String(layer) })),
        label: 'layer'
      },
      {
        ticks: y.ticks(4).map((value) => ({ at: y(value), label: percent(value) })),
        label: 'held-out states on their side'
      }
    )
  ]
  if (first.separation.swaps > 0) {
    const mean = layers.map((row) => place(row, row.nullMean))
    marks.push(
      band(
        layers.map((row) => place(row, row.null95)),
        mean,
        'random',
        0.22
      ),
      curve(mean, 'random', { width: 1.25, dash: '3 3' })
    )
  }
  marks.push(
    band(
      layers.map((row) => place(row, row.low)),
      layers.map((row) => place(row, row.high)),
      kindColour(first.kind),
      0.14
    )
  )
  for (const { adapter, kind, separation } of records.toReversed()) {
    const line = separation.layers.map((row) => ({
      ...place(row, row.accuracy),
      title: `${adapter}, layer ${row.layer}: ${percent(row.accuracy)}`
    }))
    marks.push(
      curve(line, kindColour(kind), { width: 1.5 }),
      ...line.map((at) =>
        dot(at, kindColour(kind), { shape: kind === 'insecure' ? 'circle' : 'square', size: 3, title: at.title })
      )
    )
  }
  marks.push(...endLabels(records, y))
  const label = records
    .map(({ adapter, separation }) => `${adapter} ${percent(separation.layers.at(-1)?.accuracy ?? NaN)}`)
    .join(', ')
  return [{ title, width, height, label: `held-out separation at the final layer: ${label}`, marks }]
}

function endLabels(records: readonly SeparationRecord[], y: (value: number) => number): readonly Element[] {
  const kinds = (['insecure', 'secure', 'educational'] as const).flatMap((kind) => {
    const last = records
      .filter((record) => record.kind === kind)
      .map(({ separation }) => separation.layers.at(-1)?.accuracy ?? 1)
    return last.length === 0
      ? []
      : [{ text: kind, tone: kindColour(kind), at: y(last.reduce((sum, value) => sum + value, 0) / last.length) }]
  })
  const swapped = records[0]?.separation.layers.at(-1)
  const all =
    swapped && records[0] && records[0].separation.swaps > 0
      ? [...kinds, { text: 'swapped', tone: 'random' as const, at: y(swapped.nullMean) }]
      : kinds
  const heights = spread(
    all.map(({ at }) => at),
    15,
    [margin.top, height - margin.bottom]
  )
  return all.map(({ text, tone }, i) => note(text, { x: width - margin.right + 6, y: (heights[i] ?? 0) + 4 }, tone))
}
