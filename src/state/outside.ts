import type { PromptRow } from '../formats/prompts'
import type { StorageApi } from '../lab/api'
import type { ModelHandle } from '../lab/connect/connect'
import type { MathHandle } from '../lab/math'
import type { PromptSet } from '../lab/prompt-sets'
import type { Shelf } from '../storage/shelf'
import type { TabStore } from '../storage/tab'
import type { FileReaders } from './drop/readers'
import type { StudyOutside } from './study/study-protocol'

/** What the lab reaches outside the page's thread. */
export interface Outside {
  /** A worker for one more model. */
  readonly connect: () => ModelHandle
  readonly storage: StorageApi
  readonly math: MathHandle
  readonly study: StudyOutside
  /** Of the files that people bring. */
  readonly readers: FileReaders
  /** Where the page keeps what is made on it; without one, nothing outlives the page. */
  readonly shelf?: Shelf
  /** Where a tab keeps which session is its own. Default: nowhere. */
  readonly tab?: TabStore | null
  /** The prompt sets that come with the page. Default: from beside the page. */
  readonly promptSet?: (name: PromptSet) => Promise<readonly PromptRow[]>
}
