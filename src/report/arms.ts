/** Every arm that a number came from, with its own anchor, and answers of the main ones: what stands behind the report. */
import { el } from '../formats/markup'
import type { ArmResult, Findings } from '../study/findings'
import type { Run } from '../study/run'
import { armPlace, firstAnswer } from './answers'
import { percent, points } from '../study/analysis/words'
import { armAnchor, folded, section, small, table, titleOf, type Element, type Markup } from './parts'

/** Answers shown of a main arm. */
const shown = 6

/** One fold a block, one row an arm. */
export function armsSection(run: Run, findings: Findings): Element {
  const results = resultsOf(findings)
  const main = mainArms(findings)
  const blocks = [...new Set(results.map(({ block }) => block))].sort((a, b) => a - b)
  return section(
    'arms',
    'The answers behind the numbers',
    small(
      'Every number above leads here. All answers of an arm are in the lines of rows.jsonl that name its block, under its name.'
    ),
    folded(
      'Every block',
      ...blocks.map((block) =>
        blockPart(
          run,
          block,
          results.filter((one) => one.block === block),
          main
        )
      )
    )
  )
}

/** Each arm once. */
function resultsOf({ within, withinAt, cross }: Findings): readonly ArmResult[] {
  const all = [
    ...within.flatMap(({ none, dose, modes, prompted, controls, requests, onSecure }) => [
      none,
      ...dose,
      ...modes,
      ...(prompted ? [prompted] : []),
      ...controls.flatMap(({ members }) => members),
      ...(requests ? [requests.none, requests.steered] : []),
      ...onSecure.flatMap((one) => [one.none, one.steered])
    ]),
    ...withinAt.flatMap(({ none, effect, controls }) => [none, effect, ...controls.flatMap(({ members }) => members)]),
    ...cross.flatMap(({ none, dose, controls }) => [none, ...dose, ...controls.flatMap(({ members }) => members)])
  ]
  return [...new Map(all.map((one) => [armAnchor(one.block, one.arm.id), one])).values()]
}

/** Those that the report rests on most: unsteered, and the effects. */
function mainArms({ within, cross }: Findings): ReadonlySet<string> {
  const all = [
    ...within.flatMap(({ none, effect, onSecure, requests }) => [
      none,
      effect,
      ...onSecure.flatMap((one) => [one.none, one.steered]),
      ...(requests ? [requests.steered] : [])
    ]),
    ...cross.flatMap(({ none, effect }) => [none, effect])
  ]
  return new Set(all.map(({ block, arm }) => armAnchor(block, arm.id)))
}

function blockPart(run: Run, index: number, results: readonly ArmResult[], main: ReadonlySet<string>): Element {
  const block = run.blocks[index]
  const name = block ? `${titleOf(run, block.model)}, ${block.adapter}, ${block.set}, ${block.part}` : ''
  const rows = results.map(
    ({ arm, n, code, clean, degenerate, right, delta, cleanGain, antiSteered }): readonly Markup[] => [
      arm.id,
      String(n),
      percent(code.estimate),
      percent(clean.estimate),
      right ? percent(right.estimate) : '\u2013',
      percent(degenerate.estimate),
      `${points(delta.estimate)} (${points(delta.low)} to ${points(delta.high)})`,
      `${points(cleanGain.estimate)} (${points(cleanGain.low)} to ${points(cleanGain.high)})`,
      percent(antiSteered),
      arm.hook ? `${arm.hook.measured.toPrecision(4)} of ${arm.hook.expected.toPrecision(4)}` : '\u2013'
    ]
  )
  const ids = results.map(({ arm }) => armAnchor(index, arm.id))
  const heads = [
    'arm',
    'answers',
    'code',
    'clean prose',
    'right',
    'degenerate',
    'points suppressed',
    'clean prose gained',
    'prompts with more code',
    '|dh|'
  ]
  const samples = results.filter((_, i) => main.has(ids[i] ?? '')).map((result) => samplePart(run, index, result))
  return folded(`Block ${index}: ${name}`, table(`Block ${index}: ${name}`, heads, rows, ids), ...samples)
}

/** Prompts spread over the set, the first sample of each, as they were answered. */
function samplePart(run: Run, index: number, { arm, prompts }: ArmResult): Element {
  const block = run.blocks[index]
  const at = armPlace(run, index, arm.id)
  const set = (block && run.prompts[block.set]?.prompts) ?? []
  const chosen = Array.from({ length: Math.min(shown, prompts) }, (_, i) =>
    Math.floor((i * prompts) / Math.min(shown, prompts))
  )
  const items = chosen.flatMap((prompt) => {
    const answer = firstAnswer(run, index, at, prompt)
    return answer
      ? [
          el('dt', {}, set[prompt]?.messages.map(({ content }) => content).join(' / ') ?? ''),
          el('dd', {}, el('pre', {}, answer.text === '' ? '(nothing)' : answer.text))
        ]
      : []
  })
  return folded(
    `Answers of ${arm.id}: ${chosen.length} of ${prompts} prompts, one sample each`,
    el('dl', { class: 'answers' }, ...items)
  )
}
