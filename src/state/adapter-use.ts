/** Which adapters a model can be run under, and work that is done under one of them. */
import type { AdapterSource } from '../lab/api'
import type { BundledAdapter } from '../lab/catalogue'
import { LabError } from '../errors'
import type { Model, OpenStatus } from './models.svelte'

/** An adapter that is loaded, or that comes with the page and can be. */
export interface AdapterOption {
  readonly name: string
  /** Null while it is not loaded. */
  readonly sha256: string | null
  readonly source: AdapterSource | null
}

/** Those that are loaded, then those that come with the page. */
export function adapterOptions(model: Model, bundled: readonly BundledAdapter[]): readonly AdapterOption[] {
  const loaded = model.adapters.list.map(({ info }) => ({ name: info.name, sha256: info.sha256, source: null }))
  const names = new Set(loaded.map(({ name }) => name))
  const others = bundled.filter(({ name }) => !names.has(name))
  return [
    ...loaded,
    ...others.map(({ name, path }) => ({ name, sha256: null, source: { kind: 'bundled' as const, name: path } }))
  ]
}

/** The one of a name; without one the first insecure one, else the first. */
export function pickAdapter(options: readonly AdapterOption[], name: string | null): AdapterOption | null {
  return (
    options.find((option) => option.name === name) ??
    options.find((option) => option.name.includes('insecure')) ??
    options[0] ??
    null
  )
}

/**
 * Runs work under an adapter, or under none, and puts back what was in use.
 * @throws LabError what kept the adapter from being loaded; `worker-lost` where the model is not open
 */
export async function underAdapter<Result>(
  model: Model,
  option: AdapterOption | null,
  work: (open: OpenStatus) => Promise<Result>
): Promise<Result> {
  const { adapters } = model
  const before = adapters.inUse
  try {
    await use(model, option)
    return await work(openOf(model))
  } finally {
    if (adapters.inUse !== before) await adapters.use(before)
  }
}

/** An open model's handle and card. @throws LabError `worker-lost` where it is not open */
function openOf(model: Model): OpenStatus {
  if (model.status.kind === 'open') return model.status
  throw new LabError('worker-lost', `${model.name} is not open; open it again`)
}

async function use({ adapters }: Model, option: AdapterOption | null): Promise<void> {
  if (!option || option.sha256 !== null) await adapters.use(option?.sha256 ?? null)
  else if (option.source) await adapters.load(option.source)
  if (adapters.status.kind === 'failed') throw adapters.status.error
  const isInUse = option ? adapters.inUse !== null : adapters.inUse === null
  if (!isInUse) throw new LabError('adapter', `${option?.name ?? 'no adapter'} is not in use; try again`)
}
