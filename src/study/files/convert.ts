/** A bundle of version 1 or 2 as a run of this version: its rows stay, what is said of them is worked out anew. */
import { excerpt, LabError } from '../../errors'
import { fieldsOf } from '../../formats/fields'
import { object, parseJson, readJson, text } from '../../formats/schema'
import { detectorVersion } from '../../spillover/rules'
import { outcomeReader, textReader, type TextReader } from '../analysis/measure/outcome'
import { isAdmissible } from '../steps/choose'
import { readRows2 } from './answer-rows-2'
import { readOldBundle, type BundleExtra } from './bundle'
import { inOrder } from './order'
import { oldVersions, readRunDocument } from './run-document'
import { runVersion, type Answer, type ArmRates, type Choice, type Run } from '../run'
import { scoreAnswers } from './scores'

/** A run that was brought over, with what its bundle keeps beside the rows. */
export interface Converted {
  readonly run: Run
  readonly read: TextReader
  readonly extra: Omit<BundleExtra, 'pages'>
}

/**
 * Brings a bundle over. Its answers are judged by this version's detector; clean prose keeps the bound that it had, from the tuning
 * prompts. An alpha that would not be admissible now is one no longer.
 * @throws LabError `format` for a bundle of another version, and as `readBundle`
 */
export async function convertBundle(bytes: Uint8Array): Promise<Converted> {
  const old = await readOldBundle(bytes)
  const { version } = readJson(object({ version: text }), old.text, 'run.json')
  if (!oldVersions.includes(version)) {
    const wayOut = version === runVersion ? 'it is one of this version already' : 'use the Azimuth that wrote it'
    throw new LabError(
      'format',
      `run.json has version ${excerpt(version)}, only ${oldVersions.join(' and ')} are brought over: ${wayOut}`
    )
  }
  const upgraded: unknown = JSON.parse(old.text, upgrade)
  const document = readRunDocument(parseJson(JSON.stringify(upgraded), 'run.json'), 'run.json')
  const answers = readRows2(old.rows, document)
  const read = textReader()
  const { primary, verdictAlphas } = document.settings
  const alpha = verdictAlphas.includes(1) ? 1 : (verdictAlphas[0] ?? primary.alpha)
  const run = inOrder({
    ...document,
    answers,
    settings: { ...document.settings, primary: { ...primary, alpha } },
    app: { ...document.app, detector: detectorVersion },
    choices: choicesOf({ ...document, answers }, read)
  })
  const noted = {
    ...run,
    notes: [...run.notes, ...notesOf(run, { version, before: primary.alpha, read }, document.app.detector)]
  }
  const { directions, tensors } = old
  return { run: noted, read, extra: { directions, tensors, scores: scoreAnswers(noted, read) } }
}

/** What earlier versions did not say, field by field, as JSON is read. */
function upgrade(this: unknown, key: string, value: unknown): unknown {
  const own = fieldsOf(value)
  if (key === '' && own.has('format')) return { ...Object.fromEntries(own), version: runVersion }
  if (own.has('family') && own.has('member') && own.has('hook')) return { ...Object.fromEntries(own), before: null }
  // Filled from the rows; an alpha of its own for each layer is what version 1 lacked.
  if (own.has('code') && own.has('degenerate')) {
    return { ...(own.has('layer') && { alpha: 1 }), ...Object.fromEntries(own), clean: 0 }
  }
  return value
}

/** The choices with clean prose beside code, worked out again on `tune`. */
function choicesOf(run: Run, read: TextReader): readonly Choice[] {
  const rates = ratesByArm(run, read)
  return run.choices.map((choice) => {
    const at = (id: string, before: ArmRates): ArmRates => rates(choice.model, choice.adapter, id) ?? before
    const curve = choice.curve.map((one) => ({ ...one, ...at(one.alpha === 0 ? 'none' : `own@${one.alpha}`, one) }))
    const middle = choice.middle.map((one) => ({ ...one, ...at(`middle-${one.layer}@${one.alpha}`, one) }))
    const [none] = curve
    const chosen = curve.find(({ alpha }) => alpha === choice.alpha)
    const allowed = run.settings.thresholds.degeneration / 100
    const isKept =
      none !== undefined && chosen !== undefined && isAdmissible(none, chosen, allowed) && chosen.code < none.code
    return { ...choice, curve, middle, alpha: isKept ? choice.alpha : null }
  })
}

/** Rates of the arms on `tune` under an adapter. */
function ratesByArm(run: Run, read: TextReader): (model: string, adapter: string, arm: string) => ArmRates | undefined {
  const readers = new Map(run.models.map((one) => [one.key, outcomeReader(one.leastLogProbability, read)]))
  const sums = new Map<string, { n: number; code: number; clean: number; degenerate: number }>()
  for (const { block: index, arm, ...answer } of run.answers) {
    const block = run.blocks[index]
    const id = block?.arms[arm]?.id
    if (block?.set !== 'tune' || block.part !== 'within' || id === undefined) continue
    const outcome = readers.get(block.model)?.(answer, null)
    if (!outcome) continue
    const key = JSON.stringify([block.model, block.adapter, id])
    const sum = sums.get(key) ?? { n: 0, code: 0, clean: 0, degenerate: 0 }
    sums.set(key, {
      n: sum.n + 1,
      code: sum.code + Number(outcome.code),
      clean: sum.clean + Number(outcome.clean),
      degenerate: sum.degenerate + Number(outcome.degeneration !== null)
    })
  }
  return (model, adapter, arm) => {
    const sum = sums.get(JSON.stringify([model, adapter, arm]))
    return sum && { code: sum.code / sum.n, clean: sum.clean / sum.n, degenerate: sum.degenerate / sum.n }
  }
}

/** What a reader should know of a run that was brought over. */
function notesOf(
  { answers, settings }: Run,
  { version, before, read }: { readonly version: string; readonly before: number; readonly read: TextReader },
  detector: string
): readonly string[] {
  const unscored = answers.filter((answer) => isUnscored(answer, read)).length
  return [
    `Brought over from version ${version}: measured under the first version of the protocol, whose swapped and wrong-layer controls overlap with the direction, and which drew every control once.`,
    'The bound of clean prose comes from the tuning prompts alone.',
    ...(before === settings.primary.alpha
      ? []
      : [
          `The primary condition was alpha ${before}; it is read at ${settings.primary.alpha} now, within models as between them.`
        ]),
    ...(unscored > 0
      ? [
          `${unscored} answers were code to ${detector} and are none to ${detectorVersion}; how likely they are was not measured, so they count as improbable.`
        ]
      : [])
  ]
}

function isUnscored({ text, logProbability }: Answer, read: TextReader): boolean {
  return logProbability === null && text.trim() !== '' && !read(text).code
}
