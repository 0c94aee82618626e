/** The ladder: as a picture, stated twice, and each direction with every condition it rests on. */
import { el } from '../formats/markup'
import type { ControlFinding, Findings, Judged, Ladder, Rung, WithinAt } from '../study/findings'
import type { Run } from '../study/run'
import { mean } from '../math/statistics'
import { percent, points, pValue } from '../study/analysis/words'
import {
  badge,
  condition,
  difference,
  folded,
  paragraph,
  rate,
  section,
  small,
  suppressed,
  table,
  titleOf,
  type DrawFigure,
  type Element,
  type Markup
} from './parts'

/** The picture, and the two tiers by the source's rule and by the ladder, with what explains the difference. */
export function ladderSection({ tiers, within }: Findings, draw: DrawFigure): Element | null {
  if (within.length === 0) return null
  const primary = tiers.find(({ isPrimary }) => isPrimary)
  const others = tiers.filter(({ isPrimary }) => !isPrimary)
  return section(
    'ladder',
    'What each direction was shown to be',
    draw('ladder'),
    primary ? el('div', {}, el('h3', {}, `Two tiers, ${condition(primary)}`), paragraph(primary.text)) : null,
    ...(others.length === 0
      ? []
      : [
          folded(
            'Two tiers in the other conditions',
            ...others.map((tier) => paragraph(`${condition(tier)}: ${tier.text}`))
          )
        ])
  )
}

/** Every rung with its checks, in words and by their signs. */
export function ladderList({ rungs, source, tags }: Ladder): Element {
  const parts = rungs.flatMap((rung) => [el('h4', {}, rungTitle(rung)), checkList(rung)])
  const tagged = tags.length === 0 ? null : small(tags.join('; '))
  const bySource = small(`By the source\u2019s own controls: ${source.kind}. ${source.detail}`)
  return el('div', { class: 'rungs' }, ...parts, bySource, tagged)
}

function rungTitle({ name, word, found, remedy }: Rung): string {
  const answer = found === 'yes' ? 'yes' : found === 'not asked' ? `not asked (${word})` : word
  return `${name}: ${answer}${remedy === null ? '' : `; it would take ${remedy}`}`
}

function checkList({ checks }: Rung): Element {
  const items = checks.map(({ name, holds, detail }) =>
    el(
      'li',
      { class: holds ? 'holds' : 'fails' },
      el('strong', {}, `${holds ? '\u2713' : '\u2717'} ${name}`),
      ` ${detail}`
    )
  )
  return el('ul', { class: 'checks' }, ...items)
}

/** Leading adapters at the alphas at which carried directions are judged. */
export function ladderTables(run: Run, withinAt: readonly WithinAt[]): readonly Element[] {
  return withinAt.map((one) =>
    folded(
      `${titleOf(run, one.model)}, ${one.adapter} at alpha ${one.alpha}: ${one.ladder.title}`,
      ladderList(one.ladder),
      controlTable(one)
    )
  )
}

/** Families of controls beside the direction. */
export function controlTable({ controls, effect, none }: Pick<Judged, 'controls' | 'effect' | 'none'>): Element {
  const span = (values: readonly number[]): string => `${points(Math.min(...values))} to ${points(Math.max(...values))}`
  const rows = controls.map((control): readonly Markup[] => {
    const { family, code, clean, members, measured } = control
    return [
      control.decides ? family : `${family} (overlaps, decides nothing)`,
      members.length === measured ? String(measured) : `${members.length} of ${measured}`,
      cosinesOf(control),
      points(mean(code.members)),
      span(code.members),
      difference(code.size),
      pValue(code.rankP),
      percent(mean(members.map((member) => member.clean.estimate))),
      difference(clean.size),
      pValue(clean.rankP)
    ]
  })
  const own: readonly Markup[] = [
    effect.arm.family,
    '1',
    '\u2013',
    suppressed(effect),
    '\u2013',
    '\u2013',
    '\u2013',
    rate(effect, effect.clean),
    '\u2013',
    '\u2013'
  ]
  const heads = [
    'family',
    'directions that count',
    'cosine with it, largest',
    'points of code suppressed, mean',
    'least to most',
    'S on code',
    'rank p',
    'clean prose',
    'S on clean prose',
    'rank p, clean prose'
  ]
  const caption = `Controls at the same length and positions; clean prose ${percent(none.clean.estimate)} unsteered. S: the direction less the mean of the family, in points`
  return table(caption, heads, [own, ...rows])
}

/** After and, where a part along the direction was taken out, before. */
function cosinesOf({ members }: ControlFinding): string {
  const largest = (values: readonly (number | null)[]): string => {
    const known = values.flatMap((value) => (value === null ? [] : [Math.abs(value)]))
    return known.length === 0 ? '\u2013' : Math.max(...known).toFixed(2)
  }
  const after = largest(members.map(({ arm }) => arm.cosine))
  const before = largest(members.map(({ arm }) => arm.before))
  return before === '\u2013' ? after : `${after} (${before} before)`
}

/** The kind of a ladder, as a word whose colour only repeats it. */
export function ladderBadge({ ladder }: Judged): Element {
  return badge(ladder.kind)
}
