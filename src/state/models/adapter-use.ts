/** Which adapters a model can be run under, and when two are the same. */
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
 * Loads an adapter where it is not; what is in use stays so. Resolves to its sha256.
 * @throws LabError what kept it from being loaded; `AbortError` where that was cancelled
 */
export async function loadBeside(adapters: Adapters, { sha256, name, source }: AdapterOption): Promise<string> {
  if (sha256 !== null) return sha256
  if (source) return adapters.add(source)
  throw new LabError('adapter', `${name} could not be loaded; attach it again`)
}

/** An open model and its card. @throws LabError `worker-lost` where it is not open */
export function openOf(model: Model): OpenStatus {
  if (model.status.kind === 'open') return model.status
  throw new LabError('worker-lost', `${model.name} is not open; open it again`)
}
