/** The one figure that a report begins with: code and clean prose before and after, for each model. */
import { scaleLinear } from 'd3'
import type { Element } from '../../formats/markup'
import type { Estimate } from '../../math/bootstrap'
import { mean } from '../../math/statistics'
import type { WithinFinding } from '../../study/findings'
import type { Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { dot, legend, note, percent, rule, whisker } from './marks'
import type { Colour } from './palette'

const margin = { top: 30, right: 52, bottom: 34, left: 116 } as const
const step = 26

interface Line {
  readonly name: string
  readonly tone: Colour
  readonly code: Estimate
  readonly clean: Estimate
}

/** One panel a model, of its leading adapter. */
export function storyFigure(run: Run, within: readonly WithinFinding[]): Figure {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  return {
    id: 'story',
    title: 'What the answers to everyday questions are made of',
    caption: `Share of answers to ${leading[0]?.none.prompts ?? 0} everyday questions that are code (circle) and clean prose (square), with 95 % intervals. Steered: the model\u2019s own direction taken away. Random: the mean of random directions of the same length, whose least and most are drawn. Asked: \u201c${run.settings.instruction}\u201d before every question, with no direction. A code rate that falls while clean prose does not rise is damage.`,
    panels: leading.map((finding) => panelOf(run, finding)),
    rows: leading.flatMap((finding) =>
      linesOf(finding).flatMap(({ name, code, clean }) => [
        { model: finding.model, adapter: finding.adapter, alpha: finding.alpha, arm: name, measure: 'code', ...code },
        {
          model: finding.model,
          adapter: finding.adapter,
          alpha: finding.alpha,
          arm: name,
          measure: 'clean prose',
          ...clean
        }
      ])
    )
  }
}

function linesOf({ none, effect, prompted, controls }: WithinFinding): readonly Line[] {
  const random = controls.find(({ family }) => family === 'random')?.members ?? []
  const over = (of: (member: (typeof random)[number]) => Estimate): Estimate => {
    const values = random.map((member) => of(member).estimate)
    return { estimate: mean(values), low: Math.min(...values), high: Math.max(...values) }
  }
  return [
    { name: 'unsteered', tone: 'base', code: none.code, clean: none.clean },
    { name: 'steered', tone: 'accent', code: effect.code, clean: effect.clean },
    ...(random.length > 0
      ? [{ name: 'random', tone: 'random' as const, code: over(({ code }) => code), clean: over(({ clean }) => clean) }]
      : []),
    ...(prompted ? [{ name: 'asked', tone: 'secure' as const, code: prompted.code, clean: prompted.clean }] : [])
  ]
}

function panelOf(run: Run, finding: WithinFinding): Panel {
  const lines = linesOf(finding)
  const height = margin.top + 2 * lines.length * step + 18 + margin.bottom
  const x = scaleLinear()
    .domain([0, 1])
    .range([margin.left, width - margin.right])
  const bottom = height - margin.bottom
  const marks: Element[] = x
    .ticks(5)
    .flatMap((tick) => [
      rule(x(tick), margin.top - 8, x(tick), bottom),
      legend(percent(tick), { x: x(tick), y: bottom + 16 }, 'middle')
    ])
  const measures = [
    { name: 'code', shape: 'circle', of: ({ code }: Line) => code },
    { name: 'clean prose', shape: 'square', of: ({ clean }: Line) => clean }
  ] as const
  measures.forEach(({ name, shape, of }, block) => {
    const top = margin.top + block * (lines.length * step + 18)
    marks.push(note(name, { x: 0, y: top + 4 }, 'text'))
    lines.forEach((line, i) => {
      const y = top + (i + 0.75) * step
      const { estimate, low, high } = of(line)
      marks.push(
        legend(line.name, { x: margin.left - 10, y: y + 4 }, 'end'),
        whisker({ x: x(low), y }, { x: x(high), y }, line.tone),
        dot({ x: x(estimate), y }, line.tone, { shape, size: 5, title: `${line.name}: ${percent(estimate)} ${name}` }),
        legend(percent(estimate), { x: width, y: y + 4 }, 'end')
      )
    })
  })
  const { none, effect, model, alpha } = finding
  const title = `${run.models.find(({ key }) => key === model)?.title ?? model}, alpha ${alpha}`
  const label = `code ${percent(none.code.estimate)} unsteered, ${percent(effect.code.estimate)} steered; clean prose ${percent(none.clean.estimate)} and ${percent(effect.clean.estimate)}`
  return { title, width, height, label, marks }
}
