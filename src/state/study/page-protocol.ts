/** The study in the page. Its code comes with the first look at the panel: the page is usable before. */
import { version } from '../../../package.json'
import { readPromptLines } from '../../formats/prompts/list'
import { recheckBeside } from '../../lab/connect/connect-recheck'
import { fetchPromptFile } from '../../lab/shipped-prompts'
import { pagesOf } from '../../report/pages'
import { findingsSteps } from '../../study/analysis/analyse'
import type { TextReader } from '../../study/analysis/measure/outcome'
import { writeBundle } from '../../study/files/bundle'
import { vectorsOf } from '../../study/files/extra'
import type { Findings } from '../../study/findings'
import { packJournal } from '../../study/files/journal-file'
import { inOrder } from '../../study/files/order'
import { planStudy } from '../../study/plan'
import { presetSettings } from '../../study/presets'
import { studySet } from '../../study/files/prompt-sets'
import { runStudy } from '../../study/protocol'
import { recheck, remadeSamples } from '../../study/files/recheck'
import { remake } from '../../study/files/remake'
import { scoreAnswers } from '../../study/files/scores'
import type { Run, StudyPrompt } from '../../study/run'
import { portableSettings, readSettings } from '../../study/files/settings-document'
import type { StudyProgress } from '../../study/progress'
import type { SetName, StudySettings } from '../../study/settings'
import { connectReaders } from '../drop/readers'
import { hostName } from '../host'
import type { OnShare, StudyProtocol } from './study-protocol'

/** The study of the page that lies at `base`. */
export function pageProtocol(base: string): StudyProtocol {
  /** Of runs that were measured here: what their texts say is known. */
  const measured = new WeakMap<Run, TextReader>()
  const readers = connectReaders()
  const loadPrompts = async (set: SetName): Promise<readonly StudyPrompt[]> =>
    studySet(set, readPromptLines(`${set}.jsonl`, await fetchPromptFile(base, `${set}.jsonl`)).prompts)
  return {
    preset: presetSettings,
    plan: (settings) => planStudy(settings),
    prompts: async (count) => (await loadPrompts('eval')).slice(0, count),
    async run(settings, { connect, math }, options) {
      const threads = Math.max(1, Math.floor(navigator.hardwareConcurrency / settings.lanes))
      const lab = { connect, math, loadPrompts, host: hostName(navigator.userAgent), version, threads }
      const finished = await runStudy(settings, lab, options)
      // As a bundle has it: the same answers in the same order, whoever opens it.
      const run = inOrder(finished.run)
      const vectors = vectorsOf(finished)
      measured.set(run, finished.read)
      const pack = (findings: Findings): Promise<Uint8Array<ArrayBuffer>> => {
        const scores = scoreAnswers(run, finished.read)
        return writeBundle(run, findings, { ...vectors, scores, pages: pagesOf(run, findings) })
      }
      return { run, pack }
    },
    findings: (run, onShare) => workOut(run, onShare, measured.get(run)),
    async readBundle(bytes) {
      const { run, findings } = await readers.bundle(bytes)
      return { run, stated: () => statedFindings(findings) }
    },
    async recheck(bytes, { onShare, engines, signal } = {}) {
      if (!engines) return recheckBeside(bytes, { ...(onShare && { onShare }), ...(signal && { signal }) })
      const bundle = await readers.bundle(bytes)
      const findings = await workOut(bundle.run, (share) => onShare?.(share / 2))
      const again = { ...bundle.run, settings: { ...bundle.run.settings, ...nearest(bundle.run) } }
      const lab = { ...engines, host: hostName(navigator.userAgent), version }
      const onProgress = ({ done, total }: StudyProgress): void => onShare?.(0.5 + done / Math.max(1, total) / 2)
      const replay = await remake(again, lab, { onProgress, ...(signal && { signal }) })
      return recheck(bundle, { findings, replay, ...remadeSamples, ...(signal && { signal }) })
    },
    readSettings,
    writeSettings: (settings) => `${JSON.stringify(portableSettings(settings), null, 2)}\n`,
    packJournal
  }
}

/** What of this browser computes most like what the run was measured on, one model at a time. */
function nearest({ models }: Run): Pick<StudySettings, 'device' | 'lanes'> {
  return { device: models.every(({ device }) => device === 'webgpu') ? 'webgpu' : 'wasm', lanes: 1 }
}

/** How long the page is held up at a time, in milliseconds. */
const patience = 40

/** The findings, with the page alive in between. */
async function workOut(run: Run, onShare?: OnShare, read?: TextReader): Promise<Findings> {
  const steps = findingsSteps(run, read)
  let paused = -Infinity
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value
    if (performance.now() - paused < patience) continue
    onShare?.(step.value)
    await new Promise((resolve) => setTimeout(resolve))
    paused = performance.now()
  }
}

/** Numbers are not null in findings but here; elsewhere null is the NaN that JSON does not have. */
const nullable: ReadonlySet<string> = new Set(['right', 'requests', 'additive'])

/** The findings as a bundle of this page's own states them, which were worked out when it was written. */
function statedFindings(text: string): Findings {
  return JSON.parse(text, (key, value: unknown) => (value === null && !nullable.has(key) ? NaN : value)) as Findings
}
