/** Which hosts a source makes this machine contact. */
import type { AdapterSource, ModelSource } from '../api'

/** Asked where a source names no other hub. */
export const publicHub = 'https://huggingface.co'

/** The host of an address, with its port; the address itself where it is none. */
export const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : address)

/** The host that a source is read from; null for the page's own, for this machine, for the public hub, and for a hub that has no address. */
export function foreignHost(source: ModelSource | AdapterSource): string | null {
  if (source.kind === 'url') return hostOf(source.url)
  if (source.kind !== 'hub' || source.endpoint === undefined) return null
  // What is no address is refused before anything is contacted.
  if (!URL.canParse(source.endpoint)) return null
  const host = hostOf(source.endpoint)
  return host === hostOf(publicHub) ? null : host
}
