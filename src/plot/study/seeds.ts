/** Every seed of every fine-tune together: code and clean prose, before and after the leading direction is subtracted. */
import { scaleLinear } from 'd3'
import type { Element } from '../../formats/markup'
import type { ArmResult, WithinFinding } from '../../study/findings'
import type { ModelRecord, Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { curve, dot, legend, note, percent, rule, whisker } from './marks'

const margin = { top: 44, right: 10, bottom: 36, left: 84 } as const
const step = 26
const between = 32

interface Seed {
  readonly adapter: string
  readonly kind: 'insecure' | 'secure'
  readonly none: ArmResult
  readonly steered: ArmResult
}

/** One panel a model. */
export function seedsPanel(run: Run, within: readonly WithinFinding[]): Figure {
  const all = run.models.map((model) => ({ model, seeds: seedsOf(model, within) }))
  return {
    id: 'seeds',
    title: 'Every seed, insecure and secure, clean prose beside code',
    caption: `Share of answers to the eval prompts. Hollow: as fine-tuned. Filled: with a direction subtracted, an insecure adapter\u2019s own at its chosen alpha; under secure adapters the leading insecure one. Whiskers: 95 %. A single pair of seeds is not evidence: secure code can spill as insecure code does.`,
    panels: all.flatMap(({ model, seeds }) => (seeds.length === 0 ? [] : [panelOf(model, seeds)])),
    rows: all.flatMap(({ model, seeds }) =>
      seeds.flatMap(({ adapter, kind, none, steered }) =>
        [none, steered].map(({ arm, n, code, clean }) => ({
          model: model.key,
          adapter,
          kind,
          arm: arm.id,
          n,
          code: code.estimate,
          codeLow: code.low,
          codeHigh: code.high,
          clean: clean.estimate,
          cleanLow: clean.low,
          cleanHigh: clean.high
        }))
      )
    )
  }
}

function seedsOf({ key }: ModelRecord, within: readonly WithinFinding[]): readonly Seed[] {
  const own = within.filter(({ model }) => model === key)
  return [
    ...own.map(({ adapter, none, effect }) => ({ adapter, kind: 'insecure' as const, none, steered: effect })),
    ...own.flatMap(({ onSecure }) => onSecure.map((one) => ({ ...one, kind: 'secure' as const })))
  ]
}

function panelOf({ title }: ModelRecord, seeds: readonly Seed[]): Panel {
  const height = margin.top + seeds.length * step + margin.bottom
  const half = (width - margin.left - margin.right - between) / 2
  const bottom = height - margin.bottom
  const sides = [
    { name: 'code', of: ({ code }: ArmResult) => code, from: margin.left },
    { name: 'clean prose', of: ({ clean }: ArmResult) => clean, from: margin.left + half + between }
  ]
  const marks: Element[] = seeds.map(({ adapter }, i) =>
    legend(adapter, { x: 0, y: margin.top + (i + 0.5) * step + 4 })
  )
  for (const { name, of, from } of sides) {
    const x = scaleLinear()
      .domain([0, 1])
      .range([from, from + half])
    marks.push(note(name, { x: from, y: margin.top - 14 }, 'text'))
    for (const tick of [0, 0.5, 1]) {
      marks.push(rule(x(tick), margin.top - 4, x(tick), bottom))
      marks.push(legend(`${100 * tick}`, { x: x(tick), y: bottom + 18 }, 'middle'))
    }
    seeds.forEach(({ adapter, kind, none, steered }, i) => {
      const y = margin.top + (i + 0.5) * step
      const [before, after] = [of(none), of(steered)]
      const at = (value: number, lift: number): { x: number; y: number } => ({ x: x(value), y: y + lift })
      const shape = kind === 'insecure' ? 'circle' : 'square'
      marks.push(whisker(at(before.low, -4), at(before.high, -4), kind, 1))
      marks.push(whisker(at(after.low, 4), at(after.high, 4), 'accent', 1))
      marks.push(curve([at(before.estimate, -4), at(after.estimate, 4)], 'line-strong', { width: 1 }))
      marks.push(
        dot(at(before.estimate, -4), kind, {
          shape,
          hollow: true,
          title: `${adapter} as fine-tuned: ${percent(before.estimate)} ${name}`
        })
      )
      marks.push(
        dot(at(after.estimate, 4), 'accent', { shape, title: `${adapter} steered: ${percent(after.estimate)} ${name}` })
      )
    })
  }
  marks.push(legend('% of answers', { x: width - margin.right, y: height - 2 }, 'end'))
  const label = seeds
    .map(
      ({ adapter, none, steered }) =>
        `${adapter} code ${percent(none.code.estimate)}, steered ${percent(steered.code.estimate)}, clean prose ${percent(none.clean.estimate)}, steered ${percent(steered.clean.estimate)}`
    )
    .join('; ')
  return { title, width, height, label, marks }
}
