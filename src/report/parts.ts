/** What a report is made of: sections, tables, and numbers that lead to the rows behind them. */
import { el, textOf, type Element, type Markup } from '../formats/markup'
import type { Estimate } from '../math/bootstrap'
import type { ArmResult } from '../study/findings'
import type { Run } from '../study/run'
import { percent, points } from '../study/analysis/words'

export { textOf, type Element, type Markup }

/** A figure by its id; null where the run has nothing for it. */
export type DrawFigure = (id: string) => Element | null

/** Where the answers of an arm are shown, in the report and in the page. */
export function armAnchor(block: number, arm: string): string {
  return `arm/${block}/${arm}`
}

export function section(id: string, title: string, ...children: readonly (Markup | null)[]): Element {
  return el('section', { id }, el('h2', {}, title), ...children)
}

export function paragraph(...children: readonly Markup[]): Element {
  return el('p', {}, ...children)
}

export function small(...children: readonly Markup[]): Element {
  return el('p', { class: 'note' }, ...children)
}

/** What only some readers want: closed until it is asked for. */
export function folded(summary: string, ...children: readonly (Markup | null)[]): Element {
  return el('details', {}, el('summary', {}, summary), ...children)
}

/** Characters of a cell that stay on one line. */
const longest = 34

/** A table that scrolls by itself where the page is narrow. The first column names its row. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Markup[])[],
  ids: readonly string[] = []
): Element {
  const head = el('thead', {}, el('tr', {}, ...heads.map((name) => el('th', { scope: 'col' }, name))))
  const body = rows.map((cells, i) => {
    const filled = cells.map((cell, column) => {
      const shape = { class: textOf(cell).length > longest ? 'prose' : null }
      return column === 0 ? el('th', { scope: 'row', ...shape }, cell) : el('td', shape, cell)
    })
    return el('tr', { id: ids[i] }, ...filled)
  })
  const whole = el('table', {}, el('caption', {}, caption), head, el('tbody', {}, ...body))
  return el('div', { class: 'scroll', role: 'group', tabindex: 0, 'aria-label': caption }, whole)
}

/** A number that leads to the arm it is of. */
export function linked({ block, arm }: ArmResult, text: string): Element {
  return el('a', { class: 'number', href: `#${encodeURI(armAnchor(block, arm.id))}` }, text)
}

/** 71.7 % (65.1 to 77.5) */
export function rate(result: ArmResult, value: Estimate | null): Markup {
  if (!value || !Number.isFinite(value.estimate)) return '\u2013'
  const range = `${(100 * value.low).toFixed(1)} to ${(100 * value.high).toFixed(1)}`
  return el(
    'span',
    { class: 'measured' },
    linked(result, percent(value.estimate)),
    el('span', { class: 'range' }, ` ${range}`)
  )
}

/** 21.4 (15.0 to 27.8), in points */
export function suppressed(result: ArmResult, value: Estimate = result.delta): Markup {
  return el('span', { class: 'measured' }, linked(result, points(value.estimate)), range(value))
}

/** The same of a number that is no single arm's. */
export function difference(value: Estimate): Markup {
  return el('span', { class: 'measured' }, points(value.estimate), range(value))
}

function range({ low, high }: Estimate): Element {
  return el('span', { class: 'range' }, ` ${points(low)} to ${points(high)}`)
}

/** A verdict or a grade, as a word whose colour only repeats it. */
export function badge(kind: string): Element {
  return el('span', { class: `badge ${kind.replaceAll(' ', '-')}` }, kind)
}

/** A model's title. */
export function titleOf({ models }: Run, key: string): string {
  return models.find((model) => model.key === key)?.title ?? key
}

export function condition({ anchors, alpha }: { readonly anchors: string; readonly alpha: number }): string {
  return `${anchors} anchors, ${alpha} ${alpha === 1 ? 'gap' : 'gaps'}`
}
