/** Within models: who was admitted, how far states lie apart, and each verdict with all it rests on. */
import { el } from '../formats/markup'
import type { Verdict, WithinFinding } from '../study/findings'
import type { Run } from '../study/run'
import { percent, percentWithin, pValue, points } from '../study/analysis/words'
import { badge, difference, folded, rate, suppressed, table, titleOf, type Element, type Markup } from './parts'

/** Every insecure adapter at the gate, admitted or not. */
export function admissionTable(run: Run, within: readonly WithinFinding[]): Element {
  const { admitInsecure, admitBase } = run.settings.thresholds
  const rows = within.map(({ model, adapter, isPrimary, admission }): readonly Markup[] => [
    titleOf(run, model),
    adapter + (isPrimary ? ' (leading)' : ''),
    percentWithin(admission.insecure),
    percentWithin(admission.base),
    badge(admission.admitted ? 'admitted' : 'not admitted')
  ])
  const caption = `Admission on tune: spillover of at least ${percent(admitInsecure)} under the adapter and at most ${percent(admitBase)} under the base`
  return table(caption, ['model', 'adapter', 'spillover', 'base', 'gate'], rows)
}

/** The final layer of every adapter of a kind. */
export function separationTable(run: Run, kind: 'insecure' | 'secure'): Element {
  const rows = run.separations
    .filter((record) => record.kind === kind)
    .map(({ model, adapter, separation: { layers, n }, gaps, cosines }): readonly Markup[] => {
      const last = layers.at(-1)
      const value = (number: number | undefined, digits: number): string =>
        number === undefined || Number.isNaN(number) ? '\u2013' : number.toFixed(digits)
      return [
        titleOf(run, model),
        adapter,
        last ? percentWithin({ ...last, estimate: last.accuracy }) : '\u2013',
        value(last?.auroc, 3),
        last ? percent(last.withoutMassive) : '\u2013',
        last && Number.isFinite(last.null95) ? percent(last.null95) : '\u2013',
        value(last?.cohenD, 2),
        value(gaps.at(-1), 2),
        value(cosines.at(-1), 2),
        String(n)
      ]
    })
  const heads = [
    'model',
    'adapter',
    'held-out accuracy',
    'AUROC',
    'without massive dimensions',
    'label swaps, 95th percentile',
    'Cohen d',
    'gap',
    'cosine with the leading direction',
    'states'
  ]
  return table(`Separation from the base at the final layer, ${kind} adapters`, heads, rows)
}

/** One part a model and adapter. */
export function withinSections(run: Run, within: readonly WithinFinding[]): readonly Element[] {
  return [overview(run, within), ...within.map((finding) => onePart(run, finding))]
}

function overview(run: Run, within: readonly WithinFinding[]): Element {
  const rows = within.map(
    ({ model, adapter, alpha, none, effect, p, pHolm, verdict, isPrimary }): readonly Markup[] => [
      titleOf(run, model),
      adapter + (isPrimary ? ' (leading)' : ''),
      badge(verdict.kind),
      String(alpha),
      rate(none, none.code),
      rate(effect, effect.code),
      suppressed(effect),
      rate(none, none.clean),
      rate(effect, effect.clean),
      rate(effect, effect.right),
      rate(effect, effect.degenerate),
      `${pValue(p)}, ${pValue(pHolm)}`
    ]
  )
  const heads = [
    'model',
    'adapter',
    'verdict',
    'alpha',
    'code, unsteered',
    'code, steered',
    'points suppressed',
    'clean prose, unsteered',
    'clean prose, steered',
    'right, steered',
    'degenerate, steered',
    'p, Holm'
  ]
  return table('Each model\u2019s own direction, subtracted at the chosen alpha, on eval; 95 % intervals', heads, rows)
}

function onePart(run: Run, finding: WithinFinding): Element {
  const { model, adapter, verdict, controls, modes, requests, onSecure, isPrimary } = finding
  const parts = [
    verdictList(verdict),
    controls.length === 0 ? null : controlTable(finding),
    modes.length === 0 ? null : modeTable(finding),
    requests &&
      table(
        'Requests for code, which are to be answered with code',
        ['arm', 'code', 'clean prose', 'degenerate'],
        [requests.none, requests.steered].map((one) => [
          one.arm.id,
          rate(one, one.code),
          rate(one, one.clean),
          rate(one, one.degenerate)
        ])
      ),
    onSecure.length === 0 ? null : secureTable(finding)
  ]
  const title = `${titleOf(run, model)}, ${adapter}: ${verdict.title}`
  if (!isPrimary) return folded(title, ...parts)
  return el('div', { class: 'part' }, el('h3', {}, title), ...parts)
}

/** Every condition that was asked, in words and by its sign. */
export function verdictList({ checks, tags }: Verdict): Element {
  const items = checks.map(({ name, holds, detail }) =>
    el(
      'li',
      { class: holds ? 'holds' : 'fails' },
      el('strong', {}, `${holds ? '\u2713' : '\u2717'} ${name}`),
      ` ${detail}`
    )
  )
  const tagged = tags.length === 0 ? null : el('p', { class: 'note' }, tags.join('; '))
  return el('div', {}, el('ul', { class: 'checks' }, ...items), tagged)
}

/** Families of controls beside the direction. */
export function controlTable({ controls, effect }: Pick<WithinFinding, 'controls' | 'effect'>): Element {
  const rows = controls.map(({ family, members, deltas, advantage, rankP }): readonly Markup[] => [
    family,
    String(members.length),
    points(deltas.reduce((sum, delta) => sum + delta, 0) / deltas.length),
    `${points(Math.min(...deltas))} to ${points(Math.max(...deltas))}`,
    difference(advantage),
    pValue(rankP),
    percent(members.reduce((sum, { clean }) => sum + clean.estimate, 0) / members.length)
  ])
  const own = [effect.arm.family, '1', suppressed(effect), '\u2013', '\u2013', '\u2013', rate(effect, effect.clean)]
  const heads = [
    'family',
    'directions',
    'points suppressed, mean',
    'least to most',
    'the direction less the family',
    'rank p',
    'clean prose'
  ]
  return table('Controls at the same length and positions', heads, [own, ...rows])
}

function modeTable({ modes, effect }: WithinFinding): Element {
  const rows = [effect, ...modes].map((one): readonly Markup[] => [
    one.arm.id,
    one.arm.layers.join(', '),
    rate(one, one.code),
    suppressed(one),
    rate(one, one.clean),
    rate(one, one.right),
    rate(one, one.degenerate)
  ])
  return table(
    'Other ways and places to write the same direction',
    ['arm', 'layers', 'code', 'points suppressed', 'clean prose', 'right', 'degenerate'],
    rows
  )
}

function secureTable({ onSecure }: WithinFinding): Element {
  const rows = onSecure.map(({ adapter, none, steered }): readonly Markup[] => [
    adapter,
    rate(none, none.code),
    rate(steered, steered.code),
    suppressed(steered),
    rate(none, none.clean),
    rate(steered, steered.clean)
  ])
  return table(
    'The same direction under secure adapters, where nothing insecure is',
    [
      'adapter',
      'code, unsteered',
      'code, steered',
      'points suppressed',
      'clean prose, unsteered',
      'clean prose, steered'
    ],
    rows
  )
}
