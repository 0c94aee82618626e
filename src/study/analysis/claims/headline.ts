/** What a run says first of all, in one sentence. */
import type { Facts } from './facts'
import type { Judged } from '../../findings'
import { count } from '../words'

/** Of the leading adapters within their models; what carried directions do comes second. */
export function headlineOf({ run, within, cross, withinAt }: Facts): string {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  if (leading.length === 0) return 'No direction was measured in this run.'
  const { alpha, anchors } = run.settings.primary
  const pairs = cross.filter((one) => one.alpha === alpha && one.anchors === anchors)
  const first = ownText(leading)
  if (pairs.length === 0) return `${first}.`
  const own = withinAt.filter((one) => one.alpha === alpha)
  const same = own.length > 0 ? `, where their own directions are so in ${ofKind(own, 'direction-specific')}` : ''
  return `${first}; carried to another model at alpha ${alpha}, a direction ${carriedText(pairs)}${same}.`
}

function ownText(leading: readonly Judged[]): string {
  const n = count(leading.length, 'model')
  const few = leading.filter(({ ladder }) => lacks(ladder, 'Prompts')).length
  if (few === leading.length) return `Too few prompts to decide: ${fallText(leading)}`
  const specific = countOf(leading, 'direction-specific')
  if (specific > 0) {
    const open = countOf(leading, 'undecidable')
    const rest = open > 0 ? ` (in ${open} it cannot be decided)` : ''
    return `In ${specific} of ${n} subtracting the model\u2019s own direction takes its code spillover away, brings prose back, and does so better than every control${rest}`
  }
  const undecidable = countOf(leading, 'undecidable')
  if (undecidable === leading.length)
    return `Whether the direction itself matters cannot be decided: ${fallText(leading)}`
  return `In none of ${n} is the model\u2019s own direction shown to do more than every control: ${fallText(leading)}`
}

/** "code falls in 4 of 4 models, and prose comes back in 2" */
function fallText(leading: readonly Judged[]): string {
  const said = (name: string): number =>
    leading.filter(({ ladder }) => ladder.rungs.find((rung) => rung.name === name)?.found === 'yes').length
  return `subtracting it takes code away in ${said('causal')} of ${count(leading.length, 'model')}, and prose comes back in ${said('restorative')}`
}

function carriedText(pairs: readonly Judged[]): string {
  const parts = (['direction-specific', 'non-specific', 'unresolved', 'no effect', 'undecidable'] as const)
    .map((kind) => ({ kind, n: countOf(pairs, kind) }))
    .filter(({ n }) => n > 0)
    .toSorted((a, b) => b.n - a.n)
    .map(({ kind, n }) => `${n} ${kind}`)
  return `is specific in ${countOf(pairs, 'direction-specific')} of ${count(pairs.length, 'pair')} (${parts.join(', ')})`
}

function countOf(judged: readonly Judged[], kind: string): number {
  return judged.filter(({ ladder }) => ladder.kind === kind).length
}

function ofKind(judged: readonly Judged[], kind: string): string {
  return `${countOf(judged, kind)} of ${judged.length}`
}

function lacks({ rungs }: Judged['ladder'], name: string): boolean {
  return rungs[0]?.checks.some((check) => check.name === name && !check.holds) ?? false
}
