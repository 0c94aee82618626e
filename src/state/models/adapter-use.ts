/** Which adapters a model can be run under, when two are the same, and work that is done under one of them. */
import type { AdapterSource } from '../../lab/api'
import type { BundledAdapter } from '../../lab/catalogue'
import { LabError } from '../../errors'
import type { Adapters } from './adapters.svelte'
import type { Model, OpenStatus } from './models.svelte'

/** An adapter that is loaded, or that comes with the page and can be. */
export interface AdapterOption {
  /**
   * Equal for the same adapter: its sha256, since names and files' names are taken twice; for one that comes with the page
   * its id, which is known before it is loaded.
   */
  readonly key: string
  /** As in `AdapterInfo.id`. */
  readonly id: string
  readonly name: string
  /** Null while it is not loaded. */
  readonly sha256: string | null
  /** Null once it is loaded. */
  readonly source: AdapterSource | null
}

/** Those that are loaded, then those that come with the page. */
export function adapterOptions(
  adapters: Adapters | null,
  bundled: readonly BundledAdapter[]
): readonly AdapterOption[] {
  const loaded = (adapters?.list ?? []).map(({ info: { id, name, sha256 } }): AdapterOption => {
    return { key: id.startsWith('bundled:') ? id : sha256, id, name, sha256, source: null }
  })
  const shipped = bundled.map(({ path, name }): AdapterOption => {
    const id = `bundled:${path}`
    return { key: id, id, name, sha256: null, source: { kind: 'bundled', name: path } }
  })
  return [...loaded, ...shipped.filter(({ key }) => !loaded.some((one) => one.key === key))]
}

/** The first that is there of those asked for, by key or id; else the first insecure one, else the first. */
export function pickAdapter(
  options: readonly AdapterOption[],
  ...wanted: readonly (string | null | undefined)[]
): AdapterOption | null {
  const asked = wanted.flatMap((one) => options.find(({ key, id }) => key === one || id === one) ?? [])
  return asked[0] ?? options.find(({ name }) => name.includes('insecure')) ?? options[0] ?? null
}

/**
 * Loads an adapter where it is not; what was in use is in use again. Resolves to its sha256.
 * @throws LabError what kept it from being loaded
 */
export async function loadBeside(adapters: Adapters, { sha256, name, source }: AdapterOption): Promise<string> {
  if (sha256 !== null) return sha256
  const before = adapters.inUse
  if (source) await adapters.load(source)
  const { status, inUse: loaded } = adapters
  if (status.kind === 'failed') throw status.error
  if (!source || status.kind !== 'done' || loaded === null)
    throw new LabError('adapter', `${name} could not be loaded; attach it again`)
  if (before !== loaded) await adapters.use(before)
  return loaded
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
    await use(adapters, option)
    return await work(openOf(model))
  } finally {
    if (adapters.inUse !== before) await adapters.use(before)
  }
}

/** An open model's handle and card. @throws LabError `worker-lost` where it is not open */
export function openOf(model: Model): OpenStatus {
  if (model.status.kind === 'open') return model.status
  throw new LabError('worker-lost', `${model.name} is not open; open it again`)
}

async function use(adapters: Adapters, option: AdapterOption | null): Promise<void> {
  const wanted = option && (await loadBeside(adapters, option))
  await adapters.use(wanted)
  if (adapters.inUse === wanted) return
  const { status } = adapters
  if (status.kind === 'failed') throw status.error
  throw new LabError('adapter', `${option?.name ?? 'no adapter'} is not in use; try again`)
}
