/** Which hosts a source makes this machine contact. */
import type { AdapterSource, ModelSource } from '../api'

/** Asked where a source names no other hub. */
export const publicHub = 'https://huggingface.co'

/** The host of an address, with its port; the address itself where it is none. */
export const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : address)

/** The host that a source is read from; null for the page's own, for this machine and for the public hub. */
export function foreignHost(source: ModelSource | AdapterSource): string | null {
  if (source.kind === 'url') return hostOf(source.url)
  if (source.kind !== 'hub' || source.endpoint === undefined) return null
  const host = hostOf(source.endpoint)
  return host === hostOf(publicHub) ? null : host
}
