/** The source's claims: first as a table with this run's numbers, then one fold each with all it rests on. */
import { el } from '../formats/markup'
import type { Claim, Findings } from '../study/findings'
import type { Run } from '../study/run'
import { badge, folded, section, table, type DrawFigure, type Element, type Markup } from './parts'
import { ladderTables } from './ladder'
import { crossTables, tierTable, topologyTables } from './transfer'
import { admissionTable, boundTable, separationTable, seedTables, withinSections } from './within'

/** What the paper claimed beside what was found: number, interval and alpha, never code without clean prose. */
export function claimsTable({ claims }: Findings): Element {
  const rows = claims.map((claim): readonly Markup[] => [
    el('a', { href: `#${claim.id}` }, claim.title),
    claim.source,
    claim.number,
    claim.alpha,
    badge(claim.verdict)
  ])
  return section(
    'claims',
    'What the paper claimed, and what we found',
    table(
      'Claims of arXiv 2606.20225 in its order; 95 % intervals',
      ['claim', 'the paper', 'this run', 'alpha', 'verdict'],
      rows
    )
  )
}

/** One section a claim, its evidence folded. */
export function claimSections(run: Run, findings: Findings, draw: DrawFigure): readonly Element[] {
  return findings.claims.map((claim) =>
    section(
      claim.id,
      claim.title,
      el('p', {}, badge(claim.verdict)),
      el(
        'dl',
        {},
        el('dt', {}, 'The paper'),
        el('dd', {}, claim.source),
        el('dt', {}, 'This run'),
        el('dd', {}, claim.found),
        el('dt', {}, 'Our rule'),
        el('dd', {}, claim.rule)
      ),
      folded('Figures and tables', ...evidence(run, findings, claim.id, draw))
    )
  )
}

function evidence(run: Run, findings: Findings, id: Claim['id'], draw: DrawFigure): readonly (Element | null)[] {
  const { within, withinAt, cross, tiers, topology, bounds } = findings
  switch (id) {
    case 'separation':
      return [admissionTable(run, within), boundTable(run, bounds), draw('layers'), separationTable(run, 'insecure')]
    case 'secure-control':
      return [draw('densities'), separationTable(run, 'other')]
    case 'within':
      return [
        draw('dose'),
        draw('controls'),
        draw('seeds'),
        ...seedTables(run, findings),
        draw('alpha-map'),
        ...withinSections(run, within),
        ...ladderTables(run, withinAt)
      ]
    case 'transfer':
      return [
        ...run.settings.anchors.map((anchors) => draw(`sweep-${anchors}`)),
        draw('maps'),
        ...crossTables(run, findings, draw)
      ]
    case 'controls': {
      const { anchors, alpha } = run.settings.primary
      return [draw(`transfer-controls-${anchors}-${alpha}`)]
    }
    case 'two-tier':
      return tiers.length === 0 ? [] : [tierTable(tiers)]
    case 'topology':
      return cross.length === 0 ? [] : [draw('topology'), ...topologyTables(run, topology)]
  }
}
