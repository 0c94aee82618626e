/** The report of a run as one file that needs nothing else, and its figures: what a bundle carries for readers. */
import { el, serialize, type Element } from '../formats/markup'
import type { Findings } from '../study/findings'
import { reportOf } from './report'
import type { Run } from '../study/run'
import { drawPanel, figureFile, figureTable, type Figure } from '../plot/study/figure'
import { figuresOf } from '../plot/study/figures'
import { dark, light, properties } from '../plot/study/palette'
import { reportStyle } from './report-style'

/** By path: `report.html`, `figures/<id>.svg` and `figures/<id>.csv`. */
export function pagesOf(run: Run, findings: Findings): ReadonlyMap<string, string> {
  const figures = figuresOf(run, findings)
  const files = [...figures].flatMap(([id, figure]): [string, string][] => [
    [`figures/${id}.svg`, figureFile(figure)],
    [`figures/${id}.csv`, figureTable(figure)]
  ])
  return new Map([['report.html', reportFile(run, findings, figures)], ...files])
}

/** A figure with its title, panels and caption. */
export function drawFigure({ id, title, caption, panels }: Figure, ...more: readonly Element[]): Element {
  const drawn = panels.map((panel) => el('div', { class: 'panel' }, el('h4', {}, panel.title), drawPanel(panel)))
  return el(
    'figure',
    { id: `figure-${id}` },
    el('h3', {}, title),
    el('div', { class: 'panels' }, ...drawn),
    el('figcaption', {}, caption, ...more)
  )
}

function reportFile(run: Run, findings: Findings, figures: ReadonlyMap<string, Figure>): string {
  const draw = (id: string): Element | null => {
    const figure = figures.get(id)
    if (!figure) return null
    const files = [el('a', { href: `figures/${id}.svg` }, 'SVG'), el('a', { href: `figures/${id}.csv` }, 'CSV')]
    return drawFigure(figure, el('span', { class: 'files' }, ...files))
  }
  const style = `:root{${properties(light)}}@media (prefers-color-scheme: dark){:root{${properties(dark)}}}@media print{:root{${properties(light)}}}${reportStyle}`
  const head = el(
    'head',
    {},
    el('meta', { charset: 'utf-8' }),
    el('meta', { name: 'viewport', content: 'width=device-width' }),
    // Nothing in this file may run or be fetched, whatever a model answered.
    el('meta', { 'http-equiv': 'Content-Security-Policy', content: "default-src 'none'; style-src 'unsafe-inline'" }),
    el('title', {}, 'Activation directions and code spillover: report of a run'),
    el('style', {}, style)
  )
  const body = el('body', {}, reportOf(run, findings, draw))
  return `<!doctype html>\n${serialize(el('html', { lang: 'en' }, head, body))}\n`
}
