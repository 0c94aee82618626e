/** What the page asks of a study, as one value: the real one comes with the first look at it, tests bring their own. */
import type { ModelHandle } from '../lab/connect'
import type { StudyStore } from '../lab/journal-idb'
import type { MathHandle } from '../lab/math'
import type { Findings } from '../study/findings'
import type { Journal } from '../study/journal'
import type { StudyProgress, Stage } from '../study/progress'
import type { Run } from '../study/run'
import type { StudySettings } from '../study/settings'

export type Preset = StudySettings['preset']

/** What a study will do, before it starts. */
export interface StudyPlan {
  readonly answers: number
  readonly cells: number
  readonly models: readonly {
    readonly key: string
    readonly title: string
    readonly adapters: number
    readonly answers: number
  }[]
  /** In the order of the protocol. */
  readonly steps: readonly { readonly stage: Stage; readonly text: string; readonly answers: number }[]
}

/** How a run is watched, held and ended. */
export interface RunOptions {
  readonly journal: Journal
  readonly signal: AbortSignal
  readonly onProgress: (progress: StudyProgress) => void
  readonly pause: { readonly isPaused: boolean; wait(): Promise<void> }
}

/** The engines that a study works with. */
export interface Engines {
  readonly connect: () => ModelHandle
  readonly math: MathHandle
}

/** The study as the page calls it. */
export interface StudyProtocol {
  readonly preset: (preset: Preset) => StudySettings
  readonly plan: (settings: StudySettings) => StudyPlan
  readonly run: (settings: StudySettings, engines: Engines, options: RunOptions) => Promise<Run>
  readonly findings: (run: Run) => Promise<Findings>
  /** @throws LabError `format` for what is no bundle of a run */
  readonly readBundle: (bytes: Uint8Array<ArrayBuffer>) => Promise<Run>
  readonly writeBundle: (run: Run, findings: Findings) => Promise<Uint8Array<ArrayBuffer>>
  /** @throws LabError `format` for settings of another version, with the field at fault */
  readonly readSettings: (value: unknown, where: string) => StudySettings
}

/** What a study reaches outside the page's thread. */
export interface StudyOutside {
  readonly store: StudyStore
  /** Loaded once, with the first look at the panel. */
  readonly protocol: () => Promise<StudyProtocol>
}
