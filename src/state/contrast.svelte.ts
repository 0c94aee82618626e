import { LabError } from '../errors'
import type { AdapterSource } from '../lab/api'
import type { BundledAdapter } from '../lab/catalogue'
import type { PromptSet } from '../lab/prompt-sets'
import type { Adapters } from './adapters.svelte'
import type { ContrastKind, ContrastTask } from './contrasts'
import type { Prompts } from './prompts.svelte'

/** An adapter that the base can be set against: loaded already, or one that comes with the page. */
export interface AdapterOption {
  /** As in `AdapterInfo.id`. */
  readonly id: string
  readonly name: string
  readonly source: AdapterSource | null
}

/** What the plan is made on: all of the model in use. */
interface Surroundings {
  readonly adapters: () => Adapters | null
  readonly bundled: () => readonly BundledAdapter[]
  readonly prompts: Prompts
  readonly promptSet: (set: PromptSet) => Promise<readonly string[]>
}

/** What the next fit sets against each other. */
export class ContrastPlan {
  kind = $state<ContrastKind>('lists')
  /** Id of the adapter that was chosen for it; null leaves it to the one in use. */
  wanted = $state<string | null>(null)
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Adapters to choose from, the loaded ones first. */
  get options(): readonly AdapterOption[] {
    const loaded = (this.#around.adapters()?.list ?? []).map(({ info: { id, name } }) => ({ id, name, source: null }))
    const shipped = this.#around.bundled().map(({ path, name }): AdapterOption => ({
      id: `bundled:${path}`,
      name,
      source: { kind: 'bundled', name: path }
    }))
    return [...loaded, ...shipped.filter(({ id }) => !loaded.some((one) => one.id === id))]
  }

  /** The one asked for, else the one in use, else the first insecure one, else the first. */
  get adapter(): AdapterOption | null {
    const { options } = this
    const inUse = this.#around.adapters()?.used?.id
    return (
      options.find(({ id }) => id === this.wanted) ??
      options.find(({ id }) => id === inUse) ??
      options.find(({ name }) => name.startsWith('insecure')) ??
      options[0] ??
      null
    )
  }

  get positiveName(): string {
    return this.kind === 'lists' ? this.#around.prompts.positiveName : (this.adapter?.name ?? 'the adapter')
  }

  get negativeName(): string {
    return this.kind === 'lists' ? this.#around.prompts.negativeName : 'base'
  }

  /** What keeps it from being fitted, in one sentence; null when nothing does. */
  get problem(): string | null {
    if (this.kind === 'lists') return this.#around.prompts.problem
    return this.adapter ? null : 'This model has no adapter to be set against: attach one.'
  }

  /**
   * What to read, with the adapter loaded; one that was in use before still is.
   * @throws LabError `adapter` where it could not be loaded, `network` for prompts that are not there
   */
  async task(): Promise<ContrastTask> {
    const { kind, adapter, positiveName, negativeName } = this
    const { prompts, adapters: find, promptSet } = this.#around
    const { positive, negative } = prompts
    if (kind === 'lists') return { positiveName, negativeName, positive, negative }
    const adapters = find()
    if (!adapters || !adapter) throw new LabError('adapter', 'there is no adapter to set the base against; attach one')
    const loaded = await loadBeside(adapters, adapter)
    const questions = await promptSet('fit')
    const under = { sha256: loaded, restore: () => adapters.restore() }
    return { positiveName, negativeName, positive: questions, negative: questions, under }
  }
}

/** Loads an adapter where it is not; resolves to its sha256. The first one is put in use. */
async function loadBeside(adapters: Adapters, { id, name, source }: AdapterOption): Promise<string> {
  const before = adapters.inUse
  if (source) {
    await adapters.load(source)
    if (before !== null) await adapters.use(before)
  }
  const found = adapters.list.find(({ info }) => info.id === id)
  if (found) return found.info.sha256
  const { status } = adapters
  throw status.kind === 'failed'
    ? status.error
    : new LabError('adapter', `${name} could not be loaded; attach it again`)
}
