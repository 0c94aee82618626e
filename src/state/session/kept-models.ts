/** Models of a session by reference: where they come from, how they were opened, and the adapters beside them. */
import { LabError } from '../../errors'
import type { Fields } from '../../formats/record'
import type { AdapterSource, ModelSource, OpenOptions } from '../../lab/api'
import type { Model } from '../models/models.svelte'
import { devices, dtypeNames } from './read-model'
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

/** @throws LabError `format` that names the field */
export function readModelReference(fields: Fields): ModelReference {
  const options = fields.object('options')
  const [dtype, device] = [options.choiceOrNull('dtype', dtypeNames), options.choiceOrNull('device', devices)]
  return {
    source: readReference(fields.object('source')),
    name: fields.text('name'),
    sha256: fields.textOrNull('sha256'),
    options: {
      ...(dtype && { dtype }),
      ...(device && { device }),
      ...(options.flagOrNull('adapt') && { adapt: true })
    },
    adapters: fields.objects('adapters', (one) => ({
      source: readReference(one.object('source')),
      name: one.text('name'),
      sha256: one.text('sha256')
    })),
    inUse: fields.textOrNull('inUse'),
    scale: Math.min(2, Math.max(0, fields.number('scale')))
  }
}

function readReference(fields: Fields): Reference {
  const kind = fields.choice('kind', { bundled: true, hub: true, url: true, local: true })
  if (kind === 'bundled' || kind === 'local') return { kind, name: fields.text('name') }
  if (kind === 'url') return { kind, url: webAddress(fields, 'url') }
  const [revision, endpoint] = [fields.textOrNull('revision'), fields.textOrNull('endpoint')]
  return {
    ...{ kind, repo: fields.text('repo') },
    ...(revision && { revision }),
    ...(endpoint && { endpoint: webAddress(fields, 'endpoint') })
  }
}

function webAddress(fields: Fields, name: string): string {
  const address = fields.text(name)
  if (/^https?:\/\//i.test(address)) return openAddress(address)
  throw new LabError('format', `${fields.where}: ${name} should be an address of the web`)
}
