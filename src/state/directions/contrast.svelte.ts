import { LabError } from '../../errors'
import type { PromptSet } from '../../lab/prompt-sets'
import { adapterOptions, loadBeside, pickAdapter, type AdapterOption } from '../models/adapter-use'
import type { Catalogue } from '../models/catalogue.svelte'
import type { Models } from '../models/models.svelte'
import type { ContrastKind, ContrastTask } from '../../experiments/contrasts'
import type { Prompts } from '../prompts/prompts.svelte'

/** What the plan is made on. */
interface Surroundings {
  readonly models: Models
  readonly catalogue: Catalogue
  readonly prompts: Prompts
  readonly promptSet: (set: PromptSet) => Promise<readonly string[]>
}

/** What the next fit sets against each other. */
export class ContrastPlan {
  kind = $state<ContrastKind>('lists')
  /** Key or id of the adapter that was chosen for it; null leaves it to the one in use. */
  wanted = $state<string | null>(null)
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Adapters to choose from, the loaded ones first. */
  get options(): readonly AdapterOption[] {
    const { models, catalogue } = this.#around
    return adapterOptions(models.adapters, models.active ? catalogue.adaptersFor(models.active.info) : [])
  }

  /** The one asked for, else the one in use, else the first insecure one, else the first. */
  get adapter(): AdapterOption | null {
    const used = this.#around.models.adapters?.used
    return pickAdapter(this.options, this.wanted, used?.sha256, used?.id)
  }

  get positiveName(): string {
    return this.kind === 'lists' ? this.#around.prompts.positiveName : (this.adapter?.name ?? 'the adapter')
  }

  get negativeName(): string {
    return this.kind === 'lists' ? this.#around.prompts.negativeName : 'base'
  }

  /** Id of the adapter that was chosen for it, for links. */
  get wantedId(): string | null {
    return this.options.find(({ key }) => key === this.wanted)?.id ?? this.wanted
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
    const { prompts, models, promptSet } = this.#around
    const { positive, negative } = prompts
    if (kind === 'lists') return { positiveName, negativeName, positive, negative }
    const { adapters } = models
    if (!adapters || !adapter) throw new LabError('adapter', 'there is no adapter to set the base against; attach one')
    const sha256 = await loadBeside(adapters, adapter)
    // A model that is set against its adapter runs with it, until the reader says otherwise.
    if (!adapters.isChosen) await adapters.use(sha256)
    const questions = await promptSet('fit')
    return { positiveName, negativeName, positive: questions, negative: questions, under: { sha256, scale: 1 } }
  }
}
