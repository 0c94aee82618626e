import type { AdapterSource, ModelSource } from '../../lab/api'
import { foreignHost } from '../../lab/privacy/hosts'

/** What is asked before a host is contacted that only a file or a link names. */
export interface HostQuestion {
  /** With their ports; at least one. */
  readonly hosts: readonly string[]
}

/** The hosts that this page may contact: its own, the public hub, and those that the reader typed in or said yes to. */
export class ForeignHosts {
  #allowed: readonly string[] = []
  #question = $state.raw<HostQuestion | null>(null)
  #answer: (isAllowed: boolean) => void = () => undefined

  /** Null while nothing is asked. */
  get question(): HostQuestion | null {
    return this.#question
  }

  /** Takes a source that the reader typed in. */
  vouch(source: ModelSource | AdapterSource): void {
    const host = foreignHost(source)
    if (host !== null) this.#allowed = [...this.#allowed, host]
  }

  /** Whether all that these sources are read from may be contacted; the reader is asked where that is not known yet. */
  ask(sources: readonly (ModelSource | AdapterSource)[]): Promise<boolean> {
    const own = 'location' in globalThis ? location.host : ''
    const isNew = (host: string): boolean => host !== own && !this.#allowed.includes(host)
    const named = sources.flatMap((source) => foreignHost(source) ?? []).filter(isNew)
    const hosts = named.filter((host, i) => named.indexOf(host) === i)
    this.#answer(false)
    if (hosts.length === 0) return Promise.resolve(true)
    this.#question = { hosts }
    return new Promise((resolve) => (this.#answer = resolve))
  }

  /** What the reader said. A yes holds as long as this page. */
  answer(isAllowed: boolean): void {
    if (isAllowed) this.#allowed = [...this.#allowed, ...(this.#question?.hosts ?? [])]
    this.#question = null
    this.#answer(isAllowed)
    this.#answer = () => undefined
  }
}
