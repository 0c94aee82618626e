import type { ModelSource } from '../../lab/api'
import type { Address } from '../address.svelte'
import type { Captures } from '../capture/captures.svelte'
import type { SavedDirections } from '../directions/saved.svelte'
import { leftBy } from '../link-texts'
import type { ForeignHosts } from '../models/foreign-hosts.svelte'
import type { PromptSets } from '../prompts/prompt-sets.svelte'
import { broughtSentence } from './brought'
import { fetchSession } from './fetch-session'
import { leftOut } from './linked-direction.svelte'
import type { Session } from './session.svelte'
import { packSession, unpackSession } from './session-files'

interface Parts {
  readonly address: Address
  readonly hosts: ForeignHosts
  readonly session: Session
  readonly sets: PromptSets
  readonly saved: SavedDirections
  readonly captures: Captures
}

/** What goes to others and comes from them: the link, and the session file. */
export class Sharing {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What does not fit into a link, in one sentence; null where all does. */
  get leftOut(): string | null {
    const left = leftBy(this.#parts.address.link)
    return left.length > 0 ? leftOut(left) : null
  }

  /** What a reader should know of the link that was followed, one sentence each. */
  get notices(): readonly string[] {
    const { direction, compared } = this.#parts.address
    return [...direction.notices, ...(compared ? [compared.sentence] : [])]
  }

  dismiss(): void {
    this.#parts.address.direction.dismiss()
  }

  /** See `Address`. */
  get otherModel(): ModelSource | null {
    return this.#parts.address.otherModel
  }

  /** The reader stays with the model in use. */
  keepModel(): void {
    this.#parts.address.keepModel()
  }

  /** Address of the session file that the link names; null for none. */
  get linked(): string | null {
    return this.#parts.address.linked?.session ?? null
  }

  /** Fetches and opens it. @throws LabError `network`, `format` */
  async openLinked(): Promise<void> {
    const { linked } = this
    if (linked === null) return
    const url = URL.canParse(linked, document.baseURI) ? new URL(linked, document.baseURI).href : linked
    if (!(await this.#parts.hosts.ask([{ kind: 'url', url }]))) return
    const sentence = await this.open(await fetchSession(document.baseURI, linked))
    this.#parts.address.forgetSession()
    this.#parts.address.direction.say(sentence)
  }

  /** The session as a file, with the prompt sets, saved directions and captures of this browser. */
  async save(): Promise<Blob> {
    const { session, sets, saved, captures } = this.#parts
    const prompts = sets.all.filter((set) => !sets.isSide(set))
    const contents = { ...session.contents, prompts, saved: saved.list, captures: captures.list }
    return new Blob([await packSession(contents, (set) => session.idOf(set))], { type: 'application/zip' })
  }

  /** Opens a session file beside what is here. Resolves to what it brought, in one sentence. @throws LabError `format` */
  async open(bytes: Uint8Array): Promise<string> {
    const contents = await unpackSession(bytes)
    const { session, sets, saved, captures } = this.#parts
    const { sets: directions, answers } = session.takeIn(contents)
    const prompts = contents.prompts.filter((set) => sets.bring(set)).length
    const kept = contents.saved.filter((one) => saved.bring(one)).length
    const read = contents.captures.filter((one) => captures.bring(one)).length
    return broughtSentence({
      directions: directions + kept,
      answers,
      prompts,
      captures: read,
      models: session.waiting.list.length
    })
  }
}
