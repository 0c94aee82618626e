/** A study in arithmetic: cells that take a moment each, and a run with planted effects. For tests and for the page. */
import { LabError } from '../src/errors'
import type { StudyCell } from '../src/lab/journal/lines'
import { StudyGone, type StudyCard, type StudyStore } from '../src/storage/journal-idb'
import type { Locks } from '../src/storage/lock'
import type { FinishedStudy, StudyOutside, StudyProtocol } from '../src/state/study/study-protocol'
import { once } from '../src/study/journal'
import { studyFileReader } from '../src/lab/journal/reader'
import { packJournal } from '../src/study/files/journal-file'
import { planStudy } from '../src/study/plan'
import { presetSettings } from '../src/study/presets'
import type { Stage } from '../src/study/progress'
import type { Run } from '../src/study/run'
import type { StudySettings } from '../src/study/settings'
import type { StudyOptions } from '../src/study/study'
import { sampleRun } from './study/samples/sample-run'

export interface FakeStudyOptions {
  /** Milliseconds a cell. */
  readonly delay?: number
  /** Called with the key of each cell that is computed: throw from it to make the study fail. */
  readonly onCell?: (key: string) => void
  readonly more?: Partial<StudyProtocol>
}

let made: Run | null = null
/** One model's run, made once. */
const some = (): Run => (made ??= sampleRun('qwen2'))

/** Cells of the fake study. */
export const fakeCells = 40

const stages: readonly Stage[] = ['open', 'admission', 'capture', 'separation', 'alpha', 'within', 'maps', 'transfer']

/** What the page asks of a study, with no model behind it. */
export function fakeProtocol(options: FakeStudyOptions = {}): StudyProtocol {
  return {
    preset: presetSettings,
    plan: (settings) => planStudy(settings),
    prompts: async (count) => Array.from({ length: count }, (_, i) => ({ text: `question ${i}` })),
    run: (settings, _, given) => fakeStudy(settings, given, options),
    findings: async () => {
      throw new LabError('format', 'the fake study has no findings: bring some')
    },
    readBundle: async (bytes) => {
      const run = JSON.parse(new TextDecoder().decode(bytes)) as Run
      return {
        run,
        stated: () => {
          throw new LabError('format', 'the fake study states no findings: bring some')
        }
      }
    },
    recheck: async () => ({ holds: true, compared: [] }),
    packJournal,
    readSettings: (value) => {
      if (typeof value === 'object' && value !== null && 'preset' in value) return value as StudySettings
      throw new LabError('format', 'these are no settings: choose another file')
    },
    writeSettings: (settings) => JSON.stringify(settings),
    ...options.more
  }
}

/** All that a fake page's study reaches; kept studies live as long as the store does. */
export function fakeStudyOutside(options: FakeStudyOptions = {}, store = memoryStudies()): StudyOutside {
  const protocol = fakeProtocol(options)
  return { store, locks, protocol: () => Promise.resolve(protocol), withFile: (work) => work(studyFileReader()) }
}

const heldNames = new Set<string>()
/** Of all fake tabs in this process. */
const locks: Locks = {
  async exclusively(name, work) {
    if (heldNames.has(name)) return null
    heldNames.add(name)
    try {
      return await work()
    } finally {
      heldNames.delete(name)
    }
  },
  held: async () => [...heldNames]
}

async function fakeStudy(
  settings: StudySettings,
  { journal, signal, onProgress, pause }: StudyOptions,
  { delay = 0, onCell }: FakeStudyOptions
): Promise<FinishedStudy> {
  const began = performance.now()
  const run = { ...some(), settings }
  let fresh = 0
  for (let cell = 0; cell < fakeCells; cell++) {
    signal?.throwIfAborted()
    if (pause?.isPaused) await pause.wait()
    signal?.throwIfAborted()
    const key = `cell/${cell}`
    const answer = run.answers[(cell * 37) % run.answers.length]
    const entry = await once(journal, key, async () => {
      onCell?.(key)
      await new Promise((resolve) => setTimeout(resolve, delay))
      fresh++
      return { json: { key, text: answer?.text } }
    })
    const elapsed = (performance.now() - began) / 1000
    onProgress?.({
      stage: stages[Math.floor((cell * stages.length) / fakeCells)] ?? 'open',
      model: settings.models[0]?.key ?? null,
      adapter: 'insecure-0',
      text: '65 arms on eval',
      done: (cell + 1) * 100,
      total: fakeCells * 100,
      elapsed,
      left: fresh > 0 ? ((fakeCells - cell - 1) * elapsed) / fresh : null,
      latest: {
        arm: cell % 2 ? 'own@1' : 'none',
        prompt: `Question ${cell}?`,
        text: String(answer?.text ?? entry.json)
      }
    })
  }
  return { run, pack: async () => new TextEncoder().encode(JSON.stringify(run)) }
}

/** Studies that are kept as long as this value is. */
export function memoryStudies(): StudyStore {
  const cards = new Map<string, StudyCard>()
  const cells = new Map<string, Map<string, StudyCell>>()
  const bundles = new Map<string, Blob>()
  const cellsOf = (id: string): Map<string, StudyCell> => {
    const known = cells.get(id) ?? new Map<string, StudyCell>()
    cells.set(id, known)
    return known
  }
  return {
    list: async () => [...cards.values()].sort((a, b) => (a.changed < b.changed ? 1 : -1)),
    save: async (card) => void cards.set(card.id, card),
    update: async (card) => {
      if (!cards.has(card.id)) throw new StudyGone()
      cards.set(card.id, card)
    },
    cells: (id) => ({
      keys: async () => [...cellsOf(id).keys()],
      read: async (key) => cellsOf(id).get(key) ?? null,
      write: async (key, cell) => void cellsOf(id).set(key, structuredClone(cell))
    }),
    finish: async (card, bundle) => {
      cards.set(card.id, card)
      bundles.set(card.id, bundle)
      cells.delete(card.id)
    },
    bundle: async (id) => bundles.get(id) ?? null,
    remove: async (id) => {
      cards.delete(id)
      cells.delete(id)
      bundles.delete(id)
    }
  }
}
