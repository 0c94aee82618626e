/** The ladder as a picture: directions are rows, questions are columns, and each cell is an answer. */
import { el, type Element } from '../../formats/markup'
import type { Findings, Judged, Rung, RungName } from '../../study/findings'
import type { Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { short } from './heatmap'
import { dot, legend, rule } from './marks'
import { colour } from './palette'

const margin = { top: 96, right: 26, bottom: 8, left: 124 } as const
const step = 24

/** What each question is called where there is little room. */
const heads: Readonly<Record<RungName, string>> = {
  decidable: 'can be decided',
  causal: 'takes code away',
  restorative: 'prose comes back',
  'direction-specific': 'beats any vector',
  'sign-consistent': 'needs its sign',
  'layer-specific': 'needs its layer',
  'content-specific': 'about insecurity',
  'map-specific': 'beats the map alone',
  'pairing-specific': 'needs true pairs'
}

interface Climbed extends Judged {
  readonly name: string
  /** As the table names it: by keys. */
  readonly key: string
  readonly place: string
}

/** Panels: each model at its own alpha, at the primary one, and the carried directions of each condition, the primary one first. */
export function ladderPicture(run: Run, { within, withinAt, cross }: Findings): Figure {
  const titleOf = (key: string): string => short(run.models.find((model) => model.key === key)?.title ?? key)
  const leading = within
    .filter(({ isPrimary }) => isPrimary)
    .map((one) => ({ ...one, name: `${titleOf(one.model)}, alpha ${one.alpha}`, key: one.model, place: 'within' }))
  const { anchors, alpha } = run.settings.primary
  const alphas = [...new Set(withinAt.map((one) => one.alpha))].sort((a, b) => distance(a, alpha) - distance(b, alpha))
  const groups = [
    { title: 'Own direction, at each model\u2019s own alpha', rows: leading },
    ...alphas.map((at) => ({
      title: `Own direction, at alpha ${at}`,
      rows: withinAt
        .filter((one) => one.alpha === at)
        .map((one) => ({ ...one, name: titleOf(one.model), key: one.model, place: `within at ${at}` }))
    })),
    ...conditionsOf(cross, anchors, alpha).map((condition) => ({
      title: `Carried over ${condition.anchors} anchors, at alpha ${condition.alpha}`,
      rows: cross
        .filter((one) => one.anchors === condition.anchors && one.alpha === condition.alpha)
        .map((one) => ({
          ...one,
          name: `${titleOf(one.donor)} \u2192 ${titleOf(one.receiver)}`,
          key: `${one.donor} to ${one.receiver}`,
          place: `${condition.anchors} at ${condition.alpha}`
        }))
    }))
  ].filter(({ rows }) => rows.length > 0)
  return {
    id: 'ladder',
    title: 'The ladder: what each direction was shown to be',
    caption:
      'A row is a direction, a column a question. Full circle: yes. Cross: no. Ring: measured, and not decided. Empty: not asked, or not decidable. ' +
      'The last column is what the source would have said, by random and orthogonal directions and code alone: s specific, n non-specific, u unresolved, \u2013 no effect.',
    panels: groups.map(({ title, rows }) => panelOf(title, rows)),
    rows: groups.flatMap(({ rows }) => rows.flatMap(rowsOf))
  }
}

function distance(a: number, b: number): number {
  return Math.abs(a - b)
}

function conditionsOf(
  cross: Findings['cross'],
  anchors: string,
  alpha: number
): readonly { readonly anchors: string; readonly alpha: number }[] {
  const all = new Map(cross.map((one) => [`${one.anchors} ${one.alpha}`, { anchors: one.anchors, alpha: one.alpha }]))
  const far = (one: { readonly anchors: string; readonly alpha: number }): number =>
    distance(one.alpha, alpha) * 2 + Number(one.anchors !== anchors)
  return [...all.values()].sort((a, b) => far(a) - far(b))
}

function rowsOf({ key, place, alpha, ladder }: Climbed): Figure['rows'] {
  return ladder.rungs.map((rung) => ({
    place,
    direction: key,
    alpha,
    rung: rung.name,
    found: rung.found,
    word: rung.word,
    source: ladder.source.kind
  }))
}

const sourceMarks = {
  specific: 's',
  'non-specific': 'n',
  unresolved: 'u',
  'no effect': '\u2013',
  'not measured': ''
} as const

function panelOf(title: string, rows: readonly Climbed[]): Panel {
  const names = rows[0]?.ladder.rungs.map(({ name }) => name) ?? []
  const column = (width - margin.left - margin.right) / names.length
  const height = margin.top + rows.length * step + margin.bottom
  const x = (i: number): number => margin.left + (i + 0.5) * column
  const marks: Element[] = names.map((name, i) => slanted(heads[name], x(i)))
  marks.push(slanted('by the source', width - margin.right / 2))
  rows.forEach(({ name, ladder }, row) => {
    const y = margin.top + (row + 0.5) * step
    marks.push(
      rule(0, margin.top + row * step, width, margin.top + row * step),
      legend(name, { x: 0, y: y + 4 }, 'start', name.length > 20 ? 10 : 11),
      ...ladder.rungs.flatMap((rung, i) => cell(rung, x(i), y)),
      legend(sourceMarks[ladder.source.kind], { x: width - margin.right / 2, y: y + 4 }, 'middle')
    )
  })
  const label = rows.map(({ name, ladder }) => `${name}: ${ladder.title}`).join('; ')
  return { title, width, height, label: `${rows.length} directions. ${label}`, marks }
}

function slanted(text: string, x: number): Element {
  const y = margin.top - 8
  return el('text', { x, y, 'font-size': 11, transform: `rotate(-50 ${x.toFixed(1)} ${y})` }, text)
}

function cell({ name, found, word }: Rung, x: number, y: number): readonly Element[] {
  const title = `${heads[name]}: ${word}`
  if (found === 'yes') return [dot({ x, y }, 'accent', { size: 6, title })]
  if (found === 'unresolved' && word !== 'undecidable')
    return [dot({ x, y }, 'random', { size: 5.5, hollow: true, title })]
  if (found === 'no') {
    const d = `M${(x - 5).toFixed(1)},${y - 5}l10,10m0,-10l-10,10`
    return [el('path', { d, fill: 'none', stroke: colour('insecure'), 'stroke-width': 2.25 }, el('title', {}, title))]
  }
  return [legend('\u00b7', { x, y: y + 4 }, 'middle')]
}
