import type { StudyCard } from '../../storage/journal-idb'
import type { StudyFileApi } from '../../lab/journal/reader'
import { keptSettings } from '../../study/kept'
import type { StudySettings } from '../../study/settings'
import { now } from './clock'
import type { StudyOutside, StudyProtocol } from './study-protocol'

/** The lock of a study that runs: in this tab or another. */
export const lockPrefix = 'azimuth-study:'

/** A study that this browser keeps, with its settings as this version of the page reads them. */
export interface KeptStudy {
  readonly card: StudyCard
  /** Null where another version of the page wrote them: it can be discarded, and no more. */
  readonly settings: StudySettings | null
  /** It runs now, here or in another tab. */
  readonly isRunning: boolean
}

/** The studies that this browser keeps: unfinished ones to go on with, finished ones to open. */
export class KeptStudies {
  readonly #outside: StudyOutside
  #list = $state.raw<readonly KeptStudy[]>([])
  #discarded = $state.raw<KeptStudy | null>(null)
  #error = $state.raw<Error | null>(null)

  constructor(outside: StudyOutside) {
    this.#outside = outside
  }

  /** Newest first, without what was discarded. */
  get list(): readonly KeptStudy[] {
    return this.#list.filter(({ card }) => card.id !== this.#discarded?.card.id)
  }

  /** What can still be taken back. */
  get discarded(): KeptStudy | null {
    return this.#discarded
  }

  /** Why nothing can be kept, or was not read. */
  get error(): Error | null {
    return this.#error
  }

  async refresh(): Promise<void> {
    try {
      const [cards, { readSettings }, held] = await Promise.all([
        this.#outside.store.list(),
        this.#outside.protocol(),
        this.#outside.locks.held()
      ])
      this.#list = cards.map((card) => ({
        card,
        settings: settingsOrNull(card, readSettings),
        isRunning: held.includes(lockPrefix + card.id)
      }))
      this.#error = null
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error))
    }
  }

  /** The bundle of a finished study. */
  bundle(id: string): Promise<Blob | null> {
    return this.#outside.store.bundle(id)
  }

  /** An unfinished study as a file, for another machine. */
  async pack(id: string): Promise<Blob> {
    const { packJournal } = await this.#outside.protocol()
    return new Blob([await packJournal(this.#outside.store.cells(id))], { type: 'application/zip' })
  }

  /**
   * Takes an unfinished study in from a file: all of it, or nothing. False for a zip that is none.
   * @throws LabError `format`, `checksum`, `memory`, `quota`
   */
  async unpack(file: Blob): Promise<boolean> {
    const { readSettings } = await this.#outside.protocol()
    const isStudy = await this.#outside.withFile(async (reader) => {
      const head = await reader.open(file)
      if (!head) return false
      const settings = keptSettings(readSettings(head.settings, 'the study in the file'))
      const changed = now()
      const when = { started: typeof head.started === 'string' ? head.started : changed, changed }
      await this.#take({ id: crypto.randomUUID(), settings, ...when, done: 0, total: 0, finished: false }, reader)
      return true
    })
    await this.refresh()
    return isStudy
  }

  async #take(card: StudyCard, reader: StudyFileApi): Promise<void> {
    const { store } = this.#outside
    await store.save(card)
    try {
      const cells = store.cells(card.id)
      for (let next = await reader.next(); next; next = await reader.next()) await cells.write(...next)
    } catch (error) {
      await store.remove(card.id)
      throw error
    }
  }

  /** Takes a study off the list. It is deleted when the next one is discarded or `forget` is called, not before. */
  async discard(study: KeptStudy): Promise<void> {
    await this.forget()
    this.#discarded = study
  }

  undo(): void {
    this.#discarded = null
  }

  /** Deletes for good what was discarded. */
  async forget(): Promise<void> {
    const gone = this.#discarded
    if (!gone) return
    await this.#outside.store.remove(gone.card.id)
    this.#list = this.#list.filter(({ card }) => card.id !== gone.card.id)
    this.#discarded = null
  }
}

/** The value itself, which may hold files that no file of settings carries. */
function settingsOrNull({ settings, started }: StudyCard, read: StudyProtocol['readSettings']): StudySettings | null {
  const isSettings = (value: unknown): value is StudySettings => {
    try {
      return Boolean(read(value, `the study of ${started}`))
    } catch {
      return false
    }
  }
  return isSettings(settings) ? settings : null
}
