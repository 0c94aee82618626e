import type { StorageApi, Stored, StoredModel } from '../../lab/api'
import { endOf, type Status } from '../status'

/** What this browser keeps of models that were downloaded. */
export class StoredModels {
  readonly #storage: StorageApi
  #stored = $state.raw<Stored | null>(null)
  #status = $state.raw<Status<'list' | StoredModel>>({ kind: 'idle' })

  constructor(storage: StorageApi) {
    this.#storage = storage
  }

  /** Null until it was looked up. */
  get stored(): Stored | null {
    return this.#stored
  }

  /** Runs while looking up (`list`) or deleting (that model). */
  get status(): Status<'list' | StoredModel> {
    return this.#status
  }

  refresh(): Promise<void> {
    return this.#run('list', async () => undefined)
  }

  remove(model: StoredModel): Promise<void> {
    return this.#run(model, () => this.#storage.remove(model.id))
  }

  /** Does it, then looks up what is there now; also after a failure, which is told. */
  async #run(step: 'list' | StoredModel, act: () => Promise<void>): Promise<void> {
    this.#status = { kind: 'running', step }
    let end: Status<never> = { kind: 'done' }
    try {
      await act()
    } catch (error) {
      end = endOf(error)
    }
    try {
      this.#stored = await this.#storage.stored()
    } catch (error) {
      end = endOf(error)
    }
    this.#status = end
  }
}
