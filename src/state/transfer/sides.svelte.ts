import { LabError } from '../../errors'
import type { ModelSource } from '../../lab/api'
import { adapterOptions, pickAdapter, type AdapterOption } from '../models/adapter-use'
import type { Catalogue } from '../models/catalogue.svelte'
import type { TransferSettings } from '../link'
import type { Model, Models } from '../models/models.svelte'
import { adapterSource, sourceId } from '../models/source-id'

/** Where a direction comes from, and where it goes. */
export const roles = ['donor', 'receiver'] as const
export type Role = (typeof roles)[number]

/** One end of a map: a model, the adapter that its direction belongs to, and a layer. */
export interface Side {
  readonly model: Model
  readonly adapter: AdapterOption
  /** Of the adapter. */
  readonly scale: number
  readonly layer: number
}

/** Of the two sides. */
type SideSettings = Omit<TransferSettings, 'anchors' | 'gaps' | 'texts' | 'questions'>

type Of<Value> = Readonly<Record<Role, Value | null>>
const nobody = { donor: null, receiver: null }

/** Which open models give and receive, under which adapters and at which layers. */
export class Sides {
  readonly #bench: Models
  readonly #catalogue: Catalogue
  #models = $state.raw<Of<Model>>(nobody)
  #adapters = $state.raw<Of<string>>(nobody)
  #layers = $state.raw<Of<number>>(nobody)
  /** What a link names. */
  #linked = $state.raw<Of<ModelSource>>(nobody)

  constructor(bench: Models, catalogue: Catalogue) {
    this.#bench = bench
    this.#catalogue = catalogue
  }

  get sources(): Of<ModelSource> {
    const source = (role: Role): ModelSource | null => this.#models[role]?.source ?? this.#linked[role]
    return { donor: source('donor'), receiver: source('receiver') }
  }

  /** What a link holds of the sides. */
  get settings(): SideSettings {
    const adapter = (role: Role): string | null => {
      const chosen = this.#adapters[role]
      const id = this.adapterOptions(role).find(({ key }) => key === chosen)?.id ?? chosen
      return id !== null && adapterSource(id) ? id : null
    }
    const { donor: donorLayer, receiver: receiverLayer } = this.#layers
    const adapters = { donorAdapter: adapter('donor'), receiverAdapter: adapter('receiver') }
    return { ...this.sources, ...adapters, donorLayer, receiverLayer }
  }

  /** Names the models that the panel offers to open, and takes them once they are open. */
  follow({ donor, receiver, donorAdapter, receiverAdapter, donorLayer, receiverLayer }: SideSettings): void {
    this.#linked = { donor, receiver }
    this.#models = nobody
    this.#adapters = { donor: donorAdapter, receiver: receiverAdapter }
    this.#layers = { donor: donorLayer, receiver: receiverLayer }
  }

  /** Open models, in the order of the bench. */
  get open(): readonly Model[] {
    return this.#bench.list.filter(({ status }) => status.kind === 'open')
  }

  /** The model of a role: the one that was chosen, else the model in use receives and the first other one gives. */
  model(role: Role): Model | null {
    const { open } = this
    const asked = (each: Role): Model | null => {
      const linked = this.#linked[each]
      const isLinked = ({ source }: Model): boolean => linked !== null && sourceId(source) === sourceId(linked)
      return open.find((model) => model === this.#models[each]) ?? open.find(isLinked) ?? null
    }
    const own = asked(role)
    if (own) return own
    const other = asked(role === 'donor' ? 'receiver' : 'donor')
    const { chosen: inUse } = this.#bench
    const first = other ?? open.find((model) => model === inUse) ?? open[0] ?? null
    if (role === 'receiver' && !other) return first
    return open.find((model) => model !== first) ?? null
  }

  choose(role: Role, model: Model): void {
    this.#models = { ...this.#models, [role]: model }
    this.#layers = { ...this.#layers, [role]: null }
    this.#adapters = { ...this.#adapters, [role]: null }
  }

  /** Donor becomes receiver, and the other way round. */
  swap(): void {
    const turned = <Value>(now: Readonly<Record<Role, Value>>): Record<Role, Value> => ({
      donor: now.receiver,
      receiver: now.donor
    })
    this.#models = { donor: this.model('receiver'), receiver: this.model('donor') }
    this.#layers = turned(this.#layers)
    this.#adapters = turned(this.#adapters)
  }

  /** The layer of a role's model, the last one by default. */
  layer(role: Role): number {
    const last = this.layers(role) - 1
    return Math.min(last, this.#layers[role] ?? last)
  }

  chooseLayer(role: Role, layer: number): void {
    this.#layers = { ...this.#layers, [role]: layer }
  }

  layers(role: Role): number {
    const status = this.model(role)?.status
    return status?.kind === 'open' ? status.info.layers : 0
  }

  adapterOptions(role: Role): readonly AdapterOption[] {
    const model = this.model(role)
    if (model?.status.kind !== 'open') return []
    return adapterOptions(model.adapters, this.#catalogue.adaptersFor(model.status.info))
  }

  adapter(role: Role): AdapterOption | null {
    return pickAdapter(this.adapterOptions(role), this.#adapters[role])
  }

  /** @param key of the option */
  chooseAdapter(role: Role, key: string): void {
    this.#adapters = { ...this.#adapters, [role]: key }
  }

  /** The bundled organisms to open for two models to be there: those that the link names first. */
  get offers(): readonly string[] {
    const open = this.open.map(({ name }) => name)
    const names = this.#catalogue.entries.filter(({ organism }) => organism).map(({ name }) => name)
    const linked = roles
      .map((role) => this.#linked[role])
      .flatMap((source) => (source?.kind === 'bundled' && names.includes(source.name) ? source.name : []))
    const others = names.filter((name) => !linked.includes(name))
    return [...linked, ...others].filter((name, i, all) => !open.includes(name) && all.indexOf(name) === i)
  }

  /** @throws LabError `shape` where the role has no open model with an adapter */
  side(role: Role): Side {
    const model = this.model(role)
    const adapter = this.adapter(role)
    if (!model || !adapter) throw new LabError('shape', `no ${role} with an adapter is open; open one first`)
    return { model, adapter, scale: model.adapters.scale, layer: this.layer(role) }
  }

  /** What a result depends on: two equal keys give equal numbers. */
  get key(): string {
    const side = (role: Role): unknown => {
      const model = this.model(role)
      if (model?.status.kind !== 'open') return null
      const { sha256, dtype, device } = model.status.info
      return [sha256, dtype, device, this.adapter(role)?.key, model.adapters.scale, this.layer(role)]
    }
    return JSON.stringify(roles.map(side))
  }
}
