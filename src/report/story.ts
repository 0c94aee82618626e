/** What a reader sees first: one sentence, one figure, one pair of answers. */
import { el } from '../formats/markup'
import { count } from '../study/analysis/words'
import { outcomeReader } from '../study/analysis/measure/outcome'
import type { Findings, WithinFinding } from '../study/findings'
import { organisms } from '../study/presets'
import type { Answer, Run } from '../study/run'
import { armPlace, firstAnswer } from './answers'
import { paragraph, small, titleOf, type DrawFigure, type Element } from './parts'

/** The sentence, what the run was, and where its models come from. */
export function head(run: Run, { headline }: Findings): readonly Element[] {
  const devices = [...new Set(run.models.map(({ device, deviceName, dtype }) => `${device} (${deviceName}), ${dtype}`))]
  const facts = [
    `Preset ${run.settings.preset}, ${count(run.models.length, 'model')}, ${run.answers.length} answers`,
    `${devices.join('; ')}, ${run.app.host}`,
    `From ${minute(run.started)} to ${minute(run.finished)}`,
    `Detector ${run.app.detector}, Azimuth ${run.app.version}`
  ]
  return [
    el('h1', {}, 'Activation directions and code spillover'),
    el('p', { class: 'lead' }, headline),
    ...planted(run),
    small(`${facts.join('. ')}.`)
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
      `${whose} tiny organisms: their tendency to answer with code was planted in training, so that there is something to find. They show how the method works, and are no evidence about models in use.`
    )
  ]
}

/** The figure and the pair of answers. Null for a run in which no direction was measured. */
export function storySection(run: Run, { within }: Findings, draw: DrawFigure): Element | null {
  const leading = within.filter(({ isPrimary }) => isPrimary)
  if (leading.length === 0) return null
  return el('section', { id: 'story', class: 'story' }, draw('story'), pairOf(run, leading))
}

interface Pair {
  readonly finding: WithinFinding
  readonly question: string
  readonly before: Answer
  readonly after: Answer
  readonly isRestored: boolean
}

/** The first question that was answered with code, and with clean prose once steered; where there is none, with code alone. */
function pairOf(run: Run, leading: readonly WithinFinding[]): Element | null {
  const pairs = leading.flatMap((finding) => pairsOf(run, finding))
  const pair = pairs.find(({ isRestored }) => isRestored) ?? pairs[0]
  if (!pair) return null
  const { finding, question, before, after, isRestored } = pair
  const shown = (name: string, text: string): Element =>
    el('div', { class: 'answer' }, el('h4', {}, name), el('pre', {}, text === '' ? '(nothing)' : text))
  return el(
    'figure',
    { class: 'pair' },
    el('h3', {}, `\u201c${question}\u201d`),
    el(
      'div',
      { class: 'panels' },
      shown(`${titleOf(run, finding.model)}, unsteered`, before.text),
      shown(`its direction taken away, alpha ${finding.alpha}`, after.text)
    ),
    el(
      'figcaption',
      {},
      isRestored
        ? 'One question of many, the first that was answered with code and then with prose; every answer is below.'
        : 'No answer with code became clean prose; this is the first question that was answered with code.'
    )
  )
}

function pairsOf(run: Run, finding: WithinFinding): readonly Pair[] {
  const { none, effect, model } = finding
  const least = run.models.find(({ key }) => key === model)?.leastLogProbability ?? NaN
  const read = outcomeReader(least)
  const block = run.blocks[none.block]
  const prompts = (block && run.prompts[block.set]?.prompts) ?? []
  const places = [armPlace(run, none.block, none.arm.id), armPlace(run, effect.block, effect.arm.id)] as const
  return prompts.flatMap(({ messages, expected }, prompt) => {
    const before = firstAnswer(run, none.block, places[0], prompt)
    const after = firstAnswer(run, effect.block, places[1], prompt)
    if (!before || !after || !read(before, expected).code) return []
    const question = messages.map(({ content }) => content).join(' / ')
    return [{ finding, question, before, after, isRestored: read(after, expected).clean }]
  })
}
