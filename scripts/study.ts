/** `npm run study -- --preset offline --out DIR`: the study of the page on the command line, at native speed. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { version } from '../package.json'
import { LabError } from '../src/errors'
import { connectModel } from '../src/lab/connect/connect'
import { localMath } from '../src/lab/math'
import { findingsOf } from '../src/study/analysis/analyse'
import { vectorsOf } from '../src/study/files/extra'
import type { Journal } from '../src/study/journal'
import { inOrder } from '../src/study/files/order'
import { scoreAnswers } from '../src/study/files/scores'
import { planStudy } from '../src/study/plan'
import { runStudy, type Finished, type StudyLab } from '../src/study/protocol'
import type { StudySettings } from '../src/study/settings'
import { spawnNodeWorker } from '../workers/spawn-node'
import { openFileJournal } from './study/file-journal'
import { claimFolder, importStudy, writeResults } from './study/folder'
import { promptLoader } from './study/prompts'
import { placeModels, placesOf, settingsOf, studyOptions } from './study/options'
import { convertFile } from './study/convert'
import { recheckFile } from './study/recheck'
import { terminalProgress } from './study/terminal'

const usage = `npm run study -- --out DIR [options]
  --out DIR            where the journal, the bundle and the report go
  --preset P           demo, offline (default) or full
  --settings FILE      settings as JSON in place of a preset: what the page exports, or a bundle's run.json
  --resume             go on with the unfinished study in DIR
  --from FILE          begin from the unfinished study that the page saved
  --models A,B         only these of the settings' models
  --model KEY=PATH     the folder of a model
  --adapter KEY/NAME:KIND=PATH  an adapter of a model, KIND insecure, secure or educational
  --hub ADDRESS        a hub in place of https://huggingface.co (default: HF_ENDPOINT), and of any that a file names: those are
                       never asked by themselves; HF_TOKEN is the token for gated models
  --host HOST          a server whose folders the settings or the bundle name, and that may be asked; as often as there are some
  --cache DIR          where downloaded models are stored (default: AZIMUTH_CACHE, else the user's cache folder)
  --adapters DIR       all adapters of the models: folders DIR/KEY/NAME, whose NAME begins with insecure, secure or educational
  --prompts SET=FILE   a prompt set of your own: tune, calibrate, fit, eval, code, anchors-neutral or anchors-along
  --device D           cpu (default) or webgpu
  --dtype T            q4, q4f16, q8, fp16 or fp32
  --lanes N            models that are open at the same time
  --seed S
  --plan               tell how much there is to do, and do nothing
  --recheck FILE       in place of a study: check a run's bundle, and make a part of it again
  --convert FILE       in place of a study: bring a bundle of version 1 or 2 over, to the zip that --out names
exit status: 0 finished, 1 failed, 2 wrong options, 3 finished but something is undecidable, 130 interrupted (go on with --resume)`

async function main(): Promise<number> {
  const { values } = parseArgs({ options: studyOptions })
  Object.assign(process.env, placesOf(values))
  if (values.recheck !== undefined) {
    return recheckFile(values.recheck, nativeLab(1), (models) => placeModels(models, values))
  }
  if (values.convert !== undefined && values.out !== undefined) return convertFile(values.convert, values.out)
  if (values.help || values.out === undefined) {
    console.log(usage)
    return values.help ? 0 : 2
  }
  const settings = await settingsOf(values)
  const plan = planStudy(settings)
  console.error(
    `${settings.preset}: ${settings.models.length} models, about ${plan.answers.toLocaleString('en')} answers`
  )
  if (values.plan) {
    for (const { text, answers } of plan.steps) console.log(`${answers.toLocaleString('en').padStart(10)}  ${text}`)
    return 0
  }
  await claimFolder(values.out, values.resume || values.from !== undefined)
  const journal = await openFileJournal(values.out, (sentence) => console.error(sentence))
  try {
    if (values.from !== undefined) await importStudy(values.from, journal)
    return await finish(settings, journal, values)
  } finally {
    await journal.close()
  }
}

/** Models in threads of their own, which share the cores. */
function nativeLab(lanes: number): Omit<StudyLab, 'loadPrompts'> {
  return {
    connect: () => connectModel(spawnNodeWorker),
    math: localMath(),
    host: `Node ${process.versions.node}`,
    version,
    trusted: 'cpu',
    threads: Math.max(1, Math.floor(availableParallelism() / lanes))
  }
}

async function finish(
  settings: StudySettings,
  journal: Journal,
  { out = '', prompts }: { readonly out?: string; readonly prompts: readonly string[] }
): Promise<number> {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  const terminal = terminalProgress()
  const lab = { ...nativeLab(settings.lanes), loadPrompts: promptLoader(prompts) }
  let finished: Finished
  try {
    finished = await runStudy(settings, lab, { journal, signal: stop.signal, onProgress: terminal.report })
  } catch (error) {
    if (!stop.signal.aborted) throw error
    terminal.end('stopped; what is finished is kept, go on with --resume')
    return 130
  }
  terminal.end('measured; now what it says')
  const run = inOrder(finished.run)
  const findings = findingsOf(run, finished.read)
  for (const path of await writeResults(out, run, findings, {
    ...vectorsOf(finished),
    scores: scoreAnswers(run, finished.read)
  }))
    console.error(path)
  console.log(findings.headline)
  for (const { title, verdict, found } of findings.claims) console.log(`${verdict}: ${title}\n  ${found}`)
  return [...findings.within, ...findings.cross].some(({ ladder }) => ladder.kind === 'undecidable') ? 3 : 0
}

main().then(
  // Not left to run out: workers of a stopped study may still compute.
  (status) => process.exit(status),
  (error: unknown) => {
    console.error(error instanceof LabError ? `${error.code}: ${error.message}` : error)
    process.exit(error instanceof TypeError ? 2 : 1)
  }
)
