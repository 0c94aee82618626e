/** Models and adapters by an id that a link can hold, and back. */
import type { AdapterSource, ModelSource } from '../../lab/api'
import { openAddress } from '../../lab/privacy/secrets'

/** `hub:owner/name@revision`, `bundled:name` or `url:...` without its signature; null for folders, which a link cannot reach. */
export function sourceId(source: ModelSource): string | null {
  if (source.kind === 'hub') return `hub:${source.repo}${source.revision ? `@${source.revision}` : ''}`
  if (source.kind === 'bundled') return `bundled:${source.name}`
  return source.kind === 'url' ? `url:${openAddress(source.url)}` : null
}

/** An adapter's id as something to load; null for those of this machine. Without an endpoint: a mirror's has to be attached by hand. */
export function adapterSource(id: string): AdapterSource | null {
  return readSource(id, null)
}

/** The id of an adapter that a link can reach, without a signature; null for any other. */
export function readAdapter(id: string | null): string | null {
  const source = readSource(id, null)
  return source?.kind === 'url' ? sourceId(source) : source && id
}

/** What an id names, on this hub where it is one of a hub; null for what a link cannot reach. */
export function readSource(
  id: string | null,
  endpoint: string | null
): Extract<ModelSource, { readonly kind: 'hub' | 'bundled' | 'url' }> | null {
  const [, kind, rest = ''] = /^(hub|bundled|url):(.+)$/.exec(id ?? '') ?? []
  if (kind === 'bundled') return { kind, name: rest }
  if (kind === 'url') return { kind, url: rest }
  if (kind !== 'hub') return null
  const [repo = '', revision] = rest.split('@', 2)
  return { kind, repo, ...(revision && { revision }), ...(endpoint && { endpoint }) }
}
