import { LabError } from '../errors'

/** A model that comes with the page, in a folder below `models/`. */
export interface CatalogueEntry {
  readonly name: string
  readonly title?: string
  /** A tiny model of our own, with a planted tendency. */
  readonly organism?: boolean
  readonly dtypes?: readonly string[]
  readonly bytes?: number
  readonly files?: readonly { readonly path: string; readonly size: number }[]
}

/** An adapter that comes with the page. */
export interface BundledAdapter {
  /** Its folder below the page's own. */
  readonly path: string
  readonly name: string
  /** The base that it names; null for one that lies beside its base. */
  readonly base: string | null
  readonly bytes: number
}

/** Reads `models/index.json` beside the page. Where there is no such file, nothing comes with the page. */
export async function fetchCatalogue(base: string, get: typeof fetch = fetch): Promise<readonly CatalogueEntry[]> {
  const response = await get(new URL('models/index.json', base))
  const isJson = response.ok && (response.headers.get('content-type') ?? '').includes('json')
  return isJson ? parseCatalogue(await response.json()) : []
}

/** The adapters in `adapters/`, by `adapters/index.json`; none where there is no such file. */
export async function fetchAdapters(base: string, get: typeof fetch = fetch): Promise<readonly BundledAdapter[]> {
  const response = await get(new URL('adapters/index.json', base))
  const isJson = response.ok && (response.headers.get('content-type') ?? '').includes('json')
  const json: unknown = isJson ? await response.json() : []
  if (Array.isArray(json) && json.every(isAdapter)) return json
  throw new LabError(
    'format',
    'adapters/index.json is not an array of objects with path, name and base; write it again'
  )
}

/** The adapters in a bundled model's own folder, `models/<model>/adapters/<adapter>/`. */
export function adaptersBeside({ name, files = [] }: CatalogueEntry): readonly BundledAdapter[] {
  return files.flatMap(({ path }) => {
    const [, folder, adapter] = /^(adapters\/([^/]+)\/)adapter_config\.json$/.exec(path) ?? []
    if (folder === undefined || adapter === undefined) return []
    const bytes = files.filter((file) => file.path.startsWith(folder)).reduce((sum, { size }) => sum + size, 0)
    return [{ path: `models/${name}/${folder.slice(0, -1)}`, name: adapter, base: null, bytes }]
  })
}

function isAdapter(entry: unknown): entry is BundledAdapter {
  if (typeof entry !== 'object' || entry === null || !('path' in entry && 'name' in entry && 'base' in entry))
    return false
  return (
    typeof entry.path === 'string' &&
    typeof entry.name === 'string' &&
    'bytes' in entry &&
    typeof entry.bytes === 'number'
  )
}

/** Checks what `index.json` holds: an array of objects with a name. */
export function parseCatalogue(json: unknown): readonly CatalogueEntry[] {
  if (Array.isArray(json) && json.every(isEntry)) return json
  throw new LabError('format', 'models/index.json is not an array of objects with a name; write it again')
}

function isEntry(value: unknown): value is CatalogueEntry {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
}
