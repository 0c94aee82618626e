import { LabError } from '../errors'

/** A model that comes with the page, in a folder below `models/`. */
export interface CatalogueEntry {
  readonly name: string
  readonly title?: string
  readonly dtypes?: readonly string[]
  readonly bytes?: number
}

/** Reads `models/index.json` beside the page. Where there is no such file, nothing comes with the page. */
export async function fetchCatalogue(base: string, get: typeof fetch = fetch): Promise<readonly CatalogueEntry[]> {
  const response = await get(new URL('models/index.json', base))
  const isJson = response.ok && (response.headers.get('content-type') ?? '').includes('json')
  return isJson ? parseCatalogue(await response.json()) : []
}

/** Checks what `index.json` holds: an array of objects with a name. */
export function parseCatalogue(json: unknown): readonly CatalogueEntry[] {
  if (Array.isArray(json) && json.every(isEntry)) return json
  throw new LabError('format', 'models/index.json is not an array of objects with a name; write it again')
}

function isEntry(value: unknown): value is CatalogueEntry {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
}
