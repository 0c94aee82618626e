import type { Shelf } from '../../storage/shelf'
import type { Locks } from '../../storage/lock'
import { claimSession, isClaimed, tabSession, type TabStore } from '../../storage/tab'
import type { Address } from '../address.svelte'
import type { DirectionSet, Fits } from '../directions/fits.svelte'
import { Keeping } from '../keeping.svelte'
import type { ForeignHosts } from '../models/foreign-hosts.svelte'
import type { Models } from '../models/models.svelte'
import type { Prompts } from '../prompts/prompts.svelte'
import type { History } from '../steer/history.svelte'
import { linkWithoutSecrets, type SessionDocument } from './session-document'
import type { SessionContents } from './session-files'
import { SessionModels } from './session-models.svelte'
import { SessionShelf, type KeptSession } from './session-shelf'
import { mostSets, SessionWriter, type Things } from './session-writer'

/** What a session is made of. */
export interface SessionParts {
  readonly models: Models
  readonly hosts: ForeignHosts
  readonly prompts: Prompts
  readonly fits: Fits
  readonly history: History
  readonly address: Address
}

/** Where sessions are kept, and how tabs keep out of each other's way. */
export interface SessionPlace {
  readonly shelf: Shelf
  readonly tab: TabStore | null
  readonly locks: Locks
}

/** What this tab has open, kept in the browser as it changes. */
export class Session {
  readonly keeping = new Keeping()
  /** The models of the session that are not open yet. */
  readonly waiting: SessionModels
  readonly #parts: SessionParts
  readonly #place: SessionPlace
  readonly #store: SessionShelf
  readonly #writer: SessionWriter
  #id: string | null = null
  #earlier = $state.raw<KeptSession | null>(null)
  #dropped = $state(0)

  constructor(parts: SessionParts, place: SessionPlace) {
    this.#parts = parts
    this.#place = place
    this.#store = new SessionShelf(place.shelf)
    this.#writer = new SessionWriter(this.#store, parts.fits, parts.history)
    this.waiting = new SessionModels(parts.models, parts.hosts)
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

  /** The id of a set in the session's files. */
  idOf(set: DirectionSet): string {
    return this.#writer.idOf(set)
  }

  /** What the document says now, but for its time. Reads all that a change of has to be kept. */
  get document(): SessionDocument {
    const { models, prompts, fits, history, address } = this.#parts
    const { references, chosen } = this.waiting
    const list = models.list.filter(({ status }) => status.kind !== 'failed')
    const idOf = (thing: object): string => this.#writer.idOf(thing)
    return {
      changed: '',
      link: linkWithoutSecrets(address.link),
      positive: { name: prompts.positiveName, text: prompts.positiveText },
      negative: { name: prompts.negativeName, text: prompts.negativeText },
      models: references,
      chosen: list.length > 0 && models.chosen ? Math.max(0, list.indexOf(models.chosen)) : chosen,
      bench: fits.list.map(idOf),
      inUse: fits.chosen && idOf(fits.chosen),
      layer: fits.layer,
      answers: history.list.map(({ circumstances }) => idOf(circumstances)),
      shown: history.shown && idOf(history.shown.circumstances)
    }
  }

  /** The session by its ids, as a file holds it. */
  get contents(): Pick<SessionContents, 'document' | 'sets' | 'answers'> {
    return { document: this.document, ...this.#writer.all }
  }

  /** Keeps the session as it is now, a moment after the last change; call it when something has changed. */
  note(): void {
    const { document } = this
    const id = this.#id
    if (id === null) return
    this.keeping.later('session', async () => {
      this.#dropped = await this.#writer.write(id, document)
    })
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
      const { error, ...things } = await this.#store.load(id)
      this.#writer.remember(things, id === this.#id)
      this.#apply(document, things, follows)
      if (error) throw error
    })
  }

  /** Puts what a file holds on the bench, beside what is there. Returns how much of it was new. */
  takeIn({ document, sets, answers }: SessionContents): { readonly sets: number; readonly answers: number } {
    const { fits } = this.#parts
    const fresh = this.#writer.newOf({ sets, answers })
    this.#writer.remember(fresh, false)
    this.#apply(document, fresh, true)
    // The file's direction is the one that its reader wants to see.
    const inUse = fits.list.find((set) => this.idOf(set) === document.inUse)
    if (inUse) {
      fits.choose(inUse)
      fits.layer = document.layer
    }
    return { sets: fresh.sets.size, answers: fresh.answers.size }
  }

  /** @param follows whether the settings are the session's, too */
  #apply(document: SessionDocument, { sets, answers }: Things, follows: boolean): void {
    const { prompts, fits, history, address } = this.#parts
    if (follows) address.follow(document.link)
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
    const listed = document.answers.flatMap((key) => answers.get(key) ?? [])
    history.restore(listed, shown ?? null)
    this.waiting.expect(document.models, document.chosen)
  }

  /** The session is this tab's from here on; another tab's becomes a copy under an id of its own. */
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
}
