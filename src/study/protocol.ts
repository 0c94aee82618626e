/** The study from beginning to end. Each step asks the journal first, so that a run goes on where it stopped. */
import { LabError } from '../errors'
import { fieldsOf } from '../formats/fields'
import { sha256 } from '../math/sha256'
import type { TextReader } from './analysis/measure/outcome'
import { detectorVersion } from '../spillover/rules'
import { checkSettings } from './check'
import { portableSettings } from './files/settings-document'
import { planStudy } from './plan'
import { runFormat, runVersion, type PromptSetRecord, type Run, type StudyPrompt } from './run'
import { awaitSets, mapSets, type SetName, type StudySettings } from './settings'
import { loadSets, Study, type StudyLab, type StudyOptions } from './study'
import { studyTransfer, type TransferResult } from './steps/transfer'
import { studyWithin, type WithinResult } from './steps/within'

export type { StudyLab, StudyOptions } from './study'

/** A finished study: what it measured, and the vectors behind it, which a run's bundle keeps beside the rows. */
export interface Finished {
  readonly run: Run
  /** Knows every answer's text, which takes a while to read. */
  readonly read: TextReader
  readonly within: readonly WithinResult[]
  readonly transfer: readonly TransferResult[]
}

/**
 * Runs a study, or the rest of it.
 * @throws LabError `format` for settings that make no sense or a journal of others, `adapter`, `shape`, and what opening and
 * running models throws; AbortError when stopped. What is finished stays in the journal.
 */
export async function runStudy(settings: StudySettings, lab: StudyLab, options: StudyOptions): Promise<Finished> {
  checkSettings(settings)
  const prompts = await loadSets(settings, lab)
  const sets = await recordSets(prompts)
  const started = await begin(settings, sets, options)
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const study = new Study(
    settings,
    lab,
    prompts,
    planStudy(
      settings,
      mapSets((set) => prompts[set].length)
    ).answers,
    { ...options, signal }
  )

  const within = await inLanes(settings, stop, (model) => studyWithin(study, model))
  const sides = within.map(({ side }) => side)
  const transfer =
    settings.models.length < 2 || settings.anchors.length === 0
      ? []
      : await inLanes(settings, stop, (model, i) => studyTransfer(study, model, within[i]?.primary ?? '', sides))

  const blocks = [...within.flatMap((one) => one.blocks), ...transfer.map((one) => one.block)]
  const run: Run = {
    format: runFormat,
    version: runVersion,
    settings: portableSettings(settings),
    app: { version: lab.version, detector: detectorVersion, host: lab.host },
    started,
    finished: new Date().toISOString(),
    prompts: sets,
    models: within.map((one) => one.record),
    separations: within.flatMap((one) => one.separations),
    choices: within.flatMap((one) => one.choices),
    maps: transfer.flatMap((one) => one.maps),
    blocks: blocks.map(({ answers: _answers, ...block }) => block),
    answers: blocks.flatMap(({ answers }, block) => answers.map((answer) => ({ block, ...answer }))),
    firstTokens: within.flatMap((one) => one.firstTokens),
    times: study.times,
    notes: study.notes
  }
  return { run, read: study.read, within, transfer }
}

/** Models side by side, as many as the settings allow. The first failure stops the others at their next cell. */
async function inLanes<Result>(
  { models, lanes }: StudySettings,
  stop: AbortController,
  work: (model: StudySettings['models'][number], index: number) => Promise<Result>
): Promise<readonly Result[]> {
  const results = new Array<Result>(models.length)
  const queue = [...models.entries()]
  const failures: unknown[] = []
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next && failures.length === 0; next = queue.shift()) {
      try {
        results[next[0]] = await work(next[1], next[0])
      } catch (error) {
        failures.push(error)
        stop.abort(new DOMException('another model of the study failed', 'AbortError'))
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  if (failures.length > 0) throw failures[0]
  return results
}

/** Claims the journal for these settings and prompts. Returns when the study began. */
async function begin(
  settings: StudySettings,
  sets: Readonly<Record<SetName, PromptSetRecord>>,
  { journal }: StudyOptions
): Promise<string> {
  const hashes = Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, set.sha256]))
  const asked = JSON.stringify({ settings: withoutPlaces(settings), hashes, detector: detectorVersion })
  const known = await journal.read('study')
  if (known) {
    const fields = fieldsOf(known.json)
    const started = fields.get('started')
    if (fields.get('asked') === asked && typeof started === 'string') return started
    throw new LabError(
      'format',
      'the journal belongs to a study with other settings or prompts; go on with those, or begin in an empty place'
    )
  }
  const started = new Date().toISOString()
  await journal.write('study', { json: { asked, started, settings: portableSettings(settings) } })
  return started
}

/** Settings without what may differ between the page and the command line: where models lie, and on what they run. */
function withoutPlaces({ models, device: _device, lanes: _lanes, ...rest }: StudySettings): unknown {
  return {
    ...rest,
    models: models.map(({ key, adapters }) => ({ key, adapters: adapters.map(({ name, kind }) => ({ name, kind })) }))
  }
}

function recordSets(
  prompts: Readonly<Record<SetName, readonly StudyPrompt[]>>
): Promise<Readonly<Record<SetName, PromptSetRecord>>> {
  return awaitSets(async (set) => {
    const json = new TextEncoder().encode(JSON.stringify(prompts[set].map(({ messages }) => messages)))
    return { sha256: await sha256(json), prompts: prompts[set] }
  })
}
