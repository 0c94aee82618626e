/** Within models: who was admitted, how far states lie apart, and each verdict with all it rests on. */
import { el } from '../formats/markup'
import type { BoundFinding, Findings, WithinFinding } from '../study/findings'
import { controlTable, ladderBadge, ladderList } from './ladder'
import type { Run } from '../study/run'
import { percent, percentWithin, pValue, points } from '../study/analysis/words'
import { badge, difference, folded, rate, small, suppressed, table, titleOf, type Element, type Markup } from './parts'

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
export function separationTable(run: Run, kind: 'insecure' | 'other'): Element {
  const rows = run.separations
    .filter((record) => (record.kind === 'insecure') === (kind === 'insecure'))
    .map(({ model, adapter, separation: { layers, n }, gaps, cosines }): readonly Markup[] => {
      const last = layers.at(-1)
      const value = (number: number | undefined, digits: number): string =>
        number === undefined || Number.isNaN(number) ? '\u2013' : number.toFixed(digits)
      return [
        titleOf(run, model),
        adapter,
        last ? percentWithin({ ...last, estimate: last.accuracy }) : '\u2013',
        value(last?.auroc, 3),
        last && Number.isFinite(last.withoutMassive) ? percent(last.withoutMassive) : '\u2013',
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
  const rows = within.map((finding): readonly Markup[] => {
    const { model, adapter, alpha, admissible, none, effect, p, pHolm, isPrimary, ladder, monotony } = finding
    return [
      titleOf(run, model),
      adapter + (isPrimary ? ' (leading)' : ''),
      ladderBadge(finding),
      ladder.source.kind,
      admissible ? String(alpha) : `none admissible; shown at ${alpha}`,
      rate(none, none.code),
      rate(effect, effect.code),
      suppressed(effect),
      rate(none, none.clean),
      rate(effect, effect.clean),
      rate(effect, effect.right),
      rate(effect, effect.degenerate),
      Number.isFinite(monotony) ? monotony.toFixed(2) : '\u2013',
      `${pValue(p)}, ${pValue(pHolm)}`
    ]
  })
  const heads = [
    'model',
    'adapter',
    'by the ladder',
    'by the source\u2019s rule',
    'alpha',
    'code, unsteered',
    'code, steered',
    'points suppressed',
    'clean prose, unsteered',
    'clean prose, steered',
    'right, steered',
    'degenerate, steered',
    'Spearman of alpha and points, (0, 0) put in',
    'p, Holm'
  ]
  return table('Each model\u2019s own direction, subtracted at the chosen alpha, on eval; 95 % intervals', heads, rows)
}

function onePart(run: Run, finding: WithinFinding): Element {
  const { model, adapter, ladder, controls, modes, requests, onSecure, isPrimary } = finding
  const parts = [
    ladderList(ladder),
    controls.length === 0 ? null : controlTable(finding),
    modes.length === 0 && !finding.prompted ? null : modeTable(finding),
    ...finding.normKeeping.map(({ text, found }) => small(`Norm kept: ${found}. ${text}`)),
    finding.firstTokens.length === 0 ? null : firstTokenTable(finding),
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
  const title = `${titleOf(run, model)}, ${adapter}: ${ladder.title}`
  if (!isPrimary) return folded(title, ...parts)
  return el('div', { class: 'part' }, el('h3', {}, title), ...parts)
}

/** How likely the first token begins code, which moves before sampled text does. */
function firstTokenTable({ firstTokens, dose, none }: WithinFinding): Element {
  const cleanAt = (alpha: number): WithinFinding['none'] | undefined =>
    alpha === 0 ? none : dose.find(({ arm }) => arm.alpha === alpha)
  const rows = firstTokens.map(({ alpha, mass, drop }): readonly Markup[] => {
    const result = cleanAt(alpha)
    return [
      String(alpha),
      percentWithin(mass),
      percentWithin(drop),
      result ? rate(result, result.code) : '\u2013',
      result ? rate(result, result.clean) : '\u2013'
    ]
  })
  return table(
    'Probability that the first token is import, from, def or a fence',
    ['alpha', 'first-token mass', 'less than unsteered', 'code', 'clean prose'],
    rows
  )
}

/** All seeds together, and what the interval over prompts alone leaves out. */
export function seedTables(run: Run, { seeds, variance }: Findings): readonly Element[] {
  const pooled = seeds.map(({ model, adapters, delta, cleanGain }): readonly Markup[] => [
    titleOf(run, model),
    String(adapters.length),
    difference(delta),
    Number.isFinite(delta.between) ? points(delta.between) : '\u2013',
    difference(cleanGain)
  ])
  const parts = variance.map((one): readonly Markup[] => [
    titleOf(run, one.model),
    points(one.size),
    points(one.prompts),
    points(one.withDirections),
    points(one.withSeeds)
  ])
  const heads = [
    'model',
    'seeds',
    'points of code suppressed',
    'between seeds, standard deviation',
    'clean prose gained'
  ]
  return [
    ...(pooled.length === 0
      ? []
      : [table('Random-effects mean over seeds, each at its own alpha; t with n \u2212 1 degrees', heads, pooled)]),
    ...(parts.length === 0
      ? []
      : [
          table(
            'Standard error of S beside random directions, in points: what an interval over prompts leaves out',
            ['model', 'S', 'prompts drawn anew', 'and directions', 'and seeds'],
            parts
          )
        ])
  ]
}

/** Whether the bound of clean prose flags what nothing is wrong with. */
export function boundTable(run: Run, bounds: readonly BoundFinding[]): Element | null {
  if (bounds.length === 0) return null
  const share = (value: number): string => (Number.isFinite(value) ? percent(value) : '\u2013')
  const rows = bounds.map(({ model, set, n, bound, flagged, flaggedRight, holds }): readonly Markup[] => [
    titleOf(run, model),
    `${n} answers to ${set}`,
    bound.toFixed(2),
    share(flagged),
    share(flaggedRight),
    badge(holds ? 'holds' : 'flags too many')
  ])
  return table(
    'The bound of clean prose, in nats a token; of the base\u2019s own answers to eval it is to flag at most 2 %',
    ['model', 'from', 'bound', 'flagged', 'flagged of right answers', 'bound'],
    rows
  )
}

function modeTable({ modes, effect, prompted }: WithinFinding): Element {
  const rows = [effect, ...modes, ...(prompted ? [prompted] : [])].map((one): readonly Markup[] => [
    one.arm.id,
    one.arm.layers.join(', '),
    rate(one, one.code),
    suppressed(one),
    rate(one, one.clean),
    rate(one, one.right),
    rate(one, one.degenerate)
  ])
  return table(
    'Other ways and places to write the same direction, and asking in words',
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
    'The same direction under the other adapters, where nothing insecure is',
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
