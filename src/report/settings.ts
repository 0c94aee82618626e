/** How the run was made: every setting with its mark, what it ran on, where the time went, and how to do it again. */
import { el } from '../formats/markup'
import type { Run } from '../study/run'
import { settingGroups } from '../study/setting-notes'
import { folded, paragraph, section, small, table, type DrawFigure, type Element, type Markup } from './parts'

export function settingsSection(run: Run): Element {
  const groups = settingGroups.map(({ title, settings }) => {
    const rows = settings.map(({ label, mark, note, read }): readonly Markup[] => [
      label,
      read(run.settings),
      `[${mark}]`,
      note
    ])
    return table(title, ['setting', 'value', 'mark', 'why'], rows)
  })
  const { anchors, alpha } = run.settings.primary
  return section(
    'settings',
    'Settings, and whose they are',
    small('[S]: the source states it. [C]: our choice, because the source\u2019s own is not public.'),
    paragraph(`The conclusion is first read over ${anchors} anchors at alpha ${alpha}.`),
    folded('All settings', ...groups),
    folded('Models, adapters and prompts by their hashes', ...identity(run))
  )
}

function identity({ models, prompts, app }: Run): readonly Element[] {
  const hash = (value: string): Element => el('code', {}, value)
  const modelRows = models.flatMap(
    ({ title, id, sha256, layers, width, dtype, device, deviceName, adapters }): readonly (readonly Markup[])[] => [
      [title, id, `${layers} layers of width ${width}, ${dtype}, ${device} (${deviceName})`, hash(sha256)],
      ...adapters.map((adapter) => [`${title}, ${adapter.name}`, adapter.id, adapter.kind, hash(adapter.sha256)])
    ]
  )
  const sets = Object.entries(prompts).map(([name, set]): readonly Markup[] => [
    name,
    String(set.prompts.length),
    hash(set.sha256)
  ])
  return [
    table('Models and adapters', ['name', 'opened from', 'what it is', 'SHA-256'], modelRows),
    table('Prompt sets', ['set', 'prompts', 'SHA-256'], sets),
    small(`Answers are code by the detector ${app.detector}.`)
  ]
}

export function timeSection(run: Run, draw: DrawFigure): Element | null {
  if (run.times.length === 0 && run.notes.length === 0) return null
  const notes = run.notes.length === 0 ? null : el('ul', {}, ...run.notes.map((note) => el('li', {}, note)))
  return section('time', 'Where the time went', draw('times'), notes)
}

/** The command that does it again. */
export function repeatSection({ settings }: Run): Element {
  const preset = settings.preset === 'custom' ? '--settings settings.json' : `--preset ${settings.preset}`
  return section(
    'repeat',
    'Do it again',
    paragraph('On the command line, in a checkout of Azimuth:'),
    el('pre', {}, `npm run study -- ${preset} --out DIR`),
    paragraph(
      'In the page: Study, open this bundle, Repeat with these settings. The same settings and seed give the same run on the same device; on another one the last bits of the activations differ, and with them single answers. Re-check in the page computes all outcomes and findings again from the rows, and compares them with what this bundle states.'
    )
  )
}
