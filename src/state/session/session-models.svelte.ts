import type { AdapterSource } from '../../lab/api'
import type { ForeignHosts } from '../models/foreign-hosts.svelte'
import type { Model, Models } from '../models/models.svelte'
import { endOf, type Status } from '../status'
import { referModel, type ModelReference, type Reference } from './kept-models'

/** The models that a session had open, and how they come back. */
export class SessionModels {
  readonly #models: Models
  readonly #hosts: ForeignHosts
  #expected = $state.raw<readonly ModelReference[]>([])
  #chosen = $state.raw<number | null>(null)
  #status = $state.raw<Status<ModelReference>>({ kind: 'idle' })
  #notices = $state.raw<readonly string[]>([])

  /** Those that are not open, in their order. */
  readonly list: readonly ModelReference[] = $derived.by(() => {
    const open = this.#models.list.map((model) => keyOf(referModel(model).source))
    return this.#expected.filter(({ source }) => !open.includes(keyOf(source)))
  })

  /** Those that can be opened again by a press; the others lay on this machine, and have to be chosen again. */
  readonly reachable: readonly ModelReference[] = $derived(this.list.filter(({ source }) => source.kind !== 'local'))

  constructor(models: Models, hosts: ForeignHosts) {
    this.#models = models
    this.#hosts = hosts
  }

  /** Runs while a model is opened again. */
  get status(): Status<ModelReference> {
    return this.#status
  }

  /** What is not as it was, one sentence each. */
  get notices(): readonly string[] {
    return this.#notices
  }

  /** All models of the session by reference: the open ones, then those that wait. */
  get references(): readonly ModelReference[] {
    const open = this.#models.list.filter(({ status }) => status.kind !== 'failed')
    return [...open.map(referModel), ...this.list]
  }

  /** Index among the references of the one that was in use. */
  get chosen(): number | null {
    return this.#chosen
  }

  expect(references: readonly ModelReference[], chosen: number | null): void {
    this.#expected = references
    this.#chosen = chosen
    this.#notices = []
  }

  /** Lets go of the models that wait. */
  forget(): void {
    this.#expected = []
    this.#chosen = null
  }

  /** Opens the models again, with their adapters, one after the other; the one that was in use is in use again. */
  async resume(): Promise<void> {
    // A session may be another reader's file.
    if (this.#status.kind === 'running' || !(await this.#hosts.ask(this.#sources()))) return
    const wanted = this.#chosen === null ? undefined : this.#expected[this.#chosen]
    for (const reference of this.reachable) {
      this.#status = { kind: 'running', step: reference }
      try {
        await this.#open(reference)
      } catch (error) {
        this.#status = endOf(error)
        return
      }
    }
    this.#status = { kind: 'done' }
    const chosen = this.#models.list.find((model) => wanted && keyOf(referModel(model).source) === keyOf(wanted.source))
    if (chosen) this.#models.choose(chosen)
  }

  /** Everything that `resume` would read from elsewhere. */
  #sources(): readonly AdapterSource[] {
    const all = this.reachable.flatMap(({ source, adapters }) => [source, ...adapters.map((one) => one.source)])
    return all.flatMap((source) => (source.kind === 'local' ? [] : [source]))
  }

  async #open(reference: ModelReference): Promise<void> {
    const { source, options, name, sha256 } = reference
    if (source.kind === 'local' || !(await this.#models.open(source, options))) return
    const model = this.#models.chosen
    if (!model || model.status.kind !== 'open') return
    const { info } = model.status
    if (sha256 !== null && info.sha256 !== sha256) {
      this.#say(
        `${name} is not the same model as before: its files have changed (${sha256.slice(0, 8)} then, ${info.sha256.slice(0, 8)} now).`
      )
    }
    await this.#attach(model, reference)
  }

  async #attach({ adapters }: Model, { adapters: wanted, inUse, scale }: ModelReference): Promise<void> {
    for (const { source, name, sha256 } of wanted) {
      if (source.kind === 'local') {
        this.#say(`The adapter ${name} came from a file of this machine: attach it again.`)
        continue
      }
      await adapters.load(source)
      const isThere = adapters.list.some(({ info }) => info.sha256 === sha256)
      if (!isThere) this.#say(`The adapter ${name} did not come back as it was: attach it again.`)
    }
    if (adapters.list.length === 0) return
    await adapters.setScale(scale)
    const isThere = adapters.list.some(({ info }) => info.sha256 === inUse)
    if (adapters.inUse !== inUse && (inUse === null || isThere)) await adapters.use(inUse)
  }

  #say(sentence: string): void {
    this.#notices = [...this.#notices, sentence]
  }
}

function keyOf(source: Reference): string {
  return JSON.stringify(Object.entries(source).sort(([a], [b]) => (a < b ? -1 : 1)))
}
