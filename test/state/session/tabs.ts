/** Tabs of one browser: they share its shelf and its locks, and each keeps its own session over a reload. */
import { memoryShelf, type Shelf } from '../../../src/storage/shelf'
import type { Locks } from '../../../src/storage/lock'
import type { TabStore } from '../../../src/storage/tab'
import { Lab } from '../../../src/state/lab.svelte'
import { fakeOutside, type FakeOptions } from '../../fake-lab'

export class Browser {
  readonly shelf: Shelf
  readonly #held = new Map<string, object>()

  constructor(shelf: Shelf = memoryShelf()) {
    this.shelf = shelf
  }

  tab(): Tab {
    return new Tab(this)
  }

  /** Locks that are let go of when their page is gone. */
  locksOf(page: object): Locks {
    return {
      exclusively: async (name, work) => {
        if (this.#held.has(name)) return null
        this.#held.set(name, page)
        try {
          return await work()
        } finally {
          this.#held.delete(name)
        }
      },
      held: async () => [...this.#held.keys()]
    }
  }

  release(page: object): void {
    for (const [name, holder] of this.#held) if (holder === page) this.#held.delete(name)
  }
}

export class Tab {
  readonly #browser: Browser
  readonly #values = new Map<string, string>()
  #page: object = {}

  constructor(browser: Browser) {
    this.#browser = browser
  }

  /** A copy, as browsers make when a tab is duplicated. */
  duplicate(): Tab {
    const copy = new Tab(this.#browser)
    for (const [name, value] of this.#values) copy.#values.set(name, value)
    return copy
  }

  /** Loads the page, at an address where one is given, once more where it was loaded. */
  async load(hash = '', options: FakeOptions & { readonly reloaded?: boolean } = {}): Promise<Lab> {
    this.close()
    const page = (this.#page = {})
    const store: TabStore = {
      getItem: (name) => this.#values.get(name) ?? null,
      setItem: (name, value) => void this.#values.set(name, value)
    }
    const outside = fakeOutside({ layers: 6, ...options })
    const study = { ...outside.study, locks: this.#browser.locksOf(page) }
    const lab = new Lab({ ...outside, study, shelf: this.#browser.shelf, tab: store })
    lab.address.follow(hash)
    await lab.restore({ reloaded: options.reloaded ?? false, hash })
    return lab
  }

  /** Keeps what was edited, as a page does that is left, and loads it again at its own address. */
  async reload(lab: Lab, options: FakeOptions = {}): Promise<Lab> {
    lab.session.note()
    await lab.flush()
    return this.load(lab.address.link, { ...options, reloaded: true })
  }

  close(): void {
    this.#browser.release(this.#page)
  }
}
