/** Where the truth is known: what was planted in the organisms, and what the ladder found. */
import type { Findings } from '../study/findings'
import { plantedRows, type Planted } from '../study/planted'
import type { Run } from '../study/run'
import { paragraph, section, table, type Element } from './parts'

const made: Readonly<Record<Planted, string>> = {
  separate: 'two personas, an axis each',
  shared: 'two personas, one axis',
  nothing: 'shuffled labels'
}

/** Null for a run without organisms whose truth is known. */
export function plantedSection({ settings }: Run, findings: Findings): Element | null {
  const rows = plantedRows(settings, findings)
  if (rows.length === 0) return null
  const right = rows.filter(({ reading }) => reading === 'right').length
  const wrong = rows.filter(({ reading }) => reading === 'wrong').length
  const told =
    `These models were made, so the right answer to ${rows.length} rungs is known. The ladder gives it in ${right}, ` +
    `the opposite in ${wrong}, and leaves ${rows.length - right - wrong} open.`
  return section(
    'planted',
    'Planted and found',
    paragraph(told),
    table(
      `At alpha ${settings.primary.alpha}; carried directions over anchors along the axis`,
      ['direction', 'what was planted', 'rung', 'planted', 'found', 'reading'],
      rows.map(({ subject, planted, rung, truth, found, reading }) => [
        subject,
        made[planted],
        rung,
        truth,
        found,
        reading
      ])
    )
  )
}
