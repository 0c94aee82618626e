/** Dose and response: what comes in the place of code as a model's own direction is subtracted more strongly. */
import { scaleLinear } from 'd3'
import type { Element } from '../../formats/markup'
import type { Estimate } from '../../math/bootstrap'
import { mean } from '../../math/statistics'
import type { ArmResult, WithinFinding } from '../../study/findings'
import type { Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { axes, band, curve, dot, note, percent, rule, spread, tick, type Shape } from './marks'
import type { Colour } from './palette'

const height = 250
const margin = { top: 28, right: 74, bottom: 36, left: 44 } as const

interface Measure {
  readonly name: 'code' | 'clean prose' | 'right'
  readonly of: (result: ArmResult) => Estimate | null
  readonly tone: Colour
  readonly shape: Shape
  readonly dash: string
}

const measures: readonly Measure[] = [
  { name: 'code', of: ({ code }) => code, tone: 'insecure', shape: 'circle', dash: '' },
  { name: 'clean prose', of: ({ clean }) => clean, tone: 'accent', shape: 'square', dash: '' },
  { name: 'right', of: ({ right }) => right, tone: 'secure', shape: 'triangle', dash: '5 3' }
]

/** One panel a model, of its leading adapter. */
export function doseResponse(run: Run, within: readonly WithinFinding[]): Figure {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  return {
    id: 'dose',
    title: 'What becomes of the answers as the direction is subtracted',
    caption: `Share of answers to the ${leading[0]?.none.prompts ?? 0} eval prompts that are code, clean prose, and exactly right, by alpha in gaps; bands and whiskers: 95 %. The vertical line is the alpha that was chosen on tune and frozen. Amber: code under random directions of the same length at that alpha, from the least to the most, the tick their mean. A code rate that falls while clean prose does not rise is damage, not repair.`,
    panels: leading.map((finding) => panelOf(run, finding)),
    rows: leading.flatMap((finding) => [finding.none, ...finding.dose].flatMap((result) => rowsOf(finding, result)))
  }
}

function rowsOf({ model, adapter }: WithinFinding, result: ArmResult): Figure['rows'] {
  return measures.flatMap(({ name, of }) => {
    const value = of(result)
    return value
      ? [{ model, adapter, arm: result.arm.id, alpha: result.arm.alpha, measure: name, n: result.n, ...value }]
      : []
  })
}

function panelOf(run: Run, finding: WithinFinding): Panel {
  const results = [finding.none, ...finding.dose]
  const most = Math.max(1, ...results.map(({ arm }) => arm.alpha))
  const x = scaleLinear()
    .domain([0, most])
    .range([margin.left, width - margin.right])
  const y = scaleLinear()
    .domain([0, 1])
    .range([height - margin.bottom, margin.top])
  const lines = measures.flatMap((measure) => {
    const values = results.flatMap((result) => {
      const value = measure.of(result)
      return value ? [{ x: x(result.arm.alpha), value, result }] : []
    })
    return values.length === 0 ? [] : [{ measure, values }]
  })
  const marks: Element[] = [
    ...axes(
      { width, height },
      margin,
      { ticks: x.ticks(6).map((value) => ({ at: x(value), label: String(value) })), label: 'alpha, in gaps' },
      { ticks: y.ticks(5).map((value) => ({ at: y(value), label: percent(value) })), label: 'share of answers' }
    ),
    rule(x(finding.alpha), margin.top, x(finding.alpha), height - margin.bottom, 'text'),
    ...randomRange(finding, x, y)
  ]
  for (const { measure, values } of lines) {
    const at = (pick: (value: Estimate) => number): { x: number; y: number }[] =>
      values.map((one) => ({ x: one.x, y: y(pick(one.value)) }))
    marks.push(
      band(
        at(({ low }) => low),
        at(({ high }) => high),
        measure.tone,
        0.13
      ),
      curve(
        at(({ estimate }) => estimate),
        measure.tone,
        { dash: measure.dash }
      )
    )
  }
  for (const { measure, values } of lines) {
    for (const { x: place, value, result } of values) {
      const title = `alpha ${result.arm.alpha}: ${percent(value.estimate)} ${measure.name}`
      marks.push(dot({ x: place, y: y(value.estimate) }, measure.tone, { shape: measure.shape, size: 3.5, title }))
    }
  }
  const ends = lines.map(({ values }) => y(values.at(-1)?.value.estimate ?? 0))
  const heights = spread(ends, 15, [margin.top, height - margin.bottom])
  marks.push(
    ...lines.map(({ measure }, i) =>
      note(measure.name, { x: width - margin.right + 7, y: (heights[i] ?? 0) + 4 }, measure.tone)
    )
  )
  const { none, effect, model, alpha } = finding
  const random = finding.controls.find(({ family }) => family === 'random')?.members ?? []
  if (random.length > 0) {
    const at = { x: x(alpha) + 11, y: y(mean(random.map(({ code }) => code.estimate))) + 4 }
    marks.push(note('random', at, 'random'))
  }
  const title = run.models.find(({ key }) => key === model)?.title ?? model
  const label = `code ${percent(none.code.estimate)} unsteered, ${percent(effect.code.estimate)} at alpha ${alpha}; clean prose ${percent(none.clean.estimate)} and ${percent(effect.clean.estimate)}`
  return { title, width, height, label, marks }
}

function randomRange(
  { controls, alpha }: WithinFinding,
  x: (value: number) => number,
  y: (value: number) => number
): readonly Element[] {
  const members = controls.find(({ family }) => family === 'random')?.members ?? []
  if (members.length === 0) return []
  const codes = members.map(({ code }) => code.estimate)
  const [low, high] = [Math.min(...codes), Math.max(...codes)]
  const at = x(alpha)
  return [
    band(
      [
        { x: at - 5, y: y(low) },
        { x: at + 5, y: y(low) }
      ],
      [
        { x: at - 5, y: y(high) + 0.5 },
        { x: at + 5, y: y(high) + 0.5 }
      ],
      'random',
      0.45
    ),
    tick(at - 6, y(mean(codes)), at + 6, y(mean(codes)), 'random')
  ]
}
