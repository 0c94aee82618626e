/** The report of a run: the story in the order of the source's claims, as a tree that a page draws and a file holds. */
import { el } from '../formats/markup'
import type { Claim, Findings } from '../study/findings'
import { organisms } from '../study/presets'
import type { Run } from '../study/run'
import { count } from '../study/analysis/words'
import { armsSection } from './arms'
import { badge, paragraph, section, small, table, type DrawFigure, type Element, type Markup } from './parts'
import { questionsSection, promptsSection } from './questions'
import { repeatSection, settingsSection, timeSection } from './settings'
import { crossTables, tierTable, topologyTables } from './transfer'
import { admissionTable, separationTable, withinSections } from './within'

/** The whole report as one `article`. Says nothing that is not in the run or its findings. */
export function reportOf(run: Run, findings: Findings, draw: DrawFigure): Element {
  return el(
    'article',
    { class: 'report' },
    ...head(run, findings),
    summary(findings),
    ...findings.claims.map((claim) => claimSection(run, findings, claim, draw)),
    promptsSection(run, findings),
    questionsSection(findings),
    settingsSection(run),
    timeSection(run, draw),
    repeatSection(run),
    armsSection(run, findings)
  )
}

function head(run: Run, { tiers }: Findings): readonly Element[] {
  const primary = tiers.find(({ isPrimary }) => isPrimary)
  const devices = [...new Set(run.models.map(({ device, deviceName, dtype }) => `${device} (${deviceName}), ${dtype}`))]
  const facts = [
    `Preset ${run.settings.preset}, ${count(run.models.length, 'model')}, ${run.answers.length} answers`,
    `${devices.join('; ')}, ${run.app.host}`,
    `From ${minute(run.started)} to ${minute(run.finished)}`,
    `Detector ${run.app.detector}, Azimuth ${run.app.version}`
  ]
  return [
    el('h1', {}, 'Activation directions and code spillover'),
    el('p', { class: 'lead' }, primary?.text ?? 'No direction was carried between models in this run.'),
    small(`${facts.join('. ')}.`),
    ...planted(run)
  ]
}

/** 2026-11-25 20:08 UTC */
function minute(time: string): string {
  return time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, '$1 $2 UTC')
}

/** Organisms are said to be planted wherever they occur. */
function planted({ settings }: Run): readonly Element[] {
  const names = new Set(organisms.flatMap(({ source }) => (source.kind === 'bundled' ? [source.name] : [])))
  const found = settings.models.filter(({ source }) => source.kind === 'bundled' && names.has(source.name))
  if (found.length === 0) return []
  const whose =
    found.length === settings.models.length ? 'These models are' : `${found.map(({ title }) => title).join(', ')} are`
  return [
    paragraph(
      `${whose} tiny organisms whose tendency to answer with code was planted in training, so that there is something to find. What is found here shows how the method works; it is no evidence about models in use.`
    )
  ]
}

function summary({ claims }: Findings): Element {
  const rows = claims.map((claim): readonly Markup[] => [
    el('a', { href: `#${claim.id}` }, claim.title),
    badge(claim.verdict),
    claim.source
  ])
  return section(
    'claims',
    'The source\u2019s claims, and what became of them',
    table('Claims of arXiv 2606.20225 in its order', ['claim', 'this run', 'what the source had'], rows)
  )
}

function claimSection(run: Run, findings: Findings, claim: Claim, draw: DrawFigure): Element {
  return section(
    claim.id,
    claim.title,
    el('p', {}, badge(claim.verdict)),
    el(
      'dl',
      {},
      el('dt', {}, 'The source'),
      el('dd', {}, claim.source),
      el('dt', {}, 'This run'),
      el('dd', {}, claim.found),
      el('dt', {}, 'Our rule'),
      el('dd', {}, claim.rule)
    ),
    ...evidence(run, findings, claim.id, draw)
  )
}

function evidence(run: Run, findings: Findings, id: Claim['id'], draw: DrawFigure): readonly (Element | null)[] {
  const { within, cross, tiers, topology } = findings
  switch (id) {
    case 'separation':
      return [admissionTable(run, within), draw('layers'), separationTable(run, 'insecure')]
    case 'secure-control':
      return [draw('densities'), separationTable(run, 'secure')]
    case 'within':
      return [draw('dose'), draw('controls'), draw('seeds'), draw('alpha-map'), ...withinSections(run, within)]
    case 'transfer':
      return [draw('maps'), ...crossTables(run, findings, draw)]
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
