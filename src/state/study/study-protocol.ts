/** What the page asks of a study, as one value: the real one comes with the first look at it, tests bring their own. */
import type { Prompt } from '../../lab/api'
import type { ModelHandle } from '../../lab/connect/connect'
import type { StudyFileApi } from '../../lab/journal/reader'
import type { StudyStore } from '../../storage/journal-idb'
import type { Locks } from '../../storage/lock'
import type { MathHandle } from '../../lab/math'
import type { Findings } from '../../study/findings'
import type { Journal } from '../../study/journal'
import type { StudyPlan } from '../../study/plan'
import type { Recheck } from '../../study/files/recheck'
import type { Run } from '../../study/run'
import type { StudySettings } from '../../study/settings'
import type { StudyOptions } from '../../study/study'

export type Preset = StudySettings['preset']

/** The engines that a study works with. */
export interface Engines {
  readonly connect: () => ModelHandle
  readonly math: MathHandle
}

/** A finished study, and the file that it becomes. */
export interface FinishedStudy {
  readonly run: Run
  readonly pack: (findings: Findings) => Promise<Uint8Array<ArrayBuffer>>
}

/** What a bundle holds. */
export interface ReadRun {
  readonly run: Run
  /** What it says of itself, for a bundle that comes with the page; others are worked out again. */
  readonly stated: () => Findings
}

/** Share done, 0 to 1. */
export type OnShare = (share: number) => void

/** How a bundle is checked. */
export interface RecheckRequest {
  readonly onShare?: OnShare
  /** Makes a part of the run again on its models; without them only what follows from the rows is checked. */
  readonly engines?: Engines
  readonly signal?: AbortSignal
}

/** The study as the page calls it. */
export interface StudyProtocol {
  readonly preset: (preset: Preset) => StudySettings
  readonly plan: (settings: StudySettings) => StudyPlan
  /** Prompts as the study asks them: the first of `eval`. */
  readonly prompts: (count: number) => Promise<readonly Prompt[]>
  readonly run: (settings: StudySettings, engines: Engines, options: StudyOptions) => Promise<FinishedStudy>
  readonly findings: (run: Run, onShare?: OnShare) => Promise<Findings>
  /** @throws LabError `format` for what is no bundle of a run */
  readonly readBundle: (bytes: Uint8Array<ArrayBuffer>) => Promise<ReadRun>
  /** Scores and findings of a bundle again, against what it states. @throws LabError as `readBundle` */
  readonly recheck: (bytes: Uint8Array<ArrayBuffer>, options?: RecheckRequest) => Promise<Recheck>
  /** @throws LabError `format` for settings of another version, with the field at fault */
  readonly readSettings: (value: unknown, where: string) => StudySettings
  /** Settings as a file, without tokens and the contents of files. */
  readonly writeSettings: (settings: StudySettings) => string
  /** An unfinished study as a file that the command line goes on with. */
  readonly packJournal: (journal: Journal) => Promise<Uint8Array<ArrayBuffer>>
}

/** What a study reaches outside the page's thread. */
export interface StudyOutside {
  readonly store: StudyStore
  readonly locks: Locks
  /** Loaded once, with the first look at the panel. */
  readonly protocol: () => Promise<StudyProtocol>
  /** Reads an unfinished study out of a file, off the page's thread. */
  readonly withFile: <Result>(work: (reader: StudyFileApi) => Promise<Result>) => Promise<Result>
}
