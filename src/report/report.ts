/** The report of a run: the story, the claims, the ladder, and then everything they rest on, folded. */
import { el } from '../formats/markup'
import type { Findings } from '../study/findings'
import type { Run } from '../study/run'
import { armsSection } from './arms'
import { claimSections, claimsTable } from './claims'
import { ladderSection } from './ladder'
import { plantedSection } from './planted'
import { textOf, type DrawFigure, type Element } from './parts'
import { questionsSection, promptsSection } from './questions'
import { repeatSection, settingsSection, timeSection } from './settings'
import { head, storySection } from './story'

/** The whole report as one `article`. Says nothing that is not in the run or its findings. */
export function reportOf(run: Run, findings: Findings, draw: DrawFigure): Element {
  const first = [storySection(run, findings, draw), claimsTable(findings), ladderSection(findings, draw)]
  const details = [
    ...claimSections(run, findings, draw),
    plantedSection(run, findings),
    promptsSection(run, findings),
    questionsSection(findings),
    settingsSection(run),
    timeSection(run, draw),
    repeatSection(run),
    armsSection(run, findings)
  ]
  return el('article', { class: 'report' }, ...head(run, findings), ...first, contents(details), ...details)
}

/** Where everything is. */
function contents(sections: readonly (Element | null)[]): Element {
  const items = sections.flatMap((one) => {
    const [title] = one?.children ?? []
    const id = one?.attributes['id']
    return id === undefined || title === undefined ? [] : [el('li', {}, el('a', { href: `#${id}` }, textOf(title)))]
  })
  return el('nav', { id: 'contents', 'aria-label': 'Contents' }, el('h2', {}, 'Details'), el('ol', {}, ...items))
}
