/** Models of a session by reference: where they come from, how they were opened, and the adapters beside them. */
import {
  checked,
  choice,
  flag,
  ifThere,
  list,
  number,
  object,
  ofKind,
  oneOf,
  orNull,
  text,
  turned,
  type Schema
} from '../../formats/schema'
import type { AdapterSource, ModelSource, OpenOptions } from '../../lab/api'
import type { Model } from '../models/models.svelte'
import { devices, dtypes } from '../../lab/dtype'
import { openAddress } from '../../lab/privacy/secrets'

/** A place to open something from again. Of what lay on this machine only the name is known. */
export type Reference =
  Extract<ModelSource, { readonly kind: 'bundled' | 'hub' | 'url' }> | { readonly kind: 'local'; readonly name: string }

export interface ModelReference {
  readonly source: Reference
  readonly name: string
  /** Of its files; null where it was never open. */
  readonly sha256: string | null
  readonly options: Pick<OpenOptions, 'dtype' | 'device' | 'adapt'>
  readonly adapters: readonly { readonly source: Reference; readonly name: string; readonly sha256: string }[]
  /** sha256 of the adapter in use; null for none. */
  readonly inUse: string | null
  readonly scale: number
}

/** What is written of a model: never a token, nor the query of an address, which may hold one. */
export function referModel({ source, name, options, status, adapters }: Model): ModelReference {
  const { dtype, device, adapt } = options
  const info = status.kind === 'open' ? status.info : null
  return {
    ...{ source: refer(source), name, sha256: info?.sha256 ?? null },
    options: { ...(dtype && { dtype }), ...(device && { device }), ...((adapt ?? info?.adapt) && { adapt: true }) },
    adapters: adapters.list.map((one) => {
      return { source: refer(one.source), name: one.info.name, sha256: one.info.sha256 }
    }),
    ...{ inUse: adapters.inUse, scale: adapters.scale }
  }
}

function refer(source: ModelSource | AdapterSource): Reference {
  if (source.kind === 'bundled') return source
  if (source.kind === 'url') return { kind: 'url', url: openAddress(source.url) }
  if (source.kind !== 'hub') return { kind: 'local', name: source.kind === 'folder' ? source.path : source.name }
  const { repo, revision, endpoint } = source
  const other = endpoint && openAddress(endpoint)
  return { kind: 'hub', repo, ...(revision && { revision }), ...(other && { endpoint: other }) }
}

const webAddress = turned(
  checked(text, (address) => /^https?:\/\//i.test(address), 'an address of the web'),
  openAddress
)
const local = { name: text } as const
const source: Schema<Reference> = oneOf([
  ofKind('bundled', local),
  ofKind('hub', { repo: text, revision: ifThere(text), endpoint: ifThere(webAddress) }),
  ofKind('url', { url: webAddress }),
  ofKind('local', local)
])

/** A model of a session, by reference. */
export const referenceSchema: Schema<ModelReference> = object({
  source,
  name: text,
  sha256: orNull(text),
  options: turned(
    object({ dtype: orNull(choice(dtypes)), device: orNull(choice(devices)), adapt: orNull(flag) }),
    ({ dtype, device, adapt }) => ({
      ...(dtype && { dtype }),
      ...(device && { device }),
      ...(adapt && { adapt })
    })
  ),
  adapters: list(object({ source, name: text, sha256: text })),
  inUse: orNull(text),
  scale: turned(number, (scale) => Math.min(2, Math.max(0, scale)))
})
