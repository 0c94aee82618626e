/** What only its owner should know, and how it is taken off before anything is kept, exported or linked. */
import { fieldsOf } from '../../formats/fields'
import type { AdapterSource, ModelSource } from '../api'

/** An address without user name, password, query and fragment: a query can be a signature. */
export function openAddress(address: string): string {
  if (!/[?#@]/.test(address)) return address
  if (!URL.canParse(address)) return address.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)[^/]*@/, '$1')
  const url = new URL(address)
  if (url.username === '' && url.password === '' && !/[?#]/.test(address)) return address
  Object.assign(url, { username: '', password: '', search: '', hash: '' })
  return url.href
}

/** A source as it may be kept and passed on: a hub without its token, addresses as `openAddress` has them. */
export function withoutSecrets(source: ModelSource): ModelSource
export function withoutSecrets(source: AdapterSource): AdapterSource
export function withoutSecrets(source: ModelSource | AdapterSource): ModelSource | AdapterSource {
  if (source.kind === 'url') return { ...source, url: openAddress(source.url) }
  if (source.kind !== 'hub') return source
  const { token: _token, endpoint, ...open } = source
  return { ...open, ...(endpoint !== undefined && { endpoint: openAddress(endpoint) }) }
}

/** A cell of a study as it may be kept: the first one holds what was asked, where earlier versions left the token of a hub. */
export function cleanStudy(key: string, json: unknown): unknown {
  if (key !== 'study') return json
  return withField(json, 'settings', cleanSettings(fieldsOf(json).get('settings')))
}

/** Stored settings of a study, of whatever version, without the secrets of their sources; the same value where they hold none. */
export function cleanSettings(settings: unknown): unknown {
  const models = fieldsOf(settings).get('models')
  return isList(models) ? withField(settings, 'models', mapped(models, cleanModel)) : settings
}

function cleanModel(model: unknown): unknown {
  const fields = fieldsOf(model)
  const open = withField(model, 'source', cleanSource(fields.get('source')))
  const adapters = fields.get('adapters')
  if (!isList(adapters)) return open
  const clean = (one: unknown): unknown => withField(one, 'source', cleanSource(fieldsOf(one).get('source')))
  return withField(open, 'adapters', mapped(adapters, clean))
}

/** Fields that `withoutSecrets` knows, and any other that bears the name of a token. */
function cleanSource(source: unknown): unknown {
  const fields = fieldsOf(source)
  let open = source
  for (const [name, value] of fields) {
    if (/token|secret|password|authorization/i.test(name)) open = withField(open, name, undefined)
    if (typeof value === 'string' && ['url', 'endpoint'].includes(name))
      open = withField(open, name, openAddress(value))
  }
  return open
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

/** The list itself where nothing changes. */
function mapped(list: readonly unknown[], change: (value: unknown) => unknown): readonly unknown[] {
  const next = list.map(change)
  return next.some((value, i) => value !== list[i]) ? next : list
}

/** An object with another value in a field, or without it; the object itself where that is so already. */
function withField(object: unknown, name: string, value: unknown): unknown {
  const fields = fieldsOf(object)
  if (fields.get(name) === value) return object
  const rest = [...fields].filter(([key]) => key !== name)
  return Object.fromEntries(
    value === undefined ? rest : [...fields].map(([key, old]) => [key, key === name ? value : old])
  )
}
