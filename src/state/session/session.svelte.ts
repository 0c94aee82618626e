import type { Shelf } from '../../storage/shelf'
import type { Locks } from '../../storage/lock'
import { claimSession, isClaimed, tabSession, type TabStore } from '../../storage/tab'
import type { DirectionSet, Fits } from '../directions/fits.svelte'
import { Keeping } from '../keeping.svelte'
import type { Models } from '../models/models.svelte'
import type { Prompts } from '../prompts/prompts.svelte'
import type { History } from '../steer/history.svelte'
import type { Comparison } from '../steer/comparison'
import type { SessionContents } from './session-files'
import { SessionModels } from './session-models.svelte'
import { linkWithoutSecrets, type SessionDocument } from './session-document'
import { SessionShelf, type KeptSession } from './session-shelf'

/** What a session is made of. */
export interface SessionParts {
  readonly models: Models
  readonly prompts: Prompts
  readonly fits: Fits
  readonly history: History
  /** The settings as a link, and back. */
  readonly link: () => string
  readonly follow: (link: string) => void
}

/** Where sessions are kept, and how tabs keep out of each other's way. */
export interface SessionPlace {
  readonly shelf: Shelf
  readonly tab: TabStore | null
  readonly locks: Locks
}

/** Directions of a session that outlive a reload, in number and in bytes. */
const mostSets = 24
const mostBytes = 64 * 2 ** 20

/** What this tab has open, kept in the browser as it changes. */
export class Session {
  readonly keeping = new Keeping()
  /** The models of the session that are not open yet. */
  readonly waiting: SessionModels
  readonly #parts: SessionParts
  readonly #place: SessionPlace
  readonly #store: SessionShelf
  readonly #ids = new WeakMap<object, string>()
  /** What lies in the browser by now. */
  readonly #sets = new Map<string, DirectionSet>()
  readonly #answers = new Map<string, Comparison>()
  #id: string | null = null
  #earlier = $state.raw<KeptSession | null>(null)
  #dropped = $state(0)

  constructor(parts: SessionParts, place: SessionPlace) {
    this.#parts = parts
    this.#place = place
    this.#store = new SessionShelf(place.shelf)
    this.waiting = new SessionModels(parts.models)
  }

  /** Another session that no tab has open, where this tab came by a link; null for none. */
  get earlier(): KeptSession | null {
    return this.#earlier
  }

  /** What of this session would not outlive a reload, in one sentence; null where all does. */
  get notice(): string | null {
    const count = this.#dropped
    if (count === 0) return null
    const which = count === 1 ? 'The oldest direction is' : `The ${count} oldest directions are`
    return `${which} not kept over a reload (the limit is ${mostSets}): save the session to a file.`
  }

  /** The id of a set or of a comparison's circumstances. */
  idOf(thing: object): string {
    const known = this.#ids.get(thing) ?? crypto.randomUUID()
    this.#ids.set(thing, known)
    return known
  }

  /** What the document says now. Reads all that a change of has to be kept. */
  get document(): SessionDocument {
    const { models, prompts, fits, history, link } = this.#parts
    const { references, chosen } = this.waiting
    const list = models.list.filter(({ status }) => status.kind !== 'failed')
    return {
      changed: '',
      link: linkWithoutSecrets(link()),
      positive: { name: prompts.positiveName, text: prompts.positiveText },
      negative: { name: prompts.negativeName, text: prompts.negativeText },
      models: references,
      chosen: list.length > 0 && models.chosen ? list.indexOf(models.chosen) : chosen,
      bench: fits.list.map((set) => this.idOf(set)),
      inUse: fits.chosen && this.idOf(fits.chosen),
      layer: fits.layer,
      answers: history.list.map(({ circumstances }) => this.idOf(circumstances)),
      shown: history.shown && this.idOf(history.shown.circumstances)
    }
  }

  /** Keeps the session as it is now, a moment after the last change; call it when something has changed. */
  note(): void {
    const { document } = this
    const { list } = this.#parts.history
    if (this.#id === null) return
    this.keeping.later('session', () => this.#write(document, list))
  }

  /**
   * Brings back what this tab, or the last one, had open.
   * @param isLink whether the tab came by a link, which begins a session of its own
   * @returns whether there was one
   */
  async restore({ isLink, follows }: { readonly isLink: boolean; readonly follows: boolean }): Promise<boolean> {
    let found: KeptSession | null = null
    await this.keeping.now(async () => {
      const list = await this.#store.list()
      const own = list.find(({ id }) => id === tabSession(this.#place.tab)) ?? null
      const free = own ?? (await this.#newestFree(list))
      if (isLink) this.#earlier = free
      else found = free
    })
    await this.#claim(found)
    if (found) await this.bringBack(found, { follows })
    await this.keeping.now(() => this.#store.prune((id) => isClaimed(id, this.#place.locks)))
    return found !== null
  }

  /** Puts a kept session on the bench: all that needs no model. */
  async bringBack({ id, document }: KeptSession, { follows }: { readonly follows: boolean }): Promise<void> {
    this.#earlier = null
    await this.keeping.now(async () => {
      const { sets, answers, error } = await this.#store.load(id)
      for (const [key, set] of sets) this.#ids.set(set, key)
      for (const [key, { circumstances }] of answers) this.#ids.set(circumstances, key)
      if (id === this.#id) {
        for (const [key, set] of sets) this.#sets.set(key, set)
        for (const [key, answer] of answers) this.#answers.set(key, answer)
      }
      this.apply(document, sets, answers, follows)
      if (error) throw error
    })
  }

  /** The session by its ids, as a file holds it. */
  get contents(): Pick<SessionContents, 'document' | 'sets' | 'answers'> {
    const { fits, history } = this.#parts
    const used = history.list.map(({ circumstances }) => circumstances.directions)
    const sets = [...new Set([...fits.list, ...used])]
    return {
      document: { ...this.document, changed: new Date().toISOString() },
      sets: new Map(sets.map((set) => [this.idOf(set), set])),
      answers: new Map(history.list.map((one) => [this.idOf(one.circumstances), one]))
    }
  }

  /** Puts what a file holds on the bench, beside what is there. Returns how much of it was new. */
  takeIn({ document, sets, answers }: SessionContents): { readonly sets: number; readonly answers: number } {
    const { fits, history } = this.#parts
    const here = new Set(
      [...fits.list, ...history.list.map(({ circumstances }) => circumstances)].map((one) => this.idOf(one))
    )
    const newSets = new Map([...sets].filter(([id]) => !here.has(id)))
    const newAnswers = new Map([...answers].filter(([id]) => !here.has(id)))
    for (const [id, set] of newSets) this.#ids.set(set, id)
    for (const [id, { circumstances }] of newAnswers) this.#ids.set(circumstances, id)
    this.apply(document, newSets, newAnswers, true)
    // The file's direction is the one that its reader wants to see.
    const inUse = document.inUse === null ? undefined : fits.list.find((set) => this.idOf(set) === document.inUse)
    if (inUse) {
      fits.choose(inUse)
      fits.layer = document.layer
    }
    return { sets: newSets.size, answers: newAnswers.size }
  }

  /** The same with parts from elsewhere. @param follows whether the settings are the session's, too */
  apply(
    document: SessionDocument,
    sets: ReadonlyMap<string, DirectionSet>,
    answers: ReadonlyMap<string, Comparison>,
    follows: boolean
  ): void {
    const { prompts, fits, history, follow } = this.#parts
    if (follows) follow(document.link)
    prompts.setPositive(document.positive)
    prompts.setNegative(document.negative)
    fits.restore(document.bench.flatMap((key) => sets.get(key) ?? []))
    const inUse = document.inUse === null ? undefined : sets.get(document.inUse)
    if (inUse && !fits.chosen) {
      fits.choose(inUse)
      fits.layer = document.layer
      fits.wantedLayer = null
    }
    const shown = document.shown === null ? undefined : answers.get(document.shown)
    history.restore(
      document.answers.flatMap((key) => answers.get(key) ?? []),
      shown ?? null
    )
    this.waiting.expect(document.models, document.chosen)
  }

  /** The session by its id, with what it holds, is this tab's from here on; another tab's becomes a copy. */
  async #claim(found: KeptSession | null): Promise<void> {
    const { tab, locks } = this.#place
    if (found && (await claimSession(found.id, tab, locks))) this.#id = found.id
    else {
      const id = crypto.randomUUID()
      await claimSession(id, tab, locks)
      this.#id = id
    }
  }

  async #newestFree(list: readonly KeptSession[]): Promise<KeptSession | null> {
    for (const one of list) if (!(await isClaimed(one.id, this.#place.locks))) return one
    return null
  }

  /** What is large first: a document never names what is not there. */
  async #write(document: SessionDocument, answers: readonly Comparison[]): Promise<void> {
    const id = this.#id
    if (id === null) return
    const { fits } = this.#parts
    const used = answers.map(({ circumstances }) => circumstances.directions)
    const sets = newest([...new Set([...used, ...fits.list])], fits.chosen)
    this.#dropped = fits.list.filter((set) => !sets.includes(set)).length
    const kept = answers.filter(({ circumstances }) => sets.includes(circumstances.directions))
    for (const set of sets) await this.#putSet(id, set)
    for (const answer of kept) await this.#putAnswer(id, answer)
    await this.#store.putDocument(id, { ...document, changed: new Date().toISOString() })
    await this.#removeOthers(
      id,
      new Set([...sets, ...kept.map(({ circumstances }) => circumstances)].map((one) => this.idOf(one)))
    )
  }

  async #putSet(id: string, set: DirectionSet): Promise<void> {
    const key = this.idOf(set)
    if (this.#sets.get(key) === set) return
    await this.#store.putSet(id, key, set)
    this.#sets.set(key, set)
  }

  async #putAnswer(id: string, answer: Comparison): Promise<void> {
    const key = this.idOf(answer.circumstances)
    if (this.#answers.get(key) === answer) return
    await this.#store.putAnswer(id, key, answer, (set) => this.idOf(set))
    this.#answers.set(key, answer)
  }

  async #removeOthers(id: string, kept: ReadonlySet<string>): Promise<void> {
    for (const [what, known] of [
      ['set', this.#sets],
      ['answer', this.#answers]
    ] as const) {
      for (const key of [...known.keys()].filter((one) => !kept.has(one))) {
        await this.#store.remove(what, id, key)
        known.delete(key)
      }
    }
  }
}

/** The newest sets that there is room for, and in any case the one in use. */
function newest(sets: readonly DirectionSet[], inUse: DirectionSet | null): readonly DirectionSet[] {
  let bytes = 0
  const byAge = [...sets.filter((set) => set === inUse), ...sets.filter((set) => set !== inUse).reverse()]
  return byAge.filter((set, i) => {
    bytes += sizeOf(set)
    return i === 0 || (i < mostSets && bytes <= mostBytes)
  })
}

function sizeOf(set: DirectionSet): number {
  const own = set.directions.reduce((sum, { vector }) => sum + vector.byteLength, 0)
  return set.kind === 'fitted' ? own + set.centers.byteLength : own
}
