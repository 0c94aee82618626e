/** Where states lie along their own direction, as densities: the base beside each fine-tune. */
import { scaleLinear } from 'd3'
import { el, type Element } from '../../formats/markup'
import { density } from '../../math/density'
import { mean, quantile } from '../../math/statistics'
import type { ModelRecord, Run, SeparationRecord } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { band, curve, legend, note, rule, type Point } from './marks'
import { colour, kindColour, type Colour } from './palette'
import { minus } from '../../math/number-text'

const row = 62
/** Between the middles of two labels. */
const labelGap = 60
const margin = { top: 20, right: 12, bottom: 36, left: 12 } as const

/** One panel a model: its first insecure adapter and its first secure one, each on its own direction. */
export function densities(run: Run): Figure {
  const chosen = run.models.map((model) => ({ model, records: firstOfEach(run, model) }))
  const n = Math.max(
    0,
    ...chosen.flatMap(({ records }) => records.map(({ projections }) => projections.positive.length))
  )
  return {
    id: 'densities',
    title: 'How far states lie along the direction that was fitted on them',
    caption: `Projections of ${n} prompts a side at the steering layer on each adapter\u2019s own direction, in gaps: 0 is the mean of the base, 1 that of the adapter. These states were fitted on, so they lie apart further than held-out ones; the figure above is the test. Gaussian kernel, Silverman\u2019s width; ticks are prompts.`,
    panels: chosen.flatMap(({ model, records }) => (records.length === 0 ? [] : [panelOf(model, records)])),
    rows: chosen.flatMap(({ records }) => records.flatMap(rowsOf))
  }
}

function firstOfEach({ separations, choices }: Run, { key }: ModelRecord): readonly SeparationRecord[] {
  const own = separations.filter(({ model }) => model === key)
  const steered = choices.find(({ model }) => model === key)?.adapter
  const insecure = own.find(({ adapter }) => adapter === steered) ?? own.find(({ kind }) => kind === 'insecure')
  return [insecure, own.find(({ kind }) => kind !== 'insecure')].filter((one) => one !== undefined)
}

/** Both sides in gaps. */
function inGaps({ projections: { positive, negative } }: SeparationRecord): { positive: number[]; negative: number[] } {
  const [from, to] = [mean(negative), mean(positive)]
  const scale = (value: number): number => (value - from) / (to - from || 1)
  return { positive: positive.map(scale), negative: negative.map(scale) }
}

function rowsOf(record: SeparationRecord): Figure['rows'] {
  const { model, adapter } = record
  const sides = Object.entries(inGaps(record))
  return sides.flatMap(([side, values]) =>
    values.map((projection) => ({ model, adapter, side: side === 'positive' ? 'adapter' : 'base', projection }))
  )
}

function panelOf({ title }: ModelRecord, records: readonly SeparationRecord[]): Panel {
  const height = margin.top + records.length * row + margin.bottom
  const sides = records.map(inGaps)
  const all = sides.flatMap(({ positive, negative }) => [...positive, ...negative])
  const x = scaleLinear()
    .domain([Math.min(-0.5, quantile(all, 0.002)), Math.max(1.5, quantile(all, 0.998))])
    .range([margin.left, width - margin.right])
  const bottom = height - margin.bottom
  const marks: Element[] = x
    .ticks(6)
    .flatMap((tick) => [
      rule(x(tick), margin.top, x(tick), bottom),
      legend(minus(String(tick)), { x: x(tick), y: bottom + 18 }, 'middle')
    ])
  marks.push(legend('projection, in gaps', { x: width - margin.right, y: height - 2 }, 'end'))
  records.forEach(({ adapter, kind }, i) => {
    const { positive, negative } = sides[i] ?? { positive: [], negative: [] }
    const base = margin.top + (i + 1) * row - 8
    const [down, up] = [hill(negative, x), hill(positive, x)]
    const scale = (row - 20) / Math.max(...down.map(({ y }) => y), ...up.map(({ y }) => y), 1e-9)
    for (const [points, tone, values] of [
      [down, 'base', negative],
      [up, kindColour(kind), positive]
    ] as const) {
      const top = points.map((point) => ({ x: point.x, y: base - point.y * scale }))
      marks.push(
        band(
          top,
          top.map((point) => ({ x: point.x, y: base })),
          tone,
          0.2
        ),
        curve(top, tone, { width: 1.5 })
      )
      marks.push(rug(values, x, base, tone))
    }
    const [left, right] = apart(peak(down), peak(up))
    marks.push(note('base', { x: left, y: base - row + 18 }, 'base', 'middle'))
    marks.push(note(adapter, { x: right, y: base - row + 18 }, kindColour(kind), 'middle'))
  })
  const label = records.map(({ adapter }) => adapter).join(' and ')
  return { title, width, height, label: `projections of ${label} beside the base`, marks }
}

/** Heights of a kernel density over the axis. */
function hill(values: readonly number[], x: (value: number) => number): readonly Point[] {
  return density(values).map(({ at, height }) => ({
    x: Math.min(width - margin.right, Math.max(margin.left, x(at))),
    y: height
  }))
}

const peak = (points: readonly Point[]): number =>
  points.reduce((best, point) => (point.y > best.y ? point : best), { x: 0, y: -1 }).x

/** Places of two labels that do not cover each other, near where they belong. */
function apart(a: number, b: number): readonly [number, number] {
  const missing = Math.max(0, labelGap - Math.abs(b - a)) / 2
  const side = b < a ? -1 : 1
  const inside = (x: number): number => Math.min(width - margin.right - labelGap / 2, Math.max(margin.left + 20, x))
  return [inside(a - side * missing), inside(b + side * missing)]
}

function rug(values: readonly number[], x: (value: number) => number, y: number, tone: Colour): Element {
  const inside = values.map(x).filter((at) => at >= margin.left && at <= width - margin.right)
  return el('path', {
    d: inside.map((at) => `M${at.toFixed(1)},${y + 1}v4`).join(''),
    stroke: colour(tone),
    'stroke-opacity': 0.35
  })
}
