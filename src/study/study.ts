/** What every step of the protocol works with: settings, the lab, the journal, and how far it is. */
import { LabError } from '../errors'
import type { ModelHandle } from '../lab/connect/connect'
import type { MathHandle } from '../lab/math'
import type { TrustedDevice } from '../lab/self-test'
import { spread } from '../lab/prompt-sets'
import { textReader } from './analysis/measure/outcome'
import { once, type Entry, type Journal } from './journal'
import type { StudyProgress, Stage } from './progress'
import type { StudyPrompt } from './run'
import { awaitSets, type SetName, type StudySettings } from './settings'

/** What a study reaches outside itself. */
export interface StudyLab {
  /** A worker for one more model. */
  readonly connect: () => ModelHandle
  readonly math: MathHandle
  /** A prompt set, whole. */
  readonly loadPrompts: (set: SetName) => Promise<readonly StudyPrompt[]>
  /** What it runs in: "Node 20.20", "Chromium 141". */
  readonly host: string
  /** Of the app. */
  readonly version: string
  /** The device that others are tested against. Default `wasm`, as in the page. */
  readonly trusted?: TrustedDevice
  /** Threads of each model, where the device lets choose: models that are open side by side share the cores. */
  readonly threads?: number
}

export interface StudyOptions {
  readonly journal: Journal
  /** Stops before the next cell; what is finished stays in the journal. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StudyProgress) => void
  /** Holds the study before its next cell while it is paused. */
  readonly pause?: { readonly isPaused: boolean; wait(): Promise<void> }
}

type Place = Pick<StudyProgress, 'stage' | 'model' | 'adapter' | 'text'>

/** One running study. */
export class Study {
  readonly settings: StudySettings
  readonly lab: StudyLab
  readonly prompts: Readonly<Record<SetName, readonly StudyPrompt[]>>
  readonly notes: string[] = []
  /** What the text of an answer says by itself. */
  readonly read = textReader()
  readonly #options: StudyOptions
  readonly #began = performance.now()
  readonly #total: number
  readonly #seconds = new Map<string, { stage: Stage; model: string | null; seconds: number; answers: number }>()
  #done = 0
  /** Answers of this session, which tell how fast it is. */
  #fresh = 0
  #latest: StudyProgress['latest'] = null

  constructor(
    settings: StudySettings,
    lab: StudyLab,
    prompts: Readonly<Record<SetName, readonly StudyPrompt[]>>,
    total: number,
    options: StudyOptions
  ) {
    this.settings = settings
    this.lab = lab
    this.prompts = prompts
    this.#total = total
    this.#options = options
  }

  get signal(): AbortSignal | undefined {
    return this.#options.signal
  }

  get journal(): Journal {
    return this.#options.journal
  }

  get times(): readonly { stage: Stage; model: string | null; seconds: number; answers: number }[] {
    return [...this.#seconds.values()]
  }

  /**
   * A cell by its key: from the journal, or computed now. Rejects with `AbortError` when the study is stopped.
   * @param isWhole as in `once`: a file may hold whatever it likes
   */
  async cell(
    place: Place,
    key: string,
    answers: number,
    compute: () => Promise<Entry>,
    isWhole: (entry: Entry) => boolean
  ): Promise<Entry> {
    const { pause, signal } = this.#options
    signal?.throwIfAborted()
    if (pause?.isPaused) await pause.wait()
    signal?.throwIfAborted()
    this.report(place)
    let fresh = false
    const entry = await once(
      this.journal,
      key,
      () => {
        fresh = true
        return compute()
      },
      isWhole
    )
    this.#done += answers
    if (fresh) this.#fresh += answers
    this.#count(place, entry.seconds ?? 0, answers)
    this.report(place)
    return entry
  }

  report(place: Place): void {
    const elapsed = (performance.now() - this.#began) / 1000
    const left = this.#fresh > 0 ? ((this.#total - this.#done) / this.#fresh) * elapsed : null
    this.#options.onProgress?.({
      ...place,
      done: this.#done,
      total: Math.max(this.#total, this.#done),
      elapsed,
      left: left === null ? null : Math.max(0, left),
      latest: this.#latest
    })
  }

  /** What the reader sees of the answers that come. */
  show(latest: NonNullable<StudyProgress['latest']>): void {
    this.#latest = latest
  }

  #count({ stage, model }: Place, seconds: number, answers: number): void {
    const key = `${stage} ${model ?? ''}`
    const known = this.#seconds.get(key) ?? { stage, model, seconds: 0, answers: 0 }
    this.#seconds.set(key, { ...known, seconds: known.seconds + seconds, answers: known.answers + answers })
  }
}

/** Loads the sets, cut to the limits. @throws LabError `shape` for sets that share a prompt, or an empty one */
export async function loadSets(
  settings: StudySettings,
  lab: StudyLab
): Promise<Readonly<Record<SetName, readonly StudyPrompt[]>>> {
  const load = async (set: SetName): Promise<readonly StudyPrompt[]> => {
    const all = await lab.loadPrompts(set)
    const limit = settings.limits[set]
    // Anchors are sorted by what they ask: they are thinned out evenly, other sets cut off at the end.
    const some = limit === null ? all : set.startsWith('anchors') ? spread(all, limit) : all.slice(0, limit)
    if (some.length === 0) throw new LabError('shape', `the prompt set ${set} is empty; give it at least one prompt`)
    return some
  }
  const sets = await awaitSets(load)
  assertDisjoint(sets)
  return sets
}

/** The two anchor sets hold the same texts on purpose; every other two sets must share none. */
function assertDisjoint(sets: Readonly<Record<SetName, readonly StudyPrompt[]>>): void {
  const names = ['tune', 'calibrate', 'fit', 'eval', 'code', 'anchors-neutral'] as const
  const seen = new Map<string, SetName>()
  for (const name of names) {
    for (const { messages, id } of sets[name]) {
      const key = JSON.stringify(messages)
      const other = seen.get(key)
      if (other !== undefined && other !== name) {
        throw new LabError('shape', `prompt ${id} is in the sets ${other} and ${name}; take it out of one of them`)
      }
      seen.set(key, name)
    }
  }
}
