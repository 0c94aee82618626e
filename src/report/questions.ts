/** What each prompt does to the result, and what a run leaves open. */
import { el } from '../formats/markup'
import type { Findings, LeaveOneOut, WithinFinding } from '../study/findings'
import type { Run } from '../study/run'
import { points, span } from '../study/analysis/words'
import { folded, section, small, table, titleOf, type Element, type Markup } from './parts'

/** Prompt by prompt: whether a result hangs on one of them. */
export function promptsSection(run: Run, { leaveOneOut, within }: Findings): Element | null {
  const leading = leaveOneOut.filter(({ model, adapter }) =>
    within.some((one) => one.model === model && one.adapter === adapter && one.isPrimary)
  )
  if (leading.length === 0) return null
  return section(
    'prompts',
    'Prompt by prompt',
    small(
      'Points of code that the chosen arm suppresses on each prompt alone, and on all the others together: a result that hangs on one question moves when it is left out.'
    ),
    folded('Every prompt', rangeTable(run, leading, within), ...leading.map((one) => promptTable(run, one)))
  )
}

function rangeTable(run: Run, leading: readonly LeaveOneOut[], within: readonly WithinFinding[]): Element {
  const rows = leading.map(({ model, adapter, alone, without }): readonly Markup[] => {
    const finding = within.find((one) => one.model === model && one.adapter === adapter)
    return [
      titleOf(run, model),
      adapter,
      finding ? points(finding.effect.delta.estimate) : '\u2013',
      span(without, points),
      String(alone.filter((delta) => delta > 0).length),
      String(alone.filter((delta) => delta === 0).length),
      String(alone.filter((delta) => delta < 0).length)
    ]
  })
  const heads = [
    'model',
    'adapter',
    'points, all prompts',
    'with one left out, least to most',
    'prompts with less code',
    'as much',
    'more'
  ]
  return table('Leave one question out', heads, rows)
}

function promptTable(run: Run, { model, adapter, alone, without }: LeaveOneOut): Element {
  const prompts = run.prompts.eval?.prompts ?? []
  const rows = alone.map((delta, i): readonly Markup[] => {
    const prompt = prompts[i]
    const asked = prompt?.messages.map(({ content }) => content).join(' / ') ?? ''
    return [prompt?.id ?? String(i), asked, points(delta), points(without[i] ?? NaN)]
  })
  const title = `${titleOf(run, model)}, ${adapter}`
  return folded(
    `Every prompt: ${title}`,
    table(`${title}, at the chosen alpha`, ['prompt', 'asked', 'points, alone', 'points, without it'], rows)
  )
}

export function questionsSection({ questions }: Findings): Element {
  const each = questions.flatMap(({ title, text }) => [el('h3', {}, title), el('p', {}, text)])
  return section('questions', 'What this leaves open', folded('Open questions', ...each))
}
